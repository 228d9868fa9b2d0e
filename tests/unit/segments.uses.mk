UNIT_USES_segments := tests/unit/plug.o tests/unit/faults.o

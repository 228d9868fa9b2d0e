UNIT_USES_follow := tests/unit/plug.o tests/unit/faults.o

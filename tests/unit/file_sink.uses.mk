UNIT_USES_file_sink := tests/unit/plug.o tests/unit/faults.o

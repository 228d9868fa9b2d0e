UNIT_USES_line_sources := tests/unit/plug.o tests/unit/faults.o

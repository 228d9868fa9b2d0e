UNIT_USES_line_sinks := tests/unit/plug.o

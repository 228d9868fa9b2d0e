UNIT_USES_streaming := tests/unit/plug.o

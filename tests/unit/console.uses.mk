UNIT_USES_console := tests/unit/plug.o plugins/console/status.o

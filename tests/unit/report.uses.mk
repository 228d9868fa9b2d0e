UNIT_USES_report := tests/unit/plug.o plugins/report/histogram.o

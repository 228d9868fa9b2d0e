UNIT_USES_microbatch := tests/unit/plug.o

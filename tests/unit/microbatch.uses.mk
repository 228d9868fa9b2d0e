UNIT_USES_microbatch := tests/unit/plug.o tests/unit/fake_lane.o

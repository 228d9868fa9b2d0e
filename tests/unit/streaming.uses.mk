UNIT_USES_streaming := tests/unit/plug.o tests/unit/fake_lane.o

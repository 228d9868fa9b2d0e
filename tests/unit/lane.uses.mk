UNIT_USES_lane := tests/unit/fake_parts.o
UNIT_USES_lane_write := tests/unit/fake_parts.o
UNIT_USES_lane_memory := tests/unit/fake_parts.o
UNIT_LIBS_lane_memory := -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc -Wl,--wrap=aligned_alloc

UNIT_USES_random := plugins/common/random.o plugins/common/draw.o plugins/common/number.o

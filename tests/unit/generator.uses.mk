UNIT_USES_generator := tests/unit/plug.o
UNIT_USES_generator_parts := plugins/generator/print.o plugins/generator/schedule.o \
    plugins/common/random.o

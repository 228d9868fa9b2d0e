UNIT_USES_linreg := tests/unit/plug.o
UNIT_USES_fit := plugins/linreg/fit.o plugins/linreg/triangle.o plugins/common/random.o

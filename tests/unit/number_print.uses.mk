UNIT_USES_number_print := plugins/common/number.o

FUZZ_USES_number := plugins/common/number.c

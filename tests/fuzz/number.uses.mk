FUZZ_USES_number := $(NUMBER_PARTS:%=plugins/common/%.c)

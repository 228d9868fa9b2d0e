FUZZ_USES_text := $(wildcard plugins/text/*.c) $(NUMBER_PARTS:%=plugins/common/%.c)

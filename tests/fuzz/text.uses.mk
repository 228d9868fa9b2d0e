FUZZ_USES_text := $(wildcard plugins/text/*.c) $(USES_text:%=plugins/common/%.c)

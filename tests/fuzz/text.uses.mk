FUZZ_USES_text := $(wildcard plugins/text/*.c) plugins/common/number.c

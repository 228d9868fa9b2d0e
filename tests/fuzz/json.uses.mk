FUZZ_USES_json := $(wildcard plugins/json/*.c plugins/json/*.cpp) $(USES_json:%=plugins/common/%.c)
FUZZ_LIBS_json := $(LIBS_json) -ljansson

JSON_OBJ := $(addsuffix .o,$(basename $(wildcard plugins/json/*.c plugins/json/*.cpp))) \
            $(USES_json:%=plugins/common/%.o)
UNIT_USES_json := $(JSON_OBJ)
UNIT_LIBS_json := $(LIBS_json)
UNIT_USES_json_encode := $(JSON_OBJ)
UNIT_LIBS_json_encode := $(LIBS_json)
UNIT_USES_json_memory := $(JSON_OBJ)
UNIT_LIBS_json_memory := $(LIBS_json) -Wl,--wrap=malloc -Wl,--wrap=calloc
UNIT_USES_json_valid := $(JSON_OBJ)
UNIT_LIBS_json_valid := $(LIBS_json) -ljansson

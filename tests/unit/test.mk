# Unit tests: every tests/unit/test_NAME.c becomes a program that links the whole host (but main.c)
# and the objects named in UNIT_USES_NAME (under build/, with their .o). Fakes: fake_*.c.
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
-include $(wildcard tests/unit/*.uses.mk)

$(BUILD)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -c $< -o $@

define unit_rules
$(BUILD)/tests/unit/test_$(1): $(BUILD)/tests/unit/test_$(1).o $(HOST_OBJ) $(TESTING_OBJ) $(UNIT_USES_$(1):%=$(BUILD)/%)
	$$(CC) $$(LDFLAGS) -pie -pthread -rdynamic $$(filter %.o,$$^) -o $$@ -lcunit $$(HOST_LIBS) $$(UNIT_LIBS_$(1))
endef
$(foreach t,$(UNIT_SRC:tests/unit/test_%.c=%),$(eval $(call unit_rules,$(t))))

.PHONY: unit
unit: $(UNIT_BIN) all
	tests/run $(UNIT_BIN)

# Modules for the loader's tests: good ones and ones that are broken on purpose, one per file.
TEST_PLUGINS := $(patsubst tests/plugins/%.c,$(BUILD)/tests/plugins/%.so,$(wildcard tests/plugins/*.c))
TEST_HELPER := $(BUILD)/tests/plugins/libhelper.so

$(BUILD)/tests/plugins/%.o: tests/plugins/%.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -c $< -o $@
# nosymbol has nothing to export, so the version script is not for all.
$(BUILD)/tests/plugins/%.so: $(BUILD)/tests/plugins/%.o
	$(CC) $(LDFLAGS) -shared $< -o $@
$(BUILD)/tests/plugins/good.so: $(BUILD)/tests/plugins/good.o sdk/module.map
	$(CC) $(LDFLAGS) -shared -Wl,--version-script=sdk/module.map $< -o $@
$(BUILD)/tests/plugins/origin.so: $(BUILD)/tests/plugins/origin.o $(TEST_HELPER)
	$(CC) $(LDFLAGS) -shared $< -o $@ -L$(@D) -lhelper '-Wl,-rpath,$$ORIGIN'
$(TEST_HELPER): $(BUILD)/tests/plugins/helper/helper.o
	$(CC) $(LDFLAGS) -shared $< -o $@

.PHONY: test-plugins
test-plugins: $(TEST_PLUGINS)
unit: test-plugins

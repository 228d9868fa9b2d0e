# The module that fuzz_elf spoils.
$(BUILD)/fuzz/elf: | $(BUILD)/tests/plugins/good.so

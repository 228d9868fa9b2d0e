# The ABI of the SDK: frozen layouts, and headers that compile alone in strict C and C++.
$(BUILD)/tests/abi/frozen_v1: tests/abi/frozen_v1.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $<

ABI_TESTS := $(BUILD)/tests/abi/frozen_v1 tests/abi/headers.sh
TESTS += $(ABI_TESTS)

.PHONY: abi
abi: $(BUILD)/tests/abi/frozen_v1
	tests/run $(ABI_TESTS)

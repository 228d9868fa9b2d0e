# The ABI of the SDK: frozen layouts, headers that compile alone in strict C and C++, old modules on
# today's host and the other way round.
$(BUILD)/tests/abi/frozen_v1: tests/abi/frozen_v1.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $<

ABI_TESTS := $(BUILD)/tests/abi/frozen_v1 tests/abi/headers.sh tests/abi/layout.sh \
             tests/abi/old_modules.sh tests/abi/old_host.sh tests/abi/mutate.sh
TESTS += $(ABI_TESTS)

.PHONY: abi mutate
abi: $(BUILD)/tests/abi/frozen_v1 all test-plugins
	tests/run $(ABI_TESTS)

mutate: all test-plugins $(BUILD)/tests/unit/test_elfmutate
	MUTATIONS=10000 tests/run tests/abi/mutate.sh $(BUILD)/tests/unit/test_elfmutate
	@tail -n 1 $(BUILD)/log/mutate.sh.log

# What plugin authors are given: `lrhost new`, its templates, the examples.
SDK_TESTS := $(filter-out tests/sdk/lib.sh,$(wildcard tests/sdk/*.sh))
TESTS += $(SDK_TESTS)

.PHONY: sdk
sdk: all
	tests/run $(SDK_TESTS)

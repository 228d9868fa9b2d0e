# What plugin authors are given: `lrhost new`, its templates, the examples.
SDK_TESTS := tests/sdk/new.sh
TESTS += $(SDK_TESTS)

.PHONY: sdk
sdk: all
	tests/run $(SDK_TESTS)

# What a release needs besides tests: one version everywhere, a bill of materials that is right.
RELEASE_TESTS := $(wildcard tests/release/*.sh)
TESTS += $(RELEASE_TESTS)

.PHONY: release-tests
release-tests: all
	tests/run $(RELEASE_TESTS)

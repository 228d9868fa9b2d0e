# End-to-end scripts: real processes, no network (embedded Kafka included), root or JVM. Those that
# take long (the demo, a build for an installation) belong to the full check.
E2E_FULL := tests/e2e/demo.sh tests/e2e/install.sh
TESTS += $(filter-out $(E2E_FULL) tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
TESTS_FULL += $(E2E_FULL)

# Reads what a service manager would.
E2E_LISTENER := $(BUILD)/tests/e2e/listener
TESTS_BUILD += $(E2E_LISTENER)
$(E2E_LISTENER): tests/e2e/listener.c $(FLAGS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -fPIE $< -o $@

.PHONY: e2e
e2e: all
	tests/run $(filter-out $(E2E_FULL) tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))

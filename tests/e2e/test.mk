# End-to-end scripts: real processes, no network (embedded Kafka included), root or JVM. The demo
# runs for as long as a demo takes, so it belongs to the full check.
E2E_FULL := tests/e2e/demo.sh
TESTS += $(filter-out $(E2E_FULL) tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
TESTS_FULL += $(E2E_FULL)

.PHONY: e2e
e2e: all
	tests/run $(filter-out $(E2E_FULL) tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))

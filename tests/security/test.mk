# What SECURITY.md says, against real Apache Kafka brokers: TLS and logins, rights, secrets. Skipped
# where no broker can be had.
SECURITY_TESTS := tests/security/recipes.sh tests/security/acls.sh tests/security/canary.sh
TESTS_FULL += $(SECURITY_TESTS)

.PHONY: security
security: all
	LONG=yes tests/run $(SECURITY_TESTS)

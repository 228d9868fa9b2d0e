# What is installed and packaged. PACKAGE_TESTS are all, `make packages-check` runs them in their
# long form; agree.sh, hardening.sh and unit.sh need no root and no network, and the check leaves
# out what takes minutes.
PACKAGE_TESTS := $(filter-out %lib.sh,$(wildcard tests/packages/*.sh))
TESTS += tests/packages/agree.sh tests/packages/hardening.sh tests/packages/unit.sh
# deb.sh comes first: it builds what the two others would wait for.
TESTS_FULL := tests/packages/deb.sh $(TESTS_FULL) tests/packages/deb_kafka.sh tests/packages/systemd.sh

# The unit: unit.sh looks at it, systemd.sh and systemd_kafka.sh run it in a container (root, network).
TESTS += tests/packages/unit.sh
TESTS_FULL += tests/packages/systemd.sh
PACKAGE_TESTS += tests/packages/systemd.sh tests/packages/systemd_kafka.sh

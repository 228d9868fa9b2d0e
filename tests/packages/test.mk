# What is installed and packaged. hardening.sh needs nothing but the compiler's own tools; unit.sh looks
# at the unit, systemd.sh and systemd_kafka.sh run it in a container (root, network).
TESTS += tests/packages/hardening.sh tests/packages/unit.sh
TESTS_FULL += tests/packages/systemd.sh
PACKAGE_TESTS += tests/packages/systemd.sh tests/packages/systemd_kafka.sh

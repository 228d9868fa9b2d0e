# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# On top of tests/kafka/lib.sh: a broker that is compiled as well as the JVM can, as one that runs
# for days is.
export KAFKA_JVM_PERFORMANCE_OPTS=-XX:+UseSerialGC
. "$(dirname "${BASH_SOURCE[0]}")/../kafka/lib.sh"

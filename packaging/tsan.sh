#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The part of the tests in which threads meet, under the thread sanitizer; `make tsan` runs all.
exec "$(dirname "$0")/sanitize.sh" thread test_kafka_source test_kafka_sink test_log \
    tests/e2e/embedded.sh tests/e2e/configs.sh tests/e2e/lanes.sh tests/e2e/reload.sh \
    tests/e2e/hangup.sh tests/e2e/stop.sh

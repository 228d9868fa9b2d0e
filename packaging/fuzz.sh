#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every fuzz target for a few seconds, as a part of `make check` (which sets the variables);
# `make fuzz` is for longer runs. Exit 77 where no clang with libFuzzer is.
set -u
cd "$(dirname "$0")/.." || exit 70
export MAKEFLAGS=''
# shellcheck disable=SC2086 # FUZZ is a list
exec tests/fuzz/run "${FUZZ_CHECK_SECONDS:-5}" "${FUZZ_CC:-clang}" "${BUILD:-build}/fuzz" ${FUZZ:?}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every fuzz target for a few seconds, as a part of `make check` (which sets the variables);
# `make fuzz` is for longer runs. Exit 77 where no clang with libFuzzer is.
set -u
cd "$(dirname "$0")/.." || exit 70
export MAKEFLAGS=''
# Looked for here and not when make began: `make check` may have installed it since.
for cc in ${FUZZ_CC:-} clang clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do
    command -v "$cc" >/dev/null 2>&1 && break
done
export FUZZ_CC=$cc
# shellcheck disable=SC2086 # FUZZ is a list
exec tests/fuzz/run "${FUZZ_CHECK_SECONDS:-5}" "$cc" "${BUILD:-build}/fuzz" ${FUZZ:?}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# docs/configuration.md is its head and what the option tables say today.
. "$(dirname "$0")/lib.sh"

"$lrhost" describe --markdown >"$work/tables.md" 2>"$work/err"
expect_code 0 $? "describe --markdown" "$work/err"
cat docs/configuration.head.md "$work/tables.md" >"$work/now.md"
cmp -s docs/configuration.md "$work/now.md" || {
    diff docs/configuration.md "$work/now.md" | head -n 20
    fail "docs/configuration.md is not current: run make docs"
}

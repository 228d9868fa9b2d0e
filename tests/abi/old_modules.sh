#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Modules of the past on today's host. The archive is text: the headers that ABI v1 was landed with
# and a module with a plugin of each kind (tests/abi/first), compiled here. That the pipeline tells
# right from wrong is shown by the same module from headers with an inserted member.
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=tests/abi/lib.sh
. tests/abi/lib.sh

build_every "$work/first" tests/abi/first/include
build_every "$work/now" sdk/include
for folder in first now; do
    runs_every "$lrhost" "$work/$folder" || {
        cat "$work/log"
        fail "today's host does not run every.so of $folder"
    }
done
make_variant "$work/include" host.h 'i:void .\*log' 'int64_t added;' || fail "no variant"
build_every "$work/inserted" "$work/include"
runs_every "$lrhost" "$work/inserted" && fail "a member is inserted, and nobody notices"
LRHOST_PLUGIN_PATH=$work/first "$lrhost" describe every >"$work/out" 2>&1 ||
    fail "describe of every.so: $(cat "$work/out")"
echo "today's host runs modules of the first headers"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Today's modules on the host that ABI v1 was landed with, compiled from the history where there is
# one: what needs nothing newer runs there, what does is told to upgrade.
. "$(dirname "$0")/../e2e/lib.sh"
# shellcheck source=tests/abi/lib.sh
. tests/abi/lib.sh
first_commit=b8793bc958e3500bbc74832c6c37852d76cf38d7

command -v git >/dev/null && git -C "$root" cat-file -e "$first_commit^{tree}" 2>/dev/null ||
    skip "no first host: this copy has no history back to ${first_commit:0:7}"
mkdir "$work/tree"
git -C "$root" archive "$first_commit" Makefile host sdk | tar -x -C "$work/tree" || fail "git archive"
MAKEFLAGS='' make -s -C "$work/tree" -j2 BUILD=build CFLAGS=-O0 WARN=-w host >"$work/out" 2>&1
expect_code 0 $? "building the first host" "$work/out"
old_host=$work/tree/build/lrhost

build_every "$work/first" tests/abi/first/include
build_every "$work/now" sdk/include
for folder in first now; do
    runs_every "$old_host" "$work/$folder" || {
        cat "$work/log"
        fail "the first host does not run every.so of $folder"
    }
done

# Modules that are shipped today need nothing newer than ABI 1: they run there, too. Instrumented
# ones do not load into a host that is not.
[ -z "$slow" ] || skip "a sanitizer build: today's plugins were not tried on the first host"
mkdir "$work/shipped"
cp "$BUILD"/plugins/*.so "$work/shipped/"
cp "$BUILD/tests/plugins/future.so" "$work/shipped/" 2>/dev/null || touch "$work/no-future"
chmod go-w "$work/shipped" "$work/shipped"/*
export LRHOST_PLUGIN_PATH=$work/shipped
run_for 20 "$old_host" list >"$work/out" 2>&1
expect_code 0 $? "list of the first host" "$work/out"
grep 'cannot be loaded' "$work/out" | grep -v '/future.so' && fail "the first host cannot load the above"
[ -e "$work/no-future" ] || expect_text "upgrade lrhost" "$work/out" "a module that needs more"
for engine in streaming microbatch; do
    for host in "$old_host" "$lrhost"; do
        printf '%s.5,2,3;4\n' 1 2 3 4 5 |
            run_for 20 "$host" --set "engine.plugin=$engine" configs/smoke.ini >"$work/out" 2>"$work/err"
        expect_code 0 $? "$host: $engine" "$work/err"
        expect_equal 5 "$(wc -l <"$work/out")" "lines of $host with $engine"
        cut -d';' -f 1-3 "$work/out" >>"$work/lines" # without the time
    done
done
expect_equal 5 "$(sort -u "$work/lines" | wc -l)" "different lines of both hosts and engines"
echo "the first host runs modules of today"

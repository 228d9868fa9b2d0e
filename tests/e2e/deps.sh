#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# packaging/deps.sh without touching the machine: silent where nothing is missing; where something
# is, the line to type, and no package manager is started when it must not be.
. "$(dirname "$0")/lib.sh"

# Package managers that tell on whoever calls them to install.
mkdir "$work/bin"
for manager in apt-get dnf sudo; do
    printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit 1\n' $manager "$work/called" >"$work/bin/$manager"
    chmod +x "$work/bin/$manager"
done
export PATH=$work/bin:$PATH

for shell in sh bash; do
    rm -f "$work/called"
    DEPS=no $shell packaging/deps.sh test >"$work/out" 2>&1
    expect_code 0 $? "$shell: nothing missing" "$work/out"
    expect_equal 0 "$(wc -c <"$work/out")" "$shell: bytes of output where nothing is missing"
    [ ! -e "$work/called" ] || fail "$shell: it called $(cat "$work/called")"

    CC=no-such-compiler DEPS=no $shell packaging/deps.sh build >"$work/out" 2>&1
    expect_code 69 $? "$shell: DEPS=no and no compiler" "$work/out"
    expect_text 'gcc' "$work/out" "$shell: the line to type"
    expect_text 'install -y' "$work/out" "$shell: the line to type"
    [ ! -e "$work/called" ] || fail "$shell: DEPS=no called $(cat "$work/called")"
done

sh packaging/deps.sh nonsense >"$work/out" 2>&1
expect_code 64 $? "a word it does not know" "$work/out"

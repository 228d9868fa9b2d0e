#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The program and each plugin are hardened (packaging/hardening.sh says what that is), and a program
# that lacks one thing is found out by a sentence about just that.
. "$(dirname "$0")/../e2e/lib.sh"
[ -z "$slow" ] || skip "a sanitizer build is not hardened"
command -v readelf >/dev/null || skip "no readelf here to look with"

packaging/hardening.sh "$lrhost" "$BUILD"/plugins/*.so || fail "the above are not hardened"

cat >"$work/probe.c" <<'C'
#include <stdio.h>
#include <string.h>
int shorten(const char *text), twice(int n), last(const char *text);
int shorten(const char *text)
{
    char line[64];
    snprintf(line, sizeof line, "%s!", text);
    return (int)strlen(line);
}
int twice(int n) { return 2 * n; }
int last(const char *text) { return *text ? text[strlen(text) - 1] : 0; }
int main(int argc, char **argv) { return shorten(argv[0]) + twice(argc) + last(argv[0]); }
C
case $("${CC:-cc}" -dumpmachine) in
x86_64-*) branch='-fcf-protection' mark='-Wl,-z,shstk' ;;
aarch64-*) branch='-mbranch-protection=standard' mark='' ;;
*) branch='' mark='' ;;
esac
all="-O1 -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $branch
    -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $mark"

# probe WITHOUT INSTEAD: all flags but one
probe()
{
    # shellcheck disable=SC2086 # lists of words
    "${CC:-cc}" ${all/"${1:-nothing}"/} $2 "$work/probe.c" -o "$work/probe" 2>"$work/err" ||
        fail "the control without '$1' does not compile: $(cat "$work/err")"
    packaging/hardening.sh "$work/probe" >"$work/said" 2>&1
}
probe '' '' || fail "the control with every flag is refused: $(cat "$work/said")"

controls=0
refused() # WITHOUT INSTEAD SENTENCE
{
    probe "$1" "$2" && fail "the control without '$1' passes"
    expect_text "$3" "$work/said" "the control without '$1'"
    expect_equal 1 "$(wc -l <"$work/said")" "sentences about the control without '$1'"
    controls=$((controls + 1))
}
refused '-pie' '-no-pie' 'not position independent'
refused '-Wl,-z,relro' '-Wl,-z,norelro' 'no RELRO'
refused '-Wl,-z,now' '-Wl,-z,lazy' 'no BIND_NOW'
refused '-Wl,-z,noexecstack' '-Wl,-z,execstack' 'an executable stack'
refused '' '-Wl,-rpath,/tmp' 'a run path'
refused '-fstack-protector-strong' '-fno-stack-protector' 'no stack protector'
refused '-D_FORTIFY_SOURCE=2' '' 'no fortified functions'
if [ -n "$branch" ] && command -v objdump >/dev/null; then
    none=-fcf-protection=none
    [ "$branch" = -fcf-protection ] || none=-mbranch-protection=none
    refused "$branch" "$none" 'functions do not begin with'
fi
[ -z "$mark" ] || refused "$mark" '' 'no SHSTK note'
echo "$controls controls"

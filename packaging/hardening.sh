#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Are programs and modules hardened as distributions want it? Looks at the linked files with
# readelf and says of each what it lacks; exit 1 when anything does.
#
#   packaging/hardening.sh FILE...
#
# Position independent; relocations read-only before anything runs (RELRO, BIND_NOW); no stack or
# segment that is writable and executable; no run path; stack protector; fortified functions; on
# x86-64 CET, on aarch64 branch protection. The linker keeps the notes of those two only where the
# C library's own start files carry them, so a trivial program tells what can be expected, and the
# first instructions of functions are looked at, too.
set -u
export LC_ALL=C

bad=0
lacks() # WHAT
{
    echo "$file: $*"
    bad=1
}

properties() # FILE: "SHSTK IBT", "BTI PAC", as the linker noted them
{
    readelf -nW "$1" 2>/dev/null | grep -oE 'IBT|SHSTK|BTI|PAC' | sort -u | tr '\n' ' '
}

# What this compiler's linked files can say, and the tools for its machine.
scratch=$(mktemp -d) || exit 70
trap 'rm -rf "$scratch"' EXIT
case $(${CC:-cc} -dumpmachine 2>/dev/null) in
x86_64-*) branch=-fcf-protection landing=endbr64 always=SHSTK ;;
aarch64-*) branch=-mbranch-protection=standard landing='paciasp|bti' always= ;;
*) branch='' landing='' always= ;;
esac
objdump=$(${CC:-cc} -print-prog-name=objdump 2>/dev/null)
possible=
if [ -n "$branch" ]; then
    echo 'int main(void) { return 0; }' |
        ${CC:-cc} "$branch" -x c - -o "$scratch/trivial" 2>/dev/null && possible=$(properties "$scratch/trivial")
fi

check_loading()
{
    readelf -hW "$file" | grep -q 'Type: *DYN' || lacks "not position independent"
    readelf -lW "$file" >"$scratch/segments"
    grep -q GNU_RELRO "$scratch/segments" || lacks "no RELRO"
    grep -q 'GNU_STACK.* RW ' "$scratch/segments" || lacks "an executable stack"
    ! grep -q 'LOAD.* RWE ' "$scratch/segments" || lacks "a segment that is writable and executable"
    readelf -dW "$file" >"$scratch/dynamic"
    grep -qE 'BIND_NOW|FLAGS.*\bNOW\b' "$scratch/dynamic" || lacks "no BIND_NOW"
    ! grep -qE '\((RPATH|RUNPATH|TEXTREL)\)' "$scratch/dynamic" || lacks "a run path or text relocations"
}

# Each of our files has an array on a stack somewhere. Of fortified functions the plain ones stay where
# the compiler does not know the size, so what tells is that a file which prints has checked ones;
# one that has nothing but vsnprintf cannot tell.
check_functions()
{
    readelf --dyn-syms -W "$file" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }' >"$scratch/imports"
    grep -qx '__stack_chk_fail' "$scratch/imports" || lacks "no stack protector"
    if grep -qxE '(s|sn|f|as)?printf' "$scratch/imports" && ! grep -qE '[a-z]_chk$' "$scratch/imports"; then
        lacks "no fortified functions"
    fi
}

check_branches()
{
    local found property
    [ -n "$branch" ] || return
    found=$(properties "$file")
    for property in $possible $always; do
        [[ " $found" == *" $property "* ]] || lacks "no $property note"
    done
    command -v "$objdump" >/dev/null || return
    [ "$("$objdump" -d -j .text "$file" | grep -cE "\\s($landing)\\b")" -ge 3 ] ||
        lacks "functions do not begin with ${landing/|/ or }"
}

[ $# -gt 0 ] || {
    sed -n '4,/^set/s/^# \{0,1\}//p' "$0"
    exit 64
}
for file; do
    [ -f "$file" ] || {
        lacks "is not there"
        continue
    }
    check_loading
    check_functions
    check_branches
done
exit "$bad"

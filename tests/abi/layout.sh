#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The layout of every struct of the SDK against the promised one (layout_v1.txt) and against the one
# that was landed first: the old struct is a prefix of the new, types included. Then the same check
# on headers with one change each: appending passes; inserting, resizing, renaming, retyping and
# removing do not. At a release, layout_v1.txt is written anew (layout.py dump sdk/include) when this
# passes. What needs no abidw, the frozen numbers of frozen_v1.c, must agree.
set -u
cd "$(dirname "$0")/../.." || exit 70
# shellcheck source=tests/abi/lib.sh
. tests/abi/lib.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/lrhost-abi.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT
failed=0

fail()
{
    echo "FAIL: $*"
    failed=1
}

frozen() # INCLUDE: does frozen_v1.c compile with these headers?
{
    "${CC:-cc}" -std=c11 "-I$1" -fsyntax-only tests/abi/frozen_v1.c >"$work/frozen" 2>&1
}

with_abidw=
command -v abidw >/dev/null && command -v python3 >/dev/null && with_abidw=yes

if [ -n "$with_abidw" ]; then
    tests/abi/layout.py dump sdk/include >"$work/now" || fail "no layout of sdk/include"
    tests/abi/layout.py dump tests/abi/first/include >"$work/first" || fail "no layout of the first"
    for old in tests/abi/layout_v1.txt "$work/first"; do
        tests/abi/layout.py compare "$old" "$work/now" || fail "a promise of $old is broken"
    done
    # Structs that grew since: the first headers may not pass for today's.
    tests/abi/layout.py compare "$work/now" "$work/first" >"$work/out" && fail "growth is not seen"
    # What is appended must not hide in what an older reader copies as padding.
    printf 'struct a 16\n  0 8 long x\n  8 4 int y\n' >"$work/old"
    printf 'struct a 16\n  0 8 long x\n  8 4 int y\n  12 4 int z\n' >"$work/new"
    tests/abi/layout.py compare "$work/old" "$work/new" >"$work/out" && fail "padding is given away"
    : >"$work/old"
    tests/abi/layout.py compare "$work/old" "$work/new" && fail "an empty promise is kept"
fi

while read -r name verdict file place text; do
    make_variant "$work/include" "$file" "$place" "$text" || {
        fail "variant $name changes nothing"
        continue
    }
    case $name in
    retype*) wanted=0 ;; # the same size: not for frozen_v1.c to see
    *) [ "$verdict" = bad ] && wanted=1 || wanted=0 ;;
    esac
    frozen "$work/include"
    [ $? -eq "$wanted" ] || {
        cat "$work/frozen"
        fail "frozen_v1.c with variant $name"
    }
    [ -n "$with_abidw" ] || continue
    tests/abi/layout.py dump "$work/include" >"$work/variant" || fail "no layout of variant $name"
    if tests/abi/layout.py compare tests/abi/layout_v1.txt "$work/variant" >"$work/out"; then
        [ "$verdict" = good ] || fail "variant $name passes"
    else
        [ "$verdict" = bad ] || {
            cat "$work/out"
            fail "variant $name does not pass"
        }
        echo "$name: $(cat "$work/out")"
    fi
done <<<"$variants"

[ "$failed" -eq 0 ] || exit 1
[ -n "$with_abidw" ] || {
    echo "no abidw or no python3 here; only the frozen numbers were compared"
    exit 77
}
echo "layouts: a prefix of what is promised; $(grep -c ' bad ' <<<"$variants") changes refused"

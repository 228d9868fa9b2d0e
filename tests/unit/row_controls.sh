#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The controls of test_row: each way to read a record and to print numbers is broken on purpose, in
# one place at a time, and the test must fail, or die at the page that may not be touched.
set -u
BUILD=${BUILD:-build}
if [ -n "${SLOW:-}" ]; then
    echo "the controls run in the plain build"
    exit 77
fi
work=$(mktemp -d) || exit 70
trap 'rm -rf "$work"' EXIT
flags=(-std=c11 -D_GNU_SOURCE -O1 -w -Isdk/include -I. -Itests -Itests/unit -Iplugins/common
    -ffp-contract=off -fno-math-errno)
have=$("$BUILD/tests/unit/test_row" read choice 2>&1) || exit 1
controls=0 missed=0 absent=0

wrong() # NAME FILE FROM TO
{
    local others=() way
    case $have in
    *"${2#*_}: not here"*)
        absent=$((absent + 1))
        return
        ;;
    esac
    (
        # shellcheck source=tests/change.sh
        . tests/change.sh "$2" <"plugins/common/$2.c"
        change "$2" "$3" "$4"
        finish_changes
    ) >"$work/wrong.c" || exit 1
    ${CC:-cc} "${flags[@]}" -c "$work/wrong.c" -o "$work/wrong.o" || exit 1
    for way in row_avx2 row_avx512 print_avx512; do
        [ "$way" = "$2" ] || others+=("$BUILD/plugins/common/$way.o")
    done
    ${CC:-cc} "$BUILD/tests/unit/test_row.o" "$work/wrong.o" "$BUILD/plugins/common/row.o" \
        "$BUILD/plugins/common/number.o" "${others[@]}" \
        -o "$work/test" -lcunit -lm || exit 1
    controls=$((controls + 1))
    if bash -c "$work/test; exit" >"$work/log" 2>&1; then
        missed=$((missed + 1))
        echo "not caught: $2: $1"
    else
        echo "caught: $2: $1"
    fi
}
avx2() { wrong "$1" row_avx2 "$2" "$3"; }
avx512() { wrong "$1" row_avx512 "$2" "$3"; }

avx2 'nine digits' '!(fours & fours >> 4 & pairs >> 8)' '1'
avx2 'a point alone is a number' '!(starts & points & w->ends >> 1)' '1'
avx2 'any separator' '(!others || w->separators < (others & (0 - others)))' '1'
avx2 'a column more' '(fields <= left || w->stop)' '1'
avx2 'bytes before the record' 'at - record->begin >= LOAD' '1'
avx2 'bytes behind the record' 'left < WINDOW + 1' 'left < WINDOW - 15'

avx512 'seventeen digits' 'sixteen = _mm_set1_epi8(ROW_DIGITS_16)' 'sixteen = _mm_set1_epi8(17)'
avx512 'a point alone is a number' '_mm_sub_epi8(before, one), sixteen' 'before, sixteen'
avx512 'an inexact mantissa' 'INT64_C(1) << 53' 'INT64_C(1) << 54'
avx512 'bytes behind the record' '_mm512_maskz_loadu_epi8(inside, p)' '_mm512_loadu_si512(p)'
wrong 'a rest is forgotten' print_avx512 '_mm512_test_epi64_mask(rest, rest)' '0'
wrong 'not the nearer' print_avx512 '(nearer & ~(below ^ above))' '0'

[ "$controls" -gt 0 ] || {
    echo "this processor has none of the ways that are to be broken"
    exit 77
}
echo "$controls broken, $missed not caught, $absent not here"
[ "$missed" -eq 0 ]

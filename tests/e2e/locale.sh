#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Numbers have a point under a locale whose numbers have a comma.
. "$(dirname "$0")/lib.sh"

[ -d /usr/share/i18n/locales ] && command -v localedef >/dev/null ||
    skip "no locale sources here (package locales): a comma locale was not tried"
localedef -i de_DE -f UTF-8 "$work/de_DE.UTF-8" >/dev/null 2>&1 || [ -d "$work/de_DE.UTF-8" ] ||
    skip "localedef cannot make de_DE.UTF-8 here"

comma() { LOCPATH=$work LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 "$@"; }
expect_equal '1,5' "$(comma env printf '%.1f' 1,5 2>/dev/null)" "the locale itself"

input='1.5,2.25,3e-1;2.0'
printf '%s\n' "$input" | run_for 10 "$lrhost" configs/smoke.ini 2>"$work/err" |
    without_last_column - >"$work/c"
printf '%s\n' "$input" |
    comma timeout 50 "$lrhost" configs/smoke.ini --set model.ridge=0.0 2>"$work/err" |
    without_last_column - >"$work/comma"
[ -s "$work/c" ] || fail "no output"
expect_same_file "$work/c" "$work/comma" "C and comma locale"

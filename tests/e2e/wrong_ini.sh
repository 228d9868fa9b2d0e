#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every mistake of wrong_ini.txt gives its sentences, those alone, and exit 78.
#   tests/e2e/wrong_ini.sh --print    prints what every case says now, for a person to judge
. "$(dirname "$0")/lib.sh"
table=tests/e2e/wrong_ini.txt
print=${1:-}
cases=0 bad=0

# The case being read.
name='' base='' code_wanted=78 edits=() sets=() environment=() expected=()

run_case()
{
    [ -n "$name" ] || return 0
    local ini=$work/case.ini code
    cp "$work/base-$base.ini" "$ini"
    local edit
    for edit in ${edits[@]+"${edits[@]}"}; do
        sed -i "$edit" "$ini" || fail "case '$name': sed cannot do '$edit'"
    done
    cmp -s "$ini" "$work/base-$base.ini" && [ ${#sets[@]} -eq 0 ] && [ ${#environment[@]} -eq 0 ] &&
        fail "case '$name' changes nothing"
    env ${environment[@]+"${environment[@]}"} timeout 20 "$lrhost" check "$ini" \
        ${sets[@]+"${sets[@]}"} >"$work/out" 2>&1 </dev/null
    code=$?
    sed -e "s|$ini|FILE|g; s|$work/|WORK/|g; s|^lrhost: ||" "$work/out" |
        grep -av 'warning: ' >"$work/said"
    cases=$((cases + 1))

    if [ "$print" = --print ]; then
        printf 'case %s (exit %s)\n' "$name" "$code"
        sed -e "s|^|expect |; s|, report, .*||; s|There is: .*|There is: ...|" "$work/said"
        echo
        return
    fi
    if [ "$code" -ne "$code_wanted" ] || ! said_as_expected; then
        echo "case '$name': exit $code ($code_wanted wanted)"
        printf '%s\n' ${expected[@]+"${expected[@]}"} | diff - "$work/said" |
            sed -n 's/^</  wanted/p; s/^>/  said  /p'
        bad=$((bad + 1))
    fi
}

# Line by line; an expected line that ends in " ..." is a beginning.
said_as_expected()
{
    local line n=0
    while IFS= read -r line; do
        [ "$n" -lt ${#expected[@]} ] || return 1
        case ${expected[n]} in
        *' ...') case $line in "${expected[n]%' ...'}"*) ;; *) return 1 ;; esac ;;
        "$line") ;;
        *) return 1 ;;
        esac
        n=$((n + 1))
    done <"$work/said"
    [ "$n" -eq ${#expected[@]} ] && [ "$n" -gt 0 ]
}

# The bases stand on top of the table: "base NAME", then the file, up to a line "end".
line_number=0
while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    if [ -n "${reading_base:-}" ]; then
        if [ "$line" = end ]; then
            reading_base=
        else
            printf '%s\n' "$line" >>"$work/base-$reading_base.ini"
        fi
        continue
    fi
    word=${line%% *}
    rest=${line#"$word"}
    rest=${rest# }
    case $word in
    '#'* | '') ;;
    base) reading_base=$rest ;;
    case)
        run_case
        name=${rest#*: } base=${rest%%: *}
        code_wanted=78 edits=() sets=() environment=() expected=()
        [ -f "$work/base-$base.ini" ] || fail "$table:$line_number: no base '$base'"
        ;;
    edit) edits+=("$rest") ;;
    set) sets+=("--set" "$rest") ;;
    exit) code_wanted=$rest ;;
    env) environment+=("$rest") ;;
    expect) expected+=("$rest") ;;
    *) fail "$table:$line_number: '$word' is none of base case edit set env exit expect" ;;
    esac
done <"$table"
run_case

# The bases themselves are right.
for ini in "$work"/base-*.ini; do
    "$lrhost" check "$ini" >"$work/out" 2>&1
    expect_code 0 $? "$(basename "$ini")" "$work/out"
done
[ "$cases" -ge 60 ] || fail "only $cases cases"
[ "$bad" -eq 0 ] || fail "$bad of $cases cases"
echo "$cases mistakes, each with its sentences and its exit code"

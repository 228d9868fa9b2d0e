#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The parsing table of docs/coming-from.md, row by row: what it calls scored is scored, with the
# line's own text in front, and what it calls bad is not. Then a model file as the exercise wrote it.
. "$(dirname "$0")/lib.sh"

rows=0 bad=0
while IFS='|' read -r _ line _ verdict _; do
    line=${line# \`}
    line=$(printf '%b' "${line%\` }x")
    line=${line%x}
    verdict=${verdict// /}
    printf '%s\n' "$line" | run_for 10 "$lrhost" configs/smoke.ini >"$work/out" 2>"$work/err"
    expect_code 0 $? "line '$line'" "$work/err"
    got=bad
    if [ -s "$work/out" ]; then
        got=scored
        case $(cat "$work/out") in
        "${line%$'\r'};"*) ;;
        *) fail "the output for '$line' does not begin with it: $(cat "$work/out")" ;;
        esac
    fi
    [ "$got" = "$verdict" ] || {
        echo "'$line': the table says $verdict, it is $got"
        bad=$((bad + 1))
    }
    rows=$((rows + 1))
done < <(sed -n '/^| line |/,/^$/p' docs/coming-from.md | grep '^| `')
[ "$rows" -ge 20 ] || fail "only $rows rows found"
[ "$bad" -eq 0 ] || fail "$bad of $rows rows"

cat >"$work/linear_model.json" <<'JSON'
{"bias": 0.5, "weights": [1.0, -2.0, 0.25], "features": 3, "seed": 42, "noise": 0.01,
 "note": "y = bias + w.x"}
JSON
cat >"$work/model.ini" <<'INI'
[pipeline]
on_bad_record = skip
[source]
plugin = stdio
[engine]
plugin = streaming
[model]
plugin = linreg
load = linear_model.json
[sink]
plugin = stdio
INI
printf '1,2,4\n' | run_for 10 "$lrhost" "$work/model.ini" >"$work/out" 2>"$work/err"
expect_code 0 $? "a model of the exercise" "$work/err"
expect_equal '1,2,4;-1.5' "$(without_last_column "$work/out")" "prediction of a loaded model"

# t1 stays last and in milliseconds, whatever is added and in whichever order.
before=$(date +%s%3N)
printf '1,2,4\n' | run_for 10 "$lrhost" --set codec.append=t1,t2,prediction "$work/model.ini" \
    >"$work/out" 2>"$work/err"
expect_code 0 $? "more columns" "$work/err"
awk -F';' -v before="$before" '
    { ok = NF == 4 && $2 >= before && $3 == -1.5 && $4 >= before && $4 <= before + 60000 }
    END { exit !ok }' "$work/out" || fail "t1 is not the last column: $(cat "$work/out")"

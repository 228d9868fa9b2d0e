#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `lrhost describe --json` is a JSON Schema: every file of configs/ is as it says, and files with one
# mistake each, which `lrhost check` refuses, are not.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip "no python3 here"
python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
    skip "python3 has no jsonschema here, or an old one"

"$lrhost" describe --json >"$work/schema.json" || fail "describe --json"
mapfile -t good < <(find configs -name '*.ini')
[ "${#good[@]}" -gt 5 ] || fail "no configs"
python3 tests/e2e/schema.py "$work/schema.json" good "${good[@]}" || fail "the above"

cat >"$work/good.ini" <<'INI'
[pipeline]
name = a
on_bad_record = skip
max_batch = 10
[source]
plugin = generator
features = 3
count = 10
[codec]
plugin = none
[model]
plugin = none
[sink]
plugin = null
INI
python3 tests/e2e/schema.py "$work/schema.json" good "$work/good.ini" || fail "the above"
n=0
while read -r change; do
    n=$((n + 1))
    sed "$change" "$work/good.ini" >"$work/bad-$n.ini"
    cmp -s "$work/good.ini" "$work/bad-$n.ini" && fail "'$change' changes nothing"
    run_for 10 "$lrhost" check "$work/bad-$n.ini" >"$work/out" 2>&1
    expect_code 78 $? "check with '$change'" "$work/out"
done <<'CHANGES'
s/^count/cuont/
s/^max_batch/max_bacth/
s/^max_batch = 10/max_batch = ten/
s/^max_batch = 10/max_batch = 0/
s/skip/skipp/
s/plugin = null/plugin = nul/
/plugin = null/d
s/^plugin = generator/plugin = null/
CHANGES
[ "$n" -eq 8 ] || fail "$n mistakes"
python3 tests/e2e/schema.py "$work/schema.json" bad "$work"/bad-*.ini || fail "the above"

# One plugin: its section alone; and a section of the host.
for name in kafka text source pipeline; do
    "$lrhost" describe "$name" --json >"$work/$name.json" || fail "describe $name --json"
done
python3 - "$work" <<'PY' || fail "a schema of one plugin"
import json, sys
from jsonschema import Draft202012Validator as V
def load(name):
    schema = json.load(open(f"{sys.argv[1]}/{name}.json"))
    V.check_schema(schema)
    return V(schema)
kafka, source = load("kafka"), load("source")
load("text"), load("pipeline")
assert kafka.is_valid({"plugin": "kafka", "topic": "t", "kafka.bootstrap.servers": "b", "kafka.group.id": "g"})
assert not kafka.is_valid({"plugin": "kafka", "topc": "t"})
assert source.is_valid({"plugin": "kafka"}) and not source.is_valid({})
PY
echo "schema: ${#good[@]} files as it says, $n mistakes found"

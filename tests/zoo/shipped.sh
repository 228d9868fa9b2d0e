#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every plugin that is shipped passes `lrhost verify`. What is skipped is printed, each test with its
# reason. A plugin that is not named here fails the test: it must be verified, too.
. tests/e2e/lib.sh

verify() # NAME MODULE ARGUMENT...
{
    local name=$1 module=$2
    shift 2
    run_for 120 "$lrhost" verify "$BUILD/plugins/$module.so" --quick "$@" >"$work/$name" 2>&1
    expect_code 0 $? "verify $name" "$work/$name"
    {
        printf '%s: %s\n' "$name" "$(tail -n 1 "$work/$name")"
        sed -n 's/^skip/  skip/p' "$work/$name"
    } >"$work/$name.said"
    echo "$module" >>"$work/verified"
}

for i in 1 2 3 4 5 6 7; do
    printf '{"f0": %s.5, "f1": 2e-%s, "f2": -1.25, "label": %s, "other": [1, {"a": null}]}\n' $i $i $i
done >"$work/records.json"

verify console console &
verify file file --option 'source.path={sample}' --option 'sink.path={scratch}/out-{lane}' &
verify file-positions file --plugin source --option 'path={sample}' \
    --option 'position_file={scratch}/positions' &
wait
verify file-segments file --plugin sink --option 'path={scratch}/out' --option mode=segments &
verify generator generator &
verify kafka kafka --option topic=t --option kafka.bootstrap.servers=embedded \
    --option source.kafka.group.id=verify &
wait
verify json json --records "$work/records.json" &
verify linreg linreg --option train_records=1000 &
verify microbatch microbatch &
verify null null &
wait
verify report report &
verify stdio stdio &
verify streaming streaming &
verify text text &
wait
cat "$work"/*.said
for path in "$BUILD"/plugins/*.so; do
    name=$(basename "$path" .so)
    grep -qx "$name" "$work/verified" || fail "$name was not verified, or not with success"
done

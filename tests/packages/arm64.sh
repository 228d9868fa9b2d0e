#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# arm64: packages are cross-built from the source package and installed on a Debian that knows both
# architectures; qemu runs what is in them. The same seeds give the same records, model, predictions
# and JSON, byte for byte, as this machine's build; so do odd numbers. Control: a linreg with fused
# multiply-add, which arm64 has and -ffp-contract=off forbids. Then the unit tests, `verify` of each
# plugin, and a real broker.
#
# Left out: `verify --leaks`, because valgrind does not run under qemu, and test_elfmutate, whose
# spoilt modules ask for terabytes, of which the emulator dies.
. "$(dirname "$0")/lib.sh"
[ -n "${LONG:-}" ] || skip "left out: make packages-check emulates arm64"
[ "$(uname -m)" = x86_64 ] || skip "skipped: compares arm64 with amd64, and this machine is another"
. "$root/tests/kafka/lib.sh"
need dpkg-buildpackage dh
# Of qemu's emulators, 250 MB, one.
root_of arm64 --architectures=amd64,arm64 --dpkgopt='path-exclude=/usr/bin/qemu-*' \
    --dpkgopt='path-include=/usr/bin/qemu-aarch64-static' \
    --include=build-essential,crossbuild-essential-arm64,debhelper,pkg-config,qemu-user-static \
    --include=lib{inih,rdkafka,jansson,simdjson,cunit1}-dev:arm64
# shellcheck disable=SC2119 # no properties of its own
start_broker
records=20000
arm='qemu-aarch64-static /usr/bin/lrhost'
cross="cd /packages/tree && make -s -j2 CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar"

# ---- the packages ---------------------------------------------------------------------------
make_packages deb
cp "$debs"/*.dsc "$debs"/*.tar.xz "$root_dir/packages/"
must 'cd /packages && dpkg-source -x *.dsc tree && cd tree &&
    DEB_BUILD_OPTIONS="nocheck parallel=2" dpkg-buildpackage -us -uc -b -aarm64'
install lrhost lrhost-kafka lrhost-json
must "$arm --version"
modules=$(cd "$root_dir" && printf '/%s ' usr/lib/aarch64-linux-gnu/lrhost/*.so)
must "cd /packages/tree && CC=aarch64-linux-gnu-gcc packaging/hardening.sh /usr/bin/lrhost $modules"
echo "$SECONDS s: packages built, installed and hardened"

# ---- the same numbers -----------------------------------------------------------------------
# run MACHINE FILE [ARGUMENT...]: in the folder of that name
run()
{
    local machine=$1
    shift
    if [ "$machine" = amd64 ]; then
        (cd "$root_dir/amd64" && OUTPUT=. "$lrhost" --quiet "$@") >"$work/out" 2>&1 </dev/null
        expect_code 0 $? "lrhost $*" "$work/out"
    else
        must "cd /$machine && OUTPUT=. $arm --quiet $*"
    fi
}

# as_json FILE: its records as configs/json.ini wants them
as_json()
{
    awk -F '[,;]' '{
        printf "{\"id\": %d, \"sensors\": {", NR
        for (i = 1; i <= 12; i++) printf "%s\"s%d\": %s", (i > 1 ? ", " : ""), i - 1, $i
        printf "}, \"label\": %s}\n", $13
    }' "$1"
}

score() # MACHINE: everything that makes numbers
{
    local to=$root_dir/$1
    mkdir -p "$to"
    cp configs/file.ini configs/json.ini "$work/make.ini" "$work/odd.ini" "$work/odd.txt" "$to/"
    run "$1" make.ini
    run "$1" file.ini --set model.save=model.json --set source.path=made.txt
    as_json "$to/made.txt" >"$to/made.jsonl" || fail "no JSON was made"
    run "$1" json.ini --set source.path=made.jsonl --set engine.plugin=microbatch
    run "$1" odd.ini "${@:2}"
    # The time at which a record was read is not the same.
    sed -Ei 's/;[0-9]{13}$//; s/,"t1":[0-9]{13}\}$/}/' "$to"/lrhost-*
}

cat >"$work/make.ini" <<EOF
[source]
plugin       = generator
distribution = gaussian
decimals     = 12
count        = $records
seed         = 7
[codec]
plugin   = text
features = 12
[engine]
plugin = streaming
[sink]
plugin = file
path   = made.txt
EOF
# Long, short, large, small, not representable, and wrong.
cat >"$work/odd.txt" <<'EOF'
1e22,1e23,-1e-22,123456789012345678901234567890,0.1,0.2,0.30000000000000004,9007199254740993,1,2,3,4;5
5e-324,2.2250738585072011e-308,2.2250738585072014e-308,1e-400,-0.0,0,1,2,3,4,5,6;7
1.7976931348623157e308,-1.7976931348623157e308,1,1,1,1,1,1,1,1,1,1;1
1,2,3
1e999,2,3,4,5,6,7,8,9,10,11,12;13
,2,3,4,5,6,7,8,9,10,11,x;13
EOF
sed -e '/^train_records/d; /^seed/d' -e 's/^plugin *= linreg/&\nload = model.json/' \
    -e 's/records.txt/odd.txt/; s/lrhost-/&odd-/' configs/file.ini >"$work/odd.ini"
score amd64
score arm64
diff -r "$root_dir/amd64" "$root_dir/arm64" >"$work/differ" ||
    fail "arm64 makes other numbers: $(head -n 4 "$work/differ")"
for file in made.txt lrhost-scored.txt lrhost-scored.jsonl; do
    expect_equal "$records" "$(wc -l <"$root_dir/arm64/$file")" "lines of $file"
done
expect_equal 3 "$(wc -l <"$root_dir/arm64/lrhost-odd-scored.txt")" "odd records that have a prediction"
expect_equal 3 "$(wc -l <"$root_dir/arm64/lrhost-odd-rejected.txt")" "odd records that cannot be read"
echo "$SECONDS s: $records records, their model, predictions and JSON are the same"

# A linreg whose compiler may fuse, with the model as it was.
must "$cross BUILD=build/fused CFLAGS='-O2 -ffp-contract=fast' build/fused/plugins/linreg.so"
cp -r "$root_dir/arm64" "$root_dir/fused"
rm "$root_dir/fused"/lrhost-*
run fused odd.ini --set source.path=made.txt --set model.plugin=/packages/tree/build/fused/plugins/linreg.so
sed -i 's/;[0-9]*$//' "$root_dir/fused/lrhost-odd-scored.txt"
others=$(diff "$root_dir/arm64/lrhost-scored.txt" "$root_dir/fused/lrhost-odd-scored.txt" | grep -c '^>')
[ "$others" -gt 0 ] || fail "control: fused multiply-add is not found out"
echo "control: $others of $records predictions are others with fused multiply-add"

# ---- unit tests and the conformance kit ---------------------------------------------------------
units=$(printf 'build/%s ' tests/unit/test_*.c | sed 's/\.c / /g; s/[^ ]*elfmutate//')
must "$cross WERROR=1 all test-plugins $units"
echo "$SECONDS s: built without a warning"
must "cd /packages/tree && export BUILD=build && echo $units | xargs -n 1 -P 2 sh -c '
    timeout 300 qemu-aarch64-static \$0 >\$0.log 2>&1 || { echo \$0; tail -n 20 \$0.log; exit 255; }'"
echo "$SECONDS s: $(echo "$units" | wc -w) programs of unit tests"
for module in $modules; do
    options=()
    # An emulated training may take longer than a start has time to stop.
    [ "${module##*/}" != linreg.so ] || options=(--option train_records=1000)
    wanted=$("$lrhost" verify "$BUILD/plugins/${module##*/}" "${options[@]}" | tail -n 1)
    must "$arm verify $module ${options[*]}"
    expect_equal "$wanted" "$(tail -n 1 "$work/out")" "verify $module"
done
echo "$SECONDS s: verify says of each plugin what it says on amd64"

# ---- a real broker ------------------------------------------------------------------------------
examples=/packages/tree/configs
must "$arm topics create $examples/streaming.ini"
must "$arm --quiet $examples/generate.ini --set source.count=$records --set source.rate=100000"
expect_equal "$records" "$(topic_count topic1)" "records of the generator"
must "cd /tmp && $arm --quiet $examples/streaming.ini --set pipeline.stop_when_idle=2s \
    --set model.save=/tmp/model.json --set sink.partition=input"
read_topic topic1 "$work/in"
read_topic topic2 "$work/out.topic"
python3 "$here/compare.py" "$root_dir/tmp/model.json" "$work/in" "$work/out.topic" once ||
    fail "the results are not what they should be"
echo "$SECONDS s: $records records through a broker"

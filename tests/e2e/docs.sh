#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs what the documentation shows. In README.md and docs/*.md a fenced block after the line
#
#   <!-- test -->
#
# is run by bash in the repository's folder, with lrhost on the PATH, and must exit 0; after
# <!-- test: ini --> an INI file must pass `lrhost check`. A following block after
# <!-- output --> must appear in the output, "..." in it standing for anything.
#
#   <!-- file: NAME -->     the block is written to NAME in a scratch folder
#   <!-- test: here -->     the block is run there; pkg-config knows the headers of the source
#   <!-- from: FILE -->     the block is a part of FILE, line by line
. "$(dirname "$0")/lib.sh"
[ -z "$slow" ] || skip "documentation: its programs are linked plainly, not with a sanitizer build"

mkdir "$work/bin"
ln -s "$lrhost" "$work/bin/lrhost"
export PATH=$work/bin:$PATH LRHOST_PLUGIN_PATH=$BUILD/plugins OUTPUT=$work

mkdir "$work/scratch" "$work/pc"
sed -e "s|@PREFIX@|$root/sdk|; s|@PLUGINDIR@|$BUILD/plugins|; s|@VERSION@|0|; s|@ABI@|1|" \
    sdk/lrhost.pc.in >"$work/pc/lrhost.pc"
export PKG_CONFIG_PATH=$work/pc

# Blocks become files $work/NNN.sh, .ini or .out; NNN.where says where they stood.
cut_blocks() # FILE
{
    awk -v work="$work" -v file="$1" -v n="$blocks" '
        /^<!-- test -->$/ { kind = "sh"; next }
        /^<!-- test: ini -->$/ { kind = "ini"; next }
        /^<!-- test: here -->$/ { kind = "here"; next }
        /^<!-- file: .* -->$/ { kind = "file"; target = $3; next }
        /^<!-- from: .* -->$/ { kind = "from"; target = $3; next }
        /^<!-- output -->$/ { kind = "out"; next }
        /^ *```/ && inside { inside = 0; kind = ""; close(name); next }
        /^ *```/ && kind != "" {
            inside = 1
            if (kind != "out") n++
            name = sprintf("%s/%03d.%s", work, n, kind)
            if (kind == "file") name = work "/scratch/" target
            if (kind == "from") print target >(name ".source")
            printf "" >name
            if (kind != "out" && kind != "file") print file ":" NR >(name ".where")
            next
        }
        /^ *```/ { skipped = !skipped; next }
        inside { print >name }
        END { print n }' "$1"
}

matches() # WANTED GOT: every line of WANTED in order; "..." within a line is anything
{
    awk -v wanted="$1" '
        BEGIN {
            while ((getline line <wanted) > 0) {
                gsub(/[][(){}.*+?^$|\\]/, "\\\\&", line)
                gsub(/\\\.\\\.\\\./, ".*", line)
                want[++n] = "^" line "$"
            }
            at = 1
        }
        at <= n && (want[at] == "^.*$" || $0 ~ want[at]) { at++ }
        END {
            while (at <= n && want[at] == "^.*$") at++
            if (at <= n) print "missing: " want[at]
            exit at <= n
        }' "$2"
}

# The lines of $1 follow each other in $2.
is_part() # BLOCK FILE
{
    awk -v block="$1" '
        BEGIN { while ((getline line <block) > 0) want[++n] = line }
        { have[++m] = $0 }
        END {
            for (i = 0; n > 0 && i + n <= m; i++) {
                for (j = 1; j <= n && have[i + j] == want[j]; j++) {}
                if (j > n) exit 0
            }
            exit 1
        }' "$2"
}

# A file that a block names.
echo '{"bias": 0.5, "weights": [1.0, -2.0, 0.25], "features": 3}' >"$work/linear_model.json"

blocks=0
for file in README.md docs/*.md; do
    [ -f "$file" ] && blocks=$(cut_blocks "$file")
done
[ "$blocks" -gt 0 ] || fail "no block to run"

for block in "$work"/[0-9]*.sh "$work"/[0-9]*.ini "$work"/[0-9]*.here "$work"/[0-9]*.from; do
    [ -f "$block" ] || continue
    where=$(cat "$block.where")
    case $block in
    *.sh) run_for 60 bash -eu -o pipefail "$block" >"$work/out" 2>&1 </dev/null ;;
    *.here)
        (cd "$work/scratch" && run_for 60 bash -eu -o pipefail "$block") >"$work/out" 2>&1 </dev/null
        ;;
    *.from)
        is_part "$block" "$(cat "$block.source")" || fail "$where: not a part of $(cat "$block.source")"
        is_part "$block" "$0" && fail "control: $where is found where it is not"
        continue
        ;;
    *.ini)
        # A file that an example names: what the seed's own trainer writes.
        printf '{"bias": 0.0, "weights": [0.5, 0.5], "features": 2, "seed": 1, "noise": 0.01, "note": ""}\n' \
            >"$work/linear_model.json"
        KAFKA=localhost:9092 run_for 10 "$lrhost" check "$block" >"$work/out" 2>&1
        ;;
    esac
    expect_code 0 $? "$where" "$work/out"
    if [ -f "${block%.*}.out" ]; then
        matches "${block%.*}.out" "$work/out" || {
            cat "$work/out"
            fail "$where: the output above is not what the text shows"
        }
    fi
done
echo "$blocks blocks"

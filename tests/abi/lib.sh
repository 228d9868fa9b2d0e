# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts of tests/abi share: headers with one thing changed, for checks that must tell what
# may be changed from what may not; and the module of tests/abi/first, built and run.
# shellcheck disable=SC2034,SC2154 # for the scripts; `work` is theirs

# Lines of "NAME VERDICT FILE PLACE TEXT": the member (or struct) that PLACE, a pattern, matches is
# followed by (a), preceded by (i) or replaced with (c) TEXT. VERDICT: what it is.
variants='append good monitor.h a:uint32_t.n_metrics; int64_t added;
append-function good source.h a:(\*group_token) int32_t (*added)(void *self);
insert bad monitor.h i:uint32_t.metric_size; int64_t added;
insert-first bad host.h i:uint32_t.size; uint32_t added;
resize bad monitor.h c:int64_t.lag; int32_t lag;
rename bad monitor.h c:int64_t.lag; int64_t backlog;
retype bad monitor.h c:int64_t.lag; uint64_t lag;
retype-pointer bad monitor.h c:const.struct.lr_metric..metrics; const struct lr_figure *metrics;
retype-parameter bad monitor.h c:void.(\*snapshot) void (*snapshot)(void *self, struct lr_snapshot *snapshot);
remove bad monitor.h c:int64_t.lag; /* gone */
frozen bad batch.h a:int64_t.next; int64_t added;'

make_variant() # FOLDER FILE PLACE TEXT: FOLDER/lrhost becomes a changed copy of the SDK's headers
{
    local folder=$1 file=$2 how=${3%%:*} place=${3#*:} text=$4
    rm -rf "$folder"
    mkdir -p "$folder"
    cp -r sdk/include/lrhost "$folder/"
    # Only the first match: in batch.h that is struct lr_position.
    sed -i "0,/$place/{/$place/$how\\
$text
}" "$folder/lrhost/$file"
    ! cmp -s "sdk/include/lrhost/$file" "$folder/lrhost/$file"
}

build_every() # FOLDER INCLUDE
{
    mkdir -p "$1"
    "${CC:-cc}" -std=c11 -O1 -fvisibility=hidden -fPIC -shared -Wl,--version-script=sdk/module.map \
        "-I$2" tests/abi/first/every.c tests/abi/first/every_parts.c \
        -o "$1/every.so" || fail "every.so does not compile with $2"
    chmod go-w "$1" "$1/every.so"
}

runs_every() # HOST FOLDER: 0 when all that comes out is right
{
    local folder=$work/run
    rm -rf "$folder"
    mkdir "$folder"
    cp tests/abi/every.ini "$folder/"
    LRHOST_PLUGIN_PATH=$2 run_for 20 "$1" "$folder/every.ini" >"$work/log" 2>&1 || return 1
    awk 'BEGIN { for (i = 0; i < 40; i++) if (i % 7 != 6) print i " -> " 3 * i + 0.5 }' |
        cmp -s - "$folder/out.txt" || return 1
    printf '%s\n' numInputRows numInputRows numInputRows numInputRows \
        'every: read 40, bad 5, delivered 35' 'lrhost_lines_total 35' |
        cmp -s - "$folder/totals.txt"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The command line: stray words and options, every way to misspell --set, closed and full standard
# descriptors, odd files, pipelines that do not go together; and that `check` opens no socket,
# writes no file and starts no thread.
. "$(dirname "$0")/lib.sh"
module=$BUILD/tests/plugins/trouble.so

cat >"$work/a.ini" <<INI
[pipeline]
name = a
on_bad_record = skip
[source]
plugin = generator
features = 3
count = 10
[model]
plugin = linreg
features = 3
train_records = 1000
[sink]
plugin = file
path = out.txt
INI

# says CODE SENTENCE ARGUMENT...
says()
{
    local code=$1 sentence=$2
    shift 2
    run_for 10 "$lrhost" "$@" >"$work/said" 2>&1 </dev/null
    expect_code "$code" $? "lrhost $*" "$work/said"
    expect_text "$sentence" "$work/said" "lrhost $*"
}

says 64 "nothing to run"
says 64 "usage: lrhost run FILE" run
says 64 "usage: lrhost check FILE" check
says 64 "usage: lrhost list" list kafka
says 64 "usage: lrhost describe" describe kafka text
says 64 "usage: lrhost topics" topics
says 64 "use create, list or delete" topics make "$work/a.ini"
says 64 "did you mean 'check'?" chek "$work/a.ini"
says 64 "neither a command nor a file" ""
says 64 "--help" --bogus "$work/a.ini"
says 64 "--help" --set
says 64 "error, warning" --log-level loud "$work/a.ini"
says 64 "text, logfmt or json" --log-format xml "$work/a.ini"
for wrong in '' = . .= =. a a= a.b a=b a=b.c .b=c a.=c; do
    says 64 "write it as section.key=value" check "$work/a.ini" --set "$wrong"
done
says 78 "unknown section [sorce]; did you mean 'source'?" check "$work/a.ini" --set sorce.count=1
says 78 "unknown key 'cuont'" check "$work/a.ini" --set source.cuont=1
says 78 "no source here can be rewound" check "$work/a.ini" --rewind=earliest
says 78 "sink 'file' stores the positions itself" check configs/segments.ini --rewind=earliest
says 78 "'name' is empty" check "$work/a.ini" --set pipeline.name=
says 78 "'instance' is empty" check "$work/a.ini" --set pipeline.instance=
says 78 "more than 127 bytes" check "$work/a.ini" --set "pipeline.name=$(printf 'x%.0s' $(seq 128))"
says 78 "folder" check "$work"
says 78 "no-such.ini" check "$work/no-such.ini"
says 78 "no module" describe no-such --json
grep -q '{' "$work/said" && fail "describe of nothing begins a JSON document"
says 0 "learn" describe model
says 0 "usage: lrhost" --help
says 0 "ABI" --version

# ---- sections ---------------------------------------------------------------------------------
for section in model monitor dead_letter; do
    { grep -v '^on_bad' "$work/a.ini" | sed "/^\[$section\]/,/^\[/{/^\[$section\]/d;/^\[/!d}"; printf '[%s]\n' "$section"; } >"$work/without.ini"
    says 78 "[$section] needs 'plugin'" check "$work/without.ini"
done
says 78 "[model] 'learn': 'maybe'" check "$work/a.ini" --set model.learn=maybe
says 78 "cannot learn" check "$work/a.ini" --set model.learn=yes
says 78 "unknown key 'laern'; did you mean 'learn'?" check "$work/a.ini" --set model.laern=yes

# ---- pipelines together -----------------------------------------------------------------------
says 78 "called 'a' like that of" check "$work/a.ini" "$work/a.ini"
sed 's/= a$/= b/' "$work/a.ini" >"$work/b.ini"
says 78 "out.txt is written here and by [sink] of $work/a.ini" check "$work/a.ini" "$work/b.ini"
sed -e 's/= a$/= c/; s/^plugin = generator/plugin = stdio/; /^count/d' -e '5,6{/^features/d}' -e 's/out.txt/c.txt/' "$work/a.ini" >"$work/c.ini"
sed -e 's/= c$/= d/; s/c.txt/d.txt/' "$work/c.ini" >"$work/d.ini"
says 0 "good" check "$work/a.ini" "$work/c.ini"
says 78 "standard input is read here and by" check "$work/c.ini" "$work/d.ini"
run_for 10 "$lrhost" check - <"$work/c.ini" >"$work/said" 2>&1
expect_code 78 $? "both from standard input" "$work/said"
expect_text "when the configuration does" "$work/said" "both from standard input"
(cd "$work" && sed '/^name/d' a.ini | run_for 10 "$lrhost" check - >"$work/said" 2>&1)
expect_text "-: good: stdin" "$work/said" "a configuration from standard input"
cp "$work/a.ini" "$work/x.y.ini" && sed -i '/^name/d' "$work/x.y.ini"
says 0 "good: x.y," check "$work/x.y.ini"

# ---- standard descriptors ---------------------------------------------------------------------
for words in list describe "describe text" --help --version "check $work/a.ini"; do
    # shellcheck disable=SC2086 # words
    run_for 10 "$lrhost" $words >/dev/full 2>"$work/said"
    expect_code 69 $? "lrhost $words on a full disk" "$work/said"
    expect_text "cannot write to standard output" "$work/said" "lrhost $words on a full disk"
    # shellcheck disable=SC2086
    run_for 10 "$lrhost" $words >&- 2>"$work/said"
    expect_code 69 $? "lrhost $words without standard output" "$work/said"
done
run_for 10 "$lrhost" "$work/a.ini" <&- >&- 2>&-
expect_code 0 $? "a run without standard descriptors"
expect_equal 10 "$(wc -l <"$work/out.txt")" "lines of a run without standard descriptors"
grep -q info "$work/out.txt" && fail "the log went into the output"

# ---- modules ----------------------------------------------------------------------------------
mkdir "$work/plugins"
head -c 3000 "$BUILD/plugins/null.so" >"$work/plugins/cut.so"
cp "$BUILD/plugins/null.so" "$work/plugins/"
LRHOST_PLUGIN_PATH=$work/plugins says 0 "cannot be loaded" list
expect_text "takes everything" "$work/said" "list beside a module that is cut off"
LRHOST_PLUGIN_PATH=$work/plugins says 0 '"sink.null":' describe --json

# ---- errors for machines ----------------------------------------------------------------------
[ ! -f "$module" ] || {
    sed "s|^plugin = generator|plugin = $module\nfail = create|; 6{/^features/d}" "$work/a.ini" >"$work/t.ini"
    says 70 '"level":"error"' "$work/t.ini" --log-format=json
    grep -v '^{' "$work/said" && fail "a line of --log-format=json is none"
    says 70 '<3>' "$work/t.ini" --journald
}

# ---- check touches nothing --------------------------------------------------------------------
if command -v strace >/dev/null && [ -z "$slow" ]; then
    sed -e 's/= a$/= k/; s/^plugin = file/plugin = kafka/; s/^path = .*/topic = t\nkafka.bootstrap.servers = 127.0.0.1:1/' "$work/a.ini" >"$work/k.ini"
    rm -f "$work/out.txt"
    run_for 30 strace -f -qq -o "$work/calls" -e trace=openat,open,creat,socket,connect,bind,mkdir,rename,unlink,clone,clone3,fork,vfork,kill \
        "$lrhost" check "$work/a.ini" "$work/k.ini" >"$work/said" 2>&1
    expect_code 0 $? "check" "$work/said"
    grep -E 'O_WRONLY|O_RDWR|O_CREAT|^[0-9]+ +(socket|connect|bind|creat|mkdir|rename|unlink|clone|clone3|fork|vfork|kill)\(' "$work/calls" &&
        fail "check does more than look"
    grep -q 'openat.*a.ini' "$work/calls" || fail "the trace saw nothing"
    [ ! -e "$work/out.txt" ] || fail "check made the output file"
    echo "command_line: check only looks"
fi
echo "command_line: every mistake has its sentence"

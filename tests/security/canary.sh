#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A password and a key's passphrase that occur nowhere else: after a pipeline has used them, after
# logins that failed, and after every command that could print them, nothing that others can read
# holds them: logs at debug level, output, ps, /proc, core files, state. Control: the same search
# finds them in an inline setting, and in the memory and the core file of a process that may be
# dumped.
#
# Run by root it looks from the side of another process of the same ordinary user: root sees all.
. "$(dirname "$0")/lib.sh"
[ -z "$slow" ] || skip "skipped: a sanitizer's own calls would be judged, too"
command -v openssl >/dev/null || skip "skipped: no openssl to make certificates with"
secret_files
start_tls_broker listener.name.login.ssl.client.auth=required

# What is looked through at the end.
seen=$work/seen-by-others
mkdir "$seen" "$work/run" "$work/program"
cp "$lrhost" "$BUILD"/plugins/*.so "$work/program"
export CREDENTIALS_DIRECTORY=$work/credentials RUNTIME_DIRECTORY=$work/run STATE_DIRECTORY=$work/run \
    LRHOST_PLUGIN_PATH=$work/program
as_user=()
if [ "$(id -u)" -eq 0 ]; then
    command -v setpriv >/dev/null || skip "skipped: no setpriv to become an ordinary user with"
    as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chown -R 65534:65534 "$work"
fi

write_pipeline "$work/job.ini"
sed -i '/^stop_when_idle/d' "$work/job.ini"
{
    block "recipe: plain" | sed "s|kafka.example.org:9093|$KAFKA_LOGIN|; s|/etc/lrhost/tls|$work/tls|"
    block "recipe: mtls" | sed -n 's|/etc/lrhost/tls|'"$work/tls"'|; /certificate.location\|key/p'
    cat <<INI
kafka.debug = all
connect_timeout = 15s
[monitor]
plugin = console
INI
} >>"$work/job.ini"
chmod a+r "$work/job.ini"

# of NAME WORDS...: a command's output, kept under that name
of()
{
    local name=$1
    shift
    run_for 20 "${as_user[@]}" "$work/program/lrhost" "$@" >"$seen/$name" 2>&1
}
finds() # TEXT FOLDER-OR-FILE...
{
    grep -rqF -e "$@"
}
processes() # as ps shows them
{
    local one
    for one in /proc/[0-9]*/cmdline; do
        tr '\0' ' ' 2>/dev/null <"$one" && echo
    done 2>/dev/null # some end meanwhile
}
# Everything under /proc/PID that a user can read, but for memory and what has no end.
read_proc() # PID FILE [PREFIX...]
{
    local pid=$1 file=$2 one
    shift 2
    for one in /proc/"$pid"/* /proc/"$pid"/task/"$pid"/*; do
        case $one in */mem | */pagemap | */clear_refs) continue ;; esac
        [ -f "$one" ] && timeout 2 "$@" cat "$one" 2>/dev/null
    done >"$file"
}

# start NAME WORDS...: a pipeline in the background, until records come out; sets pid
pid=
start()
{
    local name=$1 before
    shift
    before=$(topic_count topic2)
    send 3
    # Not by timeout(1) nor in a subshell: this process is the one that is looked at.
    "${as_user[@]}" "$@" >"$seen/$name" 2>&1 &
    pid=$!
    wait_until 30 has_records $((before + 3)) topic2 || {
        tail -n 5 "$seen/$name"
        fail "$name does not run"
    }
}
finish() # SIGNAL CODE WHAT
{
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null
    expect_code "$2" $? "$3"
}

ulimit -c unlimited
cd "$work/run" || exit 70
half=${secret%???}:${secret: -3} # for memory.py
pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in */* | \|*) pattern= ;; esac
core_file() # the one that a crash left here
{
    find "$work/run" -name 'core*' | head -n 1
}

# ---- the pipeline itself, looked at while it runs ------------------------------------------------
start running "$work/program/lrhost" --log-level=debug "$work/job.ini"
grep -q 'sasl.password = \[redacted\]' "$seen/running" ||
    fail "the log does not show what librdkafka knows; it cannot be judged"
processes >"$seen/processes"
grep -q "program/lrhost --log-level=debug" "$seen/processes" || fail "the pipeline is no process"
read_proc "$pid" "$seen/proc" "${as_user[@]}"
read_proc "$pid" "$seen/proc-root"
[ -s "$seen/proc" ] || fail "nothing of /proc could be read"
"${as_user[@]}" "$root/tests/security/memory.py" "$pid" "$half"
expect_code 2 $? "the memory, seen by another process of the same user"
if "${as_user[@]}" cat "/proc/$pid/environ" >/dev/null 2>&1; then
    fail "another process of the same user can read the environment"
fi
wait_until 10 of status status --json "$work/job.ini" || fail "no status: $(cat "$seen/status")"
cp "$work"/run/*.state "$seen" || fail "there is no state file to look through"
finish SEGV 139 "a crash"
[ -z "$(core_file)" ] || fail "the crash left a core file: $(core_file)"

# ---- what goes wrong, and what commands print ----------------------------------------------------
of wrong-password --log-level=debug --set "kafka.kafka.sasl.password=file:$work/credentials/wrong" \
    "$work/job.ini"
expect_code 69 $? "a wrong password" "$seen/wrong-password"
of wrong-passphrase --log-level=debug \
    --set "kafka.kafka.ssl.key.password=file:$work/credentials/wrong" "$work/job.ini"
expect_code 78 $? "a wrong passphrase" "$seen/wrong-passphrase"
of check check "$work/job.ini"
expect_code 0 $? "check" "$seen/check"
of list list
of describe describe kafka
of schema describe --json
of topics topics list "$work/job.ini"
expect_code 0 $? "topics list" "$seen/topics"
# The secret in the file itself, and in lines that are mistakes.
n=0
for line in "kafka.sasl.password = $secret" "kafka.sasl.pasword = $secret" "kafka.sasl.password $secret" \
    "kafka.ssl.key.pem = $secret" "kafka.sasl.password = \${$secret}" "kafka.sasl.password = $secret ; x"; do
    sed "s|^kafka.sasl.password.*|$line|" "$work/job.ini" >"$work/inline.ini"
    chmod a+r "$work/inline.ini"
    of "inline-$((n += 1))" check "$work/inline.ini"
done
grep -q "stands in the file for everyone to read" "$seen/inline-1" || fail "no warning: $(cat "$seen/inline-1")"

cp -r "$work/run" "$seen/run"
if finds "$secret" "$seen"; then
    grep -rF -e "$secret" "$seen" | cut -c 1-200
    fail "a secret can be seen in the above"
fi

# ---- controls: the same searches find it where it is ---------------------------------------------
cat >"$work/open.c" <<'C'
int prctl(int option, ...);
int prctl(int option, ...) /* the call that is missing */
{
    (void)option;
    return 0;
}
C
${CC:-cc} -shared -fPIC -o "$work/open.so" "$work/open.c" || fail "no control without a compiler"
start control "$work/program/lrhost" --set "kafka.kafka.sasl.password=$secret" "$work/job.ini"
processes >"$work/processes"
finds "$secret" "$work/processes" || fail "control: not found among the processes"
read_proc "$pid" "$work/proc"
finds "$secret" "$work/proc" || fail "control: not found in /proc"
finish TERM 0 "the control's end"
start control env LD_PRELOAD="$work/open.so" "$work/program/lrhost" "$work/job.ini"
"${as_user[@]}" "$root/tests/security/memory.py" "$pid" "$half"
expect_code 0 $? "control: not found in memory"
finish SEGV 139 "the control's crash"
if [ -z "$pattern" ]; then
    echo "(core files go elsewhere here, and were not looked at)"
elif [ -z "$(core_file)" ]; then
    fail "control: no core file"
else
    finds "$secret" "$(core_file)" || fail "control: not found in the core file"
fi
echo "password and passphrase: in nothing that others can read, and found by the same searches in controls"

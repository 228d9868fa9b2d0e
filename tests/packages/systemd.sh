#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The unit under a real systemd, with its whole sandbox and pipelines that need no broker: start,
# status, reload, drain, watchdog, what is restarted and what is not, start limit, what the sandbox
# forbids. systemd_kafka.sh has those with a broker.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/systemd_lib.sh"
start_machine

# ---- pipelines --------------------------------------------------------------------------------
# As docs/systemd.md has it: from a file that grows to one in the state folder.
write_files() # NAME
{
    block files.ini | sed "s/files/$1/" >"$machine/etc/lrhost/$1.ini"
    write_model "$1" 2
    : >"$machine/srv/$1.txt"
    chmod 644 "$machine/srv/$1.txt"
}
write_model() # NAME WEIGHT
{
    printf '{"bias": 0.0, "weights": [%s, 0.0], "features": 2}\n' "$2" >"$machine/etc/lrhost/$1.json"
}
feed() # NAME FIRST LAST
{
    seq -f '%.0f.0,1.0;0.0' "$2" "$3" >>"$machine/srv/$1.txt"
}
out_of() # NAME: what it wrote
{
    echo "$machine/var/lib/private/lrhost/$1/out.txt"
}

# Goes wrong as told; see tests/plugins/trouble.c.
write_trouble() # NAME SECTION 'KEY = VALUE\nKEY = VALUE'
{
    cat >"$machine/etc/lrhost/$1.ini" <<INI
[pipeline]
name = $1
on_bad_record = skip
[source]
plugin = trouble.so
count = 1
[engine]
plugin = trouble.so
[sink]
plugin = trouble.so
INI
    sed -i "/^\[$2\]/a $3" "$machine/etc/lrhost/$1.ini"
}
install -m 644 "$BUILD/tests/plugins/trouble.so" "$machine/etc/lrhost/"

# Seconds are as long here as minutes elsewhere.
quick='RestartSec=100ms'

# ---- a pipeline, its status, its sandbox --------------------------------------------------------
write_files files
feed files 1 1000
inside systemctl start lrhost@files || { journal files; fail "the pipeline does not start"; }
expect_equal active "$(property files ActiveState)" "after the start"
wait_until 10 has_lines 1000 "$(out_of files)" || { journal files; fail "nothing is written"; }
expect_equal '1000.0,1.0;0.0;2000.0' "$(tail -n 1 "$(out_of files)")" "the last record"
reports() { property files StatusText | grep -qE '^running: [0-9]+ records/s, lag '; }
wait_until 5 reports || fail "the status text is '$(property files StatusText)'"
inside lrhost status /etc/lrhost/files.ini >"$work/status" 2>&1
expect_code 0 $? "lrhost status" "$work/status"
inside journalctl -o json --output-fields=PRIORITY -u lrhost@files _COMM=lrhost >"$work/priorities"
expect_text '"PRIORITY":"6"' "$work/priorities" "levels of log lines in the journal"
grep -qF '<6>' "$work/priorities" && fail "a level stands in the text of a log line"

pid=$(property files MainPID)
inside cat "/proc/$pid/status" >"$work/process"
for line in 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1' 'Seccomp:	2'; do
    expect_text "$line" "$work/process" "the sandbox"
done
grep -qP '^Uid:\t0' "$work/process" && fail "it runs as root"
inside cat "/proc/$pid/limits" | grep -q '^Max core file size  *0  *0 ' || fail "it may dump core"

# ---- stop and start: every record once ------------------------------------------------------------
for part in 1 2 3; do
    feed files $((part * 1000 + 1)) $((part * 1000 + 1000)) &
    inside systemctl restart lrhost@files || fail "restart $part"
    wait $!
done
wait_until 10 has_lines 4000 "$(out_of files)" || { journal files; fail "not all is written"; }
inside systemctl stop lrhost@files
expect_equal success "$(property files Result)" "a stop"
seq -f '%.0f.0,1.0;0.0' 4000 >"$work/wanted"
cut -d';' -f1,2 "$(out_of files)" >"$work/got"
expect_same_file "$work/wanted" "$work/got" "records in and out over three restarts"

# ---- reload ---------------------------------------------------------------------------------------
inside systemctl start lrhost@files
write_model files 3
inside systemctl reload lrhost@files || { journal files; fail "a reload"; }
took_over() # WEIGHT
{
    feed files 10 10
    [ "$(tail -n 1 "$(out_of files)")" = "10.0,1.0;0.0;$1.0" ]
}
wait_until 10 took_over 30 || { journal files; fail "a reload changes nothing"; }
sed -i.good 's/^plugin = linreg/plugin = linrge/' "$machine/etc/lrhost/files.ini"
inside systemctl reload lrhost@files 2>"$work/err" && fail "a file with a mistake is taken"
mv "$machine/etc/lrhost/files.ini.good" "$machine/etc/lrhost/files.ini"
expect_equal active "$(property files ActiveState)" "after a reload that failed"
took_over 30
wait_until 10 took_over 30 || fail "a reload that failed stops the flow"

# With secrets, which a reload is not given. No broker is here, so something else runs.
install -d -m 700 "$machine/etc/credstore"
(umask 077 && echo secret >"$machine/etc/credstore/lrhost.secrets.password")
{
    printf '[pipeline]\non_bad_record = skip\n[source]\nplugin = kafka\ntopic = t\nkafka.group.id = g\n[sink]\nplugin = null\n'
    block secrets | sed '/ssl\.c/d; /^\[kafka\]/a kafka.bootstrap.servers = localhost:9092'
} >"$machine/etc/lrhost/secrets.ini"
drop_in secrets <<'UNIT'
[Service]
Type=exec
WatchdogSec=0
ExecStart=
ExecStart=/bin/sh -c 'trap : HUP; while :; do sleep 1; done'
UNIT
inside systemctl start lrhost@secrets || { journal secrets; fail "a pipeline with secrets does not start"; }
inside systemctl reload lrhost@secrets || { journal secrets; fail "a reload of a pipeline with secrets"; }
rm "$machine/etc/credstore/lrhost.secrets.password"
inside systemctl restart lrhost@secrets 2>/dev/null && fail "control: a start without its secret passes"
inside systemctl stop lrhost@secrets

# ---- killed: the next one goes on --------------------------------------------------------------------
printf '[Service]\n%s\n' "$quick" | drop_in files
kill_inside KILL "$(property files MainPID)"
wait_until 10 has files NRestarts 1 || { journal files; fail "SIGKILL: it is not restarted"; }
wait_until 10 has files ActiveState active || { journal files; fail "SIGKILL: it does not come back"; }
lines=$(wc -l <"$(out_of files)")
feed files 1 1000
wait_until 10 has_lines $((lines + 1000)) "$(out_of files)" || fail "after SIGKILL nothing is written"

# ---- the watchdog -------------------------------------------------------------------------------------
# A stuck call, and the same without a watchdog; a stopped process; one that has nothing to do; and
# one that waits for its sink.
write_trouble stuck sink 'stuck = write'
write_trouble patient sink 'stuck = write'
write_files idle
write_files stopped
write_trouble paused sink 'hold = yes'
sed -i 's/^name.*/&\nmax_in_flight = 10/; s/^count.*/count = 1000/' "$machine/etc/lrhost/paused.ini"
# A stop would wait for the stuck ones.
printf '[Service]\n%s\nTimeoutStopSec=1s\nWatchdogSec=0\n' "$quick" | drop_in patient
for name in stuck idle stopped paused; do
    printf '[Service]\n%s\nTimeoutStopSec=1s\nWatchdogSec=2s\n' "$quick" | drop_in $name
done
inside systemctl start lrhost@stuck lrhost@patient lrhost@idle lrhost@stopped lrhost@paused || {
    inside journalctl -o cat -n 40
    fail "not all start that the watchdog looks at"
}
kill_inside STOP "$(property stopped MainPID)"
restarted() { [ "$(property "$1" NRestarts)" -gt 0 ]; }
for name in stuck stopped; do
    wait_until 20 restarted $name || { journal $name; fail "the watchdog does not see '$name'"; }
    journal $name >"$work/log"
    expect_text 'Watchdog timeout' "$work/log" "$name"
done
sleep 2
for name in patient idle paused; do
    expect_equal 0 "$(property $name NRestarts)" "restarts of '$name'"
    expect_equal active "$(property $name ActiveState)" "'$name'"
done
inside lrhost status --json /etc/lrhost/paused.ini >"$work/status"
grep -q '"records_read": [1-9][0-9]*, "records_delivered": 0,' "$work/status" || {
    cat "$work/status"
    fail "'paused' does not wait for its sink"
}

# ---- the restart table -----------------------------------------------------------------------------------
# The status that a plugin ends with, the program's exit code, and whether systemd tries again.
table='usage 64 no
data 65 no
unavailable 69 yes
internal 70 yes
fenced 75 yes
untrusted 77 no
config 78 no'
names=
while read -r status code _; do
    write_trouble "exit$code" engine "fail = run\nstatus = $status"
    printf '[Service]\n%s\n' "$quick" | drop_in "exit$code"
    names+=" lrhost@exit$code"
done <<<"$table"
# shellcheck disable=SC2086 # a list of words
inside systemctl start --no-block $names
while read -r status code again; do
    if [ "$again" = yes ]; then
        wait_until 10 restarted "exit$code" || { journal "exit$code"; fail "exit $code is not restarted"; }
    else
        wait_until 10 has "exit$code" ActiveState failed || fail "exit $code: it does not fail"
    fi
    journal "exit$code" >"$work/log"
    expect_text "code=exited, status=$code/" "$work/log" "status $status"
done <<<"$table"
sleep 1
while read -r status code again; do
    [ "$again" = yes ] || expect_equal 0 "$(property "exit$code" NRestarts)" "restarts after exit $code"
done <<<"$table"
# shellcheck disable=SC2086
inside systemctl stop $names
for signal in SEGV ABRT; do
    restarts=$(($(property idle NRestarts) + 1))
    kill_inside $signal "$(property idle MainPID)"
    wait_until 10 has idle NRestarts $restarts || { journal idle; fail "SIG$signal: it is not restarted"; }
    wait_until 10 has idle ActiveState active || fail "SIG$signal: it does not come back"
done
# A SIGTERM from elsewhere is a wish, and the end of the input is an end.
kill_inside TERM "$(property idle MainPID)"
wait_until 10 has idle ActiveState inactive || fail "SIGTERM: it does not end"
expect_equal 'success 0' "$(property idle Result) $(property idle NRestarts)" "after SIGTERM"

# ---- a file with a mistake: said once, not tried again; and with Restart=on-failure it would be -------
for name in wrong looping; do
    printf '[pipeline]\nname = %s\n[source]\nplugin = flie\n' $name >"$machine/etc/lrhost/$name.ini"
done
printf '[Service]\n%s\n' "$quick" | drop_in wrong
printf '[Service]\n%s\nRestart=on-failure\n' "$quick" | drop_in looping
inside systemctl start lrhost@wrong 2>/dev/null && fail "a file with a mistake is started"
inside systemctl start lrhost@looping 2>/dev/null
wait_until 10 restarted looping || fail "the control does not loop: this test sees nothing"
inside systemctl stop lrhost@looping
journal wrong >"$work/log"
expect_text "did you mean 'file'?" "$work/log" "a file with a mistake"
expect_equal 'failed 0' "$(property wrong ActiveState) $(property wrong NRestarts)" "a file with a mistake"

# ---- the start limit ------------------------------------------------------------------------------------
write_trouble limit engine 'fail = start\nstatus = unavailable'
printf '[Unit]\nStartLimitBurst=3\n[Service]\n%s\n' "$quick" | drop_in limit
inside systemctl start lrhost@limit 2>/dev/null && fail "what is unavailable starts"
given_up() { journal limit | grep -q 'Start request repeated too quickly'; }
wait_until 20 given_up || { journal limit; fail "the start limit is not reached"; }
expect_equal 3 "$(journal limit | grep -c 'status=69/')" "starts until the limit"
expect_equal failed "$(property limit ActiveState)" "at the start limit"

# ---- outside of its folders -------------------------------------------------------------------------------
write_files outside
sed -i 's|/var/lib/lrhost/outside/out.txt|/srv/out.txt|' "$machine/etc/lrhost/outside.ini"
chmod 777 "$machine/srv" # it is not the owner that forbids it
inside systemctl start lrhost@outside 2>/dev/null
journal outside >"$work/log"
expect_text 'Read-only file system' "$work/log" "a sink outside of its folder"
inside systemctl stop lrhost@outside
block folder | drop_in outside
feed outside 1 10
inside systemctl start lrhost@outside || { journal outside; fail "ReadWritePaths= does not open a folder"; }
wait_until 10 has_lines 10 "$machine/srv/out.txt" || fail "ReadWritePaths=: nothing is written"

# ---- what one can see of the others: nothing ------------------------------------------------------------
for name in look outside; do
    (umask 077 && echo secret >"$machine/etc/credstore/lrhost.$name.password")
done
drop_in look <<'UNIT'
[Service]
Type=exec
WatchdogSec=0
ExecStartPre=
ExecStart=
ExecStart=/bin/sh -c 'cd /proc; echo processes [0-9]*; ls -d /var/lib/private/lrhost/* /run/credentials/*; \
    cat /run/credentials/*/*; cat /etc/credstore/*; ls /home /root; echo end; sleep 60'
UNIT
inside systemctl restart lrhost@outside # with its secret
inside systemctl start lrhost@look
looked() { journal look | grep -qx end; }
wait_until 10 looked || { journal look; fail "a look around does not end"; }
journal look | grep -E '^(processes|/|secret)' | sort >"$work/seen"
printf '%s\n' "processes $(property look MainPID)" /run/credentials/lrhost@look.service \
    /var/lib/private/lrhost/look secret | sort >"$work/wanted"
expect_same_file "$work/wanted" "$work/seen" "what a pipeline sees of others"

# ---- a user of one's own ---------------------------------------------------------------------------------
inside useradd --system scoring
write_files scoring
feed scoring 1 10
block user | drop_in scoring
inside systemctl start lrhost@scoring || { journal scoring; fail "User= does not start"; }
wait_until 10 has_lines 10 "$machine/var/lib/lrhost/scoring/out.txt" || fail "User=: nothing is written"
expect_equal 'scoring scoring 640' "$(inside stat -c '%U %G %a' /var/lib/lrhost/scoring/out.txt)" "User="

# ---- all of them ---------------------------------------------------------------------------------------------
inside systemctl stop system-lrhost.slice
expect_equal '' "$(inside systemctl list-units -q --state=active 'lrhost@*')" "after stopping all"

# ---- an upgrade restarts nothing, and the next start is by the new unit ------------------------------------
dpkg-deb -R "$debs/lrhost_${version}_"*.deb "$work/other" || fail "cannot unpack lrhost"
sed -i 's/^Version: .*/Version: 9.9/' "$work/other/DEBIAN/control"
sed -i 's/^Description=.*/Description=another unit/' "$work/other/lib/systemd/system/lrhost@.service"
dpkg-deb -b "$work/other" "$machine/packages/other.deb" >"$work/out" 2>&1 || fail "dpkg-deb: $(cat "$work/out")"
inside systemctl start lrhost@idle || { journal idle; fail "the pipeline does not start again"; }
pid=$(property idle MainPID)
inside dpkg -i /packages/other.deb >"$work/out" 2>&1
expect_code 0 $? "dpkg -i" "$work/out"
expect_equal "active $pid" "$(property idle ActiveState) $(property idle MainPID)" "after an upgrade"
expect_equal 'another unit no' "$(property idle Description) $(property idle NeedDaemonReload)" \
    "the unit that systemd knows after an upgrade"

# ---- a removal stops all: the .rpm's, as far as it is no macro, and the .deb's ------------------------------
scriptlet=$(sed -n '/^%preun$/,/^%if/p' packaging/rpm/lrhost.spec | sed '1d; $d')
inside sh -c "$scriptlet" preun 1 || fail "%preun of an upgrade fails"
expect_equal active "$(property idle ActiveState)" "after %preun of an upgrade"
inside sh -c "$scriptlet" preun 0 || fail "%preun of a removal fails"
expect_equal inactive "$(property idle ActiveState)" "after %preun of a removal"
inside systemctl start lrhost@idle || fail "the pipeline does not start once more"
inside dpkg -r lrhost-kafka lrhost >"$work/out" 2>&1
expect_code 0 $? "dpkg -r" "$work/out"
expect_equal inactive "$(property idle ActiveState)" "after a removal"
inside systemctl start lrhost@idle 2>/dev/null && fail "a unit that was removed is started"
echo "the unit: starts, drains, reloads, is watched, restarted as the table says, and confined; upgraded, removed"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A broker that refuses records: the topic of results takes smaller records than the job writes.
# Whole requests are refused for one of them; only the large ones become dead letters, in order and
# with their reason, and everything else arrives once each.
. "$(dirname "$0")/lib.sh"
start_broker message.max.bytes=3000000

cat >"$work/job.ini" <<INI
[pipeline]
name = job
stop_when_idle = 2s
on_bad_record = dead_letter
[kafka]
kafka.bootstrap.servers = \${KAFKA}
partitions = 10
[source]
plugin = kafka
topic = in
kafka.group.id = job
[engine]
plugin = streaming
[sink]
plugin = kafka
topic = out
partition = input
[dead_letter]
plugin = kafka
topic = dead
INI
run_for 60 "$lrhost" topics create "$work/job.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics create" "$work/topics"
run_for 60 "$lrhost" topics create --set sink.topic=probe "$work/job.ini" >"$work/topics" 2>&1
expect_code 0 $? "topics create" "$work/topics"
for topic in out probe; do
    python3 "$here/admin.py" "$KAFKA" limit $topic 5000 || fail "the limit of $topic could not be set"
done
# Limits come into force later than they are set, and in order.
is_limited()
{
    ! head -c 6000 /dev/zero | tr '\0' x | kcat -q -b "$KAFKA" -P -t probe -p 0
}
wait_until 20 is_limited || fail "the limit did not come into force"

# Five of 2,000 are too large; each line begins with its number.
awk 'BEGIN { for (i = 1; i <= 2000; i++) { n = i % 400 == 7 ? 6000 : 20;
     s = i ":"; while (length(s) < n) s = s "x"; print s } }' >"$work/lines"
kcat -q -b "$KAFKA" -P -t in -p 4 <"$work/lines" || fail "kcat -P"
run_for 60 "$lrhost" -q "$work/job.ini" >"$work/log" 2>&1
expect_code 0 $? "the job" "$work/log"
read_topic out "$work/out"
read_topic dead "$work/dead"
cut -d ' ' -f 3 "$work/out" | cut -d : -f 1 | awk '!seen[$0]++' >"$work/got"
awk 'BEGIN { for (i = 1; i <= 2000; i++) if (i % 400 != 7) print i }' >"$work/wanted"
expect_same_file "$work/wanted" "$work/got" "results"
expect_equal '7 407 807 1207 1607' \
    "$(cut -d ' ' -f 3 "$work/dead" | cut -d : -f 1 | sort -n | tr '\n' ' ' | sed 's/ $//')" "dead letters"
kcat -q -b "$KAFKA" -C -t dead -o beginning -e -f '%h\n' | head -n 1 >"$work/headers"
expect_text 'lrhost.orig.topic=in' "$work/headers" "headers of a dead letter"
expect_text 'lrhost.orig.partition=4' "$work/headers" "headers of a dead letter"
echo "5 of 2000 refused by the broker are dead letters; $(wc -l <"$work/out") results written for 1995"

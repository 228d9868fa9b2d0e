#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# sink_sqlite: exactly once through kills at any moment, and two controls: a store of positions that
# is lost, which the database notices, and at_least_once, which writes some records again.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip "no python3 here to look into the database"
echo '#include <sqlite3.h>' | "${CC:-cc}" -E - >/dev/null 2>&1 || skip "no sqlite3.h here"
build model_mean source_counter sink_sqlite

ask() # SQL
{
    python3 -c 'import sqlite3, sys
for row in sqlite3.connect("scores.db", timeout=10).execute(sys.argv[1]): print(*row)' "$1"
}

run sink_sqlite
expect_equal "$(seq 0 9)" "$(ask 'SELECT offset FROM results ORDER BY rowid')" "order of results"
expect_equal '2,3,4;3.0 3.0' "$(ask 'SELECT value, prediction FROM results WHERE offset = 2')" "a result"
expect_equal 10 "$(ask 'SELECT next FROM positions')" "the stored position"
run sink_sqlite
expect_equal 10 "$(ask 'SELECT count(*) FROM results')" "results after a second run"

# Kills at every phase of start, transaction and commit.
export COUNT=3000 EVERY=300us
[ -z "$slow" ] || EVERY=1ms
kills=0
for delay in 0.03 0.11 0.07 0.19 0.05 0.13 0.17 0.09; do
    [ -z "$slow" ] || delay=0.3
    timeout -s KILL "$delay" lrhost --quiet sink_sqlite.ini >"$work/out" 2>&1
    [ $? -eq 137 ] && kills=$((kills + 1))
    expect_equal "$(ask 'SELECT max(next) FROM positions')" "$(ask 'SELECT count(*) FROM results')" \
        "results and position after a kill"
done
[ "$kills" -ge 4 ] || fail "only $kills runs were killed"
before=$(ask 'SELECT count(*) FROM results')
[ "$before" -lt 3000 ] || fail "all was done before the last run"
run sink_sqlite
expect_equal '3000 0 2999' "$(ask 'SELECT count(*), min(offset), max(offset) FROM results')" "every record once"

# Another program holds the database for a moment: it is waited for.
python3 -c 'import sqlite3, time
c = sqlite3.connect("scores.db", isolation_level=None)
c.execute("BEGIN IMMEDIATE"); open("held", "w").close(); time.sleep(0.7); c.execute("ROLLBACK")' &
wait_until 10 test -e held || fail "nobody holds the database"
COUNT=3100 run sink_sqlite
expect_equal 3100 "$(ask 'SELECT count(*) FROM results')" "results after somebody held the database"

# No room on the disk for a while (a limit of the file's size that is lifted): transactions are
# aborted and tried again by the same process, and nothing is lost or doubled.
if command -v prlimit >/dev/null; then
    (
        trap '' XFSZ # an error instead of a signal
        ulimit -S -f $(($(stat -c %s scores.db) / 1024 + 16))
        COUNT=9000 EVERY=0 exec "$lrhost" --quiet sink_sqlite.ini
    ) >"$work/out" 2>&1 &
    wait_until 10 grep -q 'not committed' "$work/out" || fail "there was room all the time"
    prlimit --pid $! --fsize=unlimited
    wait $!
    expect_code 0 $? "a run that had no room for a while" "$work/out"
    expect_equal '9000 0 8999' "$(ask 'SELECT count(*), min(offset), max(offset) FROM results')" \
        "every record once, with room again"
fi

# Control: without the positions the same records come again, and the table refuses them.
python3 -c 'import sqlite3; c = sqlite3.connect("scores.db"); c.execute("DELETE FROM positions"); c.commit()'
run_for 20 lrhost --quiet sink_sqlite.ini >"$work/out" 2>&1
expect_code 65 $? "a lost table of positions" "$work/out"
expect_text 'UNIQUE constraint failed' "$work/out" "a lost table of positions"

# at_least_once: what is there already is replaced; the positions are the source's business.
rm -f scores.db* counter.position
COUNT=100 EVERY=0 run sink_sqlite --set pipeline.guarantee=at_least_once
expect_equal 100 "$(cat counter.position)" "the source's position, at_least_once"
rm counter.position # as a crash before the commit would leave it
COUNT=100 EVERY=0 run sink_sqlite --set pipeline.guarantee=at_least_once
expect_equal 100 "$(ask 'SELECT count(*) FROM results')" "results of two runs, at_least_once"
expect_equal 0 "$(ask 'SELECT count(*) FROM positions')" "positions, at_least_once"

# What cannot be opened is named.
run_for 20 lrhost --quiet --set sink.path=/proc/none/x.db sink_sqlite.ini >"$work/out" 2>&1
expect_code 69 $? "a database that cannot be opened" "$work/out"
expect_text 'x.db: cannot be opened' "$work/out" "a database that cannot be opened"
run_for 20 lrhost check --set pipeline.lanes=2 sink_sqlite.ini >"$work/out" 2>&1
expect_code 78 $? "two lanes" "$work/out"
expect_text 'set lanes = 1' "$work/out" "two lanes"
echo "$kills kills; $before of 3000 records before the last run"

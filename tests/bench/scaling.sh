#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What a record costs with 1, 2, 4 lanes and with 1, 2, 4 processes, through a real Apache Kafka broker
# over a topic of 10 partitions, and in process with 1 and 2 lanes. Interleaved rounds, each contestant
# with a group and an output topic of its own. Not a test: machines are shared, and on a small one
# the broker and the lanes want the same cores, so the figure to read is CPU per record.
#
#   tests/bench/scaling.sh [ROUNDS] [RECORDS]
#
# Every output must hold exactly RECORDS records. The broker waits a second for all members of a new
# group, so that the work is dealt out once.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} records=${2:-1000000}
bench=$root/tests/bench
rows=$BUILD/bench-scaling.rows
model=$work/model.json
contestants=(1:1 2:1 4:1 1:2 1:4) # lanes:processes

topics() # VERB TOPIC
{
    TO=$2 run_for 60 "$lrhost" topics "$1" "$bench/kafka-fill.ini" >"$work/topics" 2>&1
    expect_code 0 $? "topics $1 $2" "$work/topics"
}

# members LANES PROCESSES: all of them, as one command whose CPU is that of its children
members()
{
    local i pids=() code=0
    for ((i = 0; i < $2; i++)); do
        "$lrhost" -q --set "pipeline.instance=bench-$i" --set "pipeline.lanes=$1" \
            --set pipeline.stop_when_idle=3s --set "model.load=$model" "$bench/kafka.ini" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || code=$?
    done
    return $code
}

# The first and the last record's time, and how many there are.
look() # TOPIC
{
    kcat -q -b "$KAFKA" -C -t "$1" -o beginning -e -f '%T\n' 2>"$work/kcat.err" |
        awk 'NR == 1 { low = high = $1 } $1 < low { low = $1 } $1 > high { high = $1 }
             END { printf "%d %.0f %.0f\n", NR, low, high }'
}

round() # NUMBER
{
    local i name topic took count first last
    for i in "${!contestants[@]}"; do
        name=${contestants[(i + $1) % ${#contestants[@]}]}
        topic=scaling-${name/:/-}-$1
        topics create "$topic"
        took=$(FROM=records TO=$topic GROUP=g-$topic run_for 60 python3 "$bench/kafka.py" measure \
            "${KAFKA_PID:-0}" bash -c 'members "$@"' members "${name%:*}" "${name#*:}" \
            2>"$work/log")
        expect_code 0 $? "$name" "$work/log" >&2
        read -r count first last <<<"$(look "$topic")"
        expect_equal "$records" "$count" "records of $name in round $1"
        echo "$1 $name $took $first $last" | tee -a "$rows" >&2
        topics delete "$topic"
    done
}

# In process: what lanes cost each other without a broker. The lanes share COUNT records.
in_process() # NUMBER LANES
{
    local took
    took=$(COUNT=4000000 python3 "$bench/kafka.py" measure 0 "$lrhost" -q \
        --set "pipeline.lanes=$2" "$bench/inprocess.ini" 2>"$work/log")
    expect_code 0 $? "$2 lanes in process" "$work/log" >&2
    echo "$1 in:$2 $took 0 4000" | tee -a "$rows" >&2
}

export -f members
export lrhost bench model KAFKA
start_broker log.segment.delete.delay.ms=1000 group.initial.rebalance.delay.ms=1000
topics create trial
TO=trial COUNT=20000 run_for 60 "$lrhost" -q "$bench/kafka-fill.ini" >"$work/log" 2>&1
topics create trial-model
FROM=trial TO=trial-model GROUP=model run_for 60 "$lrhost" -q --set "model.save=$model" \
    "$bench/kafka.ini" >"$work/log" 2>&1
expect_code 0 $? "training" "$work/log"
topics create records
TO=records COUNT=$records run_for 600 "$lrhost" -q "$bench/kafka-fill.ini" >"$work/log" 2>&1
expect_equal "$records" "$(topic_count records)" "records of the generator"
: >"$rows"
for number in $(seq "$rounds"); do
    round "$number"
    in_process "$number" 1
    in_process "$number" 2
done
python3 "$bench/kafka.py" scaling "$records" <"$rows"

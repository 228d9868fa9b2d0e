#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What lrhost costs at load through a real Apache Kafka broker, in CPU, as a ratio to the same job
# fused by hand (tests/bench/reference). One topic of 10 partitions is written once; then each
# contestant reads all of it, with a fresh group, into a topic of its own, in interleaved rounds
# that begin with another contestant each time. Not a test: machines are shared.
#
#   tests/bench/kafka.sh [ROUNDS] [RECORDS]
#
# Before the rounds, all scoring contestants must give the same bytes but for the times; in each
# round every output must hold exactly RECORDS records, so that a broken run cannot look fast. The
# rows behind the table stay in $BUILD/bench-kafka.rows.
. "$(dirname "$0")/lib.sh"
rounds=${1:-5} records=${2:-2000000}
reference=$BUILD/tests/bench/reference/reference
bench=$root/tests/bench
rows=$BUILD/bench-kafka.rows
model=$work/model.json
contestants=(raw score streaming microbatch once)

topics() # VERB TOPIC
{
    TO=$2 run_for 60 "$lrhost" topics "$1" "$bench/kafka-fill.ini" >"$work/topics" 2>&1
    expect_code 0 $? "topics $1 $2" "$work/topics"
}

fill() # TOPIC COUNT
{
    topics create "$1"
    TO=$1 COUNT=$2 run_for 600 "$lrhost" -q "$bench/kafka-fill.ini" >"$work/log" 2>&1
    expect_code 0 $? "writing $1" "$work/log"
}

# relay CONTESTANT FROM COUNT TO: prints what it took
relay()
{
    local engine=$1 guarantee=at_least_once
    case $1 in
    raw)
        set -- "$reference" raw "$KAFKA" "group-$4" "$2" "$4" "$3"
        ;;
    score)
        set -- "$reference" score "$KAFKA" "group-$4" "$2" "$4" "$3" "$model"
        ;;
    *)
        [ "$1" != once ] || engine=streaming guarantee=exactly_once
        export FROM=$2 TO=$4 GROUP=group-$4 ENGINE=$engine GUARANTEE=$guarantee
        set -- "$lrhost" -q --set "model.load=$model" "$bench/kafka.ini"
        ;;
    esac
    run_for 600 python3 "$bench/kafka.py" measure "${KAFKA_PID:-0}" "$@" 2>"$work/log"
    expect_code 0 $? "$*" "$work/log" >&2
}

# All scoring contestants on a small topic: the same records and predictions.
compare()
{
    local name digest first=
    fill trial 20000
    topics create trial-model
    FROM=trial TO=trial-model GROUP=model run_for 60 "$lrhost" -q --set "model.save=$model" \
        "$bench/kafka.ini" >"$work/log" 2>&1
    expect_code 0 $? "training" "$work/log"
    for name in "${contestants[@]}"; do
        [ "$name" != raw ] || continue
        topics create "trial-$name"
        relay "$name" trial 20000 "trial-$name" >/dev/null
        digest=$(kcat -q -b "$KAFKA" -C -t "trial-$name" -o beginning -e -f '%s\n' |
            sed 's/;[^;]*$//' | sort | sha256sum)
        expect_equal "${first:=$digest}" "$digest" "records and predictions of $name"
    done
}

# The records of a topic that readers of committed ones see, the first and the last one's time.
# An end offset would count the marks of transactions, too.
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
        topic=$name-$1
        topics create "$topic"
        took=$(relay "$name" records "$records" "$topic") || exit 1
        read -r count first last <<<"$(look "$topic")"
        expect_equal "$records" "$count" "records that $name wrote in round $1"
        echo "$1 $name $took $first $last" | tee -a "$rows.new" >&2
        topics delete "$topic"
    done
}

[ -x "$reference" ] || fail "$reference is not built"
start_broker log.segment.delete.delay.ms=1000
compare
fill records "$records"
expect_equal "$records" "$(topic_count records)" "records of the generator"
: >"$rows.new"
for number in $(seq "$rounds"); do
    round "$number"
done
mv "$rows.new" "$rows"
python3 "$bench/kafka.py" table "$records" <"$rows"
echo "Every output held exactly $records records; all predictions of a trial were equal."
echo "Nothing is taken off: start, joining the group and lrhost's idle second at the end are in wall"
echo "(an idle second costs about 1 ms of CPU); records/s is from the first to the last record written."

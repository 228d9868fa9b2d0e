#!/usr/bin/env bash
# Exec to first scored record, with 100,000 training records and no Kafka: one line on standard
# input, until its result can be read. Median and spread of ROUNDS runs.
#   tests/bench/first_record.sh [ROUNDS]
set -eu
BUILD=${BUILD:-build}
rounds=${1:-21}
config=$BUILD/first_record.ini
cat >"$config" <<'INI'
[pipeline]
on_bad_record = fail
[source]
plugin = stdio
[model]
plugin = linreg
features = 12
train_records = 100000
[sink]
plugin = stdio
INI
record='1.5,2.5,3.5,4.5,5.5,6.5,7.5,8.5,9.5,0.5,1.25,2.25;4.5'
for _ in $(seq "$rounds"); do
  began=$(date +%s%N)
  # read ends at the first line of output; the input stays open, so it is no exit that is timed
  read -r _ < <( { printf '%s\n' "$record"; sleep 0.3; } | "$BUILD/lrhost" -q "$config" )
  echo $(( ($(date +%s%N) - began) / 1000 ))
  wait
done | sort -n | awk '{ v[NR] = $1 / 1000 }
  END { printf "exec to first scored record, ms: median %.1f, min %.1f, max %.1f of %d runs\n", v[int((NR + 1) / 2)], v[1], v[NR], NR }'

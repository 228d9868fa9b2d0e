#!/usr/bin/env bash
# In-process throughput as a ratio to one fused loop over the same records, on one core, in
# interleaved rounds. CPU seconds, not elapsed time: machines are shared.
#   tests/bench/inprocess.sh [ROUNDS] [COUNT]
set -eu
BUILD=${BUILD:-build}
rounds=${1:-7} count=${2:-4000000}
pin() { taskset -c "${CORE:-0}" "$@"; }
cpu_of() { # CPU seconds (user + system) of a command
  ( TIMEFORMAT='%U %S'; { time "$@" >/dev/null 2>"$BUILD/bench.err"; } 2>&1 ) | awk '{ print $1 + $2 }'
}
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
host() { COUNT=$1 ENGINE=$2 pin "$BUILD/lrhost" -q tests/bench/inprocess.ini; }
export -f host pin
: >"$BUILD/bench.rows"
for _ in $(seq "$rounds"); do
  fused=$(pin "$BUILD/tests/bench/fused" "$count" | awk '{ print $2 }')
  base=$(cpu_of host 1 streaming) # start-up and training, taken off below
  streaming=$(cpu_of host "$count" streaming)
  micro=$(cpu_of host "$count" microbatch)
  echo "$fused $base $streaming $micro" >>"$BUILD/bench.rows"
done
awk -v n="$count" '{ print n / $1 / 1e6, n / ($3 - $2) / 1e6, n / ($4 - $2) / 1e6, ($3 - $2) / $1, ($4 - $2) / $1, $2 }' \
  "$BUILD/bench.rows" >"$BUILD/bench.table"
col() { awk -v c="$1" '{ print $c }' "$BUILD/bench.table" | median; }
printf 'medians of %s rounds, %s records of 12 features, one core, CPU time\n' "$rounds" "$count"
printf 'fused loop            %6.2f M records/s\n' "$(col 1)"
printf 'lrhost, streaming     %6.2f M records/s   %.3f x the CPU of the fused loop\n' "$(col 2)" "$(col 4)"
printf 'lrhost, microbatch    %6.2f M records/s   %.3f x the CPU of the fused loop\n' "$(col 3)" "$(col 5)"
printf 'start-up and training %6.0f ms CPU\n' "$(awk -v b="$(col 6)" 'BEGIN { print b * 1000 }')"

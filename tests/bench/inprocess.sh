#!/usr/bin/env bash
# In-process throughput as a ratio to one fused loop over the same records (tests/bench/fused), on one
# core, in interleaved rounds: generated records, and lines from file to file, with the fastest way
# to read and print that this processor has, and with the scalar one. CPU seconds, not elapsed time:
# machines are shared. Then one lane beside two on two cores, in elapsed time, and instructions
# where valgrind is. What lrhost needs to start and train is taken off.
#   tests/bench/inprocess.sh [ROUNDS] [COUNT]
set -eu
BUILD=${BUILD:-build}
rounds=${1:-7} count=${2:-4000000}
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
trap 'rm -rf "$work"' EXIT
lines=$work/lines result=$work/result
cpu_of() { # CPU seconds (user + system) of a command
  ( TIMEFORMAT='%U %S'; { time "$@" >/dev/null 2>"$work/err"; } 2>&1 ) | awk '{ print $1 + $2 }'
}
seconds_of() { ( TIMEFORMAT='%R'; { time "$@" >/dev/null 2>"$work/err"; } 2>&1 ); }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
host() { # WAY ENGINE COUNT [OPTION...]
  local way=$1 engine=$2 n=$3
  shift 3
  LRHOST_SIMD=$way COUNT=$n ENGINE=$engine "$BUILD/lrhost" -q "$@" tests/bench/inprocess.ini
}
host_file() { # WAY ENGINE FILE
  LRHOST_SIMD=$1 ENGINE=$2 INPUT=$3 RESULT=$result "$BUILD/lrhost" -q tests/bench/inprocess-file.ini
}
pinned() { # a function, on one core
  taskset -cp "${CORE:-0}" "$BASHPID" >/dev/null
  "$@"
}
fused() { LRHOST_SIMD=$1 taskset -c "${CORE:-0}" "$BUILD/tests/bench/fused" "${@:2}" | awk '{ print $2 }'; }

RESULT=$lines COUNT=$count "$BUILD/lrhost" -q tests/bench/inprocess-lines.ini 2>/dev/null
head -n 1 "$lines" >"$work/one"
row() { echo "$1 $2 $3" >>"$work/rows"; } # NAME, CPU seconds of the host and of the fused loop
for _ in $(seq "$rounds"); do
  for way in best scalar; do
    loop=$(fused "$way" "$count") base=$(cpu_of pinned host "$way" streaming 1)
    for engine in streaming microbatch; do
      cpu=$(cpu_of pinned host "$way" "$engine" "$count")
      row "generated,$way,$engine" "$(awk -v a="$cpu" -v b="$base" 'BEGIN { print a - b }')" "$loop"
    done
    loop=$(fused "$way" "$lines" "$result") base=$(cpu_of pinned host_file "$way" streaming "$work/one")
    cpu=$(cpu_of pinned host_file "$way" streaming "$lines")
    row "file,$way,streaming" "$(awk -v a="$cpu" -v b="$base" 'BEGIN { print a - b }')" "$loop"
  done
  one=$(seconds_of host best streaming "$count") two=$(seconds_of host best streaming "$count" --set pipeline.lanes=2)
  row lanes "$two" "$one"
done

printf 'medians of %s rounds, %s records of 12 features, one core, CPU time\n' "$rounds" "$count"
printf '%-34s %12s %12s %9s\n' '' 'fused, M/s' 'lrhost, M/s' 'CPU ratio'
awk '!seen[$1]++ && $1 != "lanes" { print $1 }' "$work/rows" | while read -r name; do
  awk -v n="$name" '$1 == n' "$work/rows" >"$work/of"
  printf '%-34s %12.2f %12.2f %9.3f\n' "$name" \
    "$(awk -v c="$count" '{ print c / $3 / 1e6 }' "$work/of" | median)" \
    "$(awk -v c="$count" '{ print c / $2 / 1e6 }' "$work/of" | median)" \
    "$(awk '{ print $2 / $3 }' "$work/of" | median)"
done
printf 'two lanes on %s cores: %.2f times the records/s of one, start and training included\n' "$(nproc)" \
  "$(awk '$1 == "lanes" { print $3 / $2 }' "$work/rows" | median)"

command -v valgrind >/dev/null || exit 0
instructions() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | awk '/Collected/ { print $NF }'; }
export LRHOST_SIMD=scalar
per_record() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", (b - a) / 100000 }'; }
loop=$(per_record "$(instructions "$BUILD/tests/bench/fused" 20000)" "$(instructions "$BUILD/tests/bench/fused" 120000)")
printf 'instructions per record, generated, scalar: fused %s' "$loop"
for engine in streaming microbatch; do
  export ENGINE=$engine
  a=$(COUNT=20000 instructions "$BUILD/lrhost" -q tests/bench/inprocess.ini)
  b=$(COUNT=120000 instructions "$BUILD/lrhost" -q tests/bench/inprocess.ini)
  host=$(per_record "$a" "$b")
  printf ', %s %s (%.3f)' "$engine" "$host" "$(awk -v a="$host" -v b="$loop" 'BEGIN { print a / b }')"
done
printf '\n'

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The main job on the embedded broker, once under each engine, then one table. Called by
# `make demo` when everything is built.
#
# Each run is one process with three pipelines (configs/demo): a generator that sends records at
# a fixed rate, the job, and a listener that measures. All figures come from the files that the
# job's console and the listener's report write. Left out: a comparison of speed. The rate is
# given, and the broker is librdkafka's test broker.
set -u
cd "$(dirname "$0")/.." || exit 70
BUILD=${BUILD:-build}
engines='streaming microbatch'
export DEMO_RATE=${DEMO_RATE:-10000} DEMO_COUNT=${DEMO_COUNT:-100000}
unset KAFKA LRHOST_PLUGIN_PATH

work=$(mktemp -d "${TMPDIR:-/tmp}/lrhost-demo.XXXXXX") || exit 70
trap 'rm -rf "$work"' EXIT

value() # KEY FILE: from flat JSON, one key per line
{
    sed -n 's/^ *"'"$1"'": *\(.*[^,]\),\{0,1\}$/\1/p' "$2" | tr -d '"'
}

for engine in $engines; do
    echo
    echo "== $engine: generator -> topic1 -> job -> topic2 -> listener, $DEMO_RATE records a second"
    mkdir "$work/$engine"
    DEMO_OUTPUT=$work/$engine "$BUILD/lrhost" --log-level=warning configs/demo/listen.ini \
        "configs/demo/$engine.ini" configs/demo/generate.ini
    code=$?
    if [ "$code" -ne 0 ]; then
        echo "demo: the run under the $engine engine ended with exit code $code" >&2
        exit "$code"
    fi
done

for engine in $engines; do
    job=$work/$engine/lrhost-demo-job.json report=$work/$engine/lrhost-demo-report.json
    for key in records_read records_bad; do
        echo "$engine $key $(value $key "$job")"
    done
    for key in records records_per_second latency_t0_mean_ms latency_t0_p50_ms latency_t0_p99_ms \
        latency_t0_max_ms latency_t0_min_ms mse r2; do
        echo "$engine $key $(value $key "$report")"
    done
done >"$work/figures"

awk -v engines="$engines" -v rate="$DEMO_RATE" '
    { figure[$1, $2] = $3 }
    function row(label, key, form,    i, v) {
        printf "%-34s", label
        for (i = 1; i <= n; i++) {
            v = figure[engine[i], key]
            printf "%14s", v == "" || v == "null" ? "-" : sprintf(form, v)
        }
        printf "\n"
    }
    END {
        n = split(engines, engine, " ")
        printf "\n%-34s", ""
        for (i = 1; i <= n; i++) printf "%14s", engine[i]
        printf "\n"
        row("records in (1)", "records_read", "%d")
        row("records out", "records", "%d")
        row("bad records", "records_bad", "%d")
        row("throughput, records/s (2)", "records_per_second", "%.0f")
        row("latency, ms (3)   mean", "latency_t0_mean_ms", "%.3f")
        row("                  p50", "latency_t0_p50_ms", "%.3f")
        row("                  p99", "latency_t0_p99_ms", "%.3f")
        row("                  max", "latency_t0_max_ms", "%.3f")
        row("                  min", "latency_t0_min_ms", "%.3f")
        row("model error       MSE", "mse", "%.3g")
        row("                  R2", "r2", "%.6f")
        printf "\n"
        print "(1) The job begins with what is sent after it has joined its group."
        printf "(2) The generator sends %s records a second; a job that keeps up shows no more.\n", rate
        print "(3) From when a record was due to be sent until the listener read its result. The broker"
        print "    is a test broker inside this process: no claim about the latency of Apache Kafka."
        for (i = 1; i <= n; i++)
            if (figure[engine[i], "records"] != figure[engine[i], "records_read"] ||
                figure[engine[i], "records"] + 0 == 0) {
                print "demo: under the " engine[i] " engine not every record came out"
                bad = 1
            }
        exit bad
    }' "$work/figures"

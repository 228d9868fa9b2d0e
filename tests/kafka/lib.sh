# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts against a real broker share, on top of tests/e2e/lib.sh: a broker of their own
# that goes away with them, and looking at topics with kcat, which is not ours.
given=${KAFKA_BROKER:-} # host:port of a broker to use instead of an own one (it must be empty)
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
here=$root/tests/kafka
command -v kcat >/dev/null || skip "skipped: no kcat to look at topics with"
command -v python3 >/dev/null || skip "skipped: no python3 to check with"

broker_dir=$BUILD/kafka/$(basename "$0" .sh).$$
clean_up_broker()
{
    [ -n "$given" ] || "$here/broker.sh" kill "$broker_dir"
    [ -n "${KEEP:-}" ] || rm -rf "$broker_dir"
    clean_up
}

# start_broker [WORD...], as broker.sh takes them: sets KAFKA and KAFKA_SASL, for us and for lrhost
start_broker()
{
    local told code
    if [ -n "$given" ]; then
        KAFKA=$given KAFKA_SASL=
    else
        trap clean_up_broker EXIT
        told=$("$here/broker.sh" start "$broker_dir" "$@")
        code=$?
        [ $code -eq 0 ] || {
            echo "${told:-the broker did not start (exit $code)}"
            exit $code
        }
        eval "$told"
    fi
    export KAFKA KAFKA_SASL
}

# read_topic TOPIC FILE: every record as "partition offset value", in order per partition
read_topic()
{
    kcat -q -b "$KAFKA" -C -t "$1" -o beginning -e -f '%p %o %s\n' 2>"$work/kcat.err" |
        sort -s -n -k1,1 -k2,2 >"$2"
}

# topic_count TOPIC: how many records it holds
# shellcheck disable=SC2046 # one -t for each partition
topic_count()
{
    kcat -q -b "$KAFKA" -Q $(for p in 0 1 2 3 4 5 6 7 8 9; do printf -- '-t %s:%d:-1 ' "$1" $p; done) \
        2>"$work/kcat.err" | awk '{ n += $NF } END { print n + 0 }'
}
has_records() # COUNT TOPIC
{
    [ "$(topic_count "$2")" -ge "$1" ]
}

# ---- the main job ---------------------------------------------------------------------------
# $records of them; one line of [pipeline] may be added.
write_generate() # FILE TOPIC RATE
{
    cat >"$1" <<INI
[pipeline]
name = generate
[kafka]
kafka.bootstrap.servers = \${KAFKA}
[source]
plugin = generator
features = 12
seed = 7
count = ${records:?}
rate = $3
[codec]
plugin = text
[engine]
plugin = streaming
[sink]
plugin = kafka
topic = $2
partition = sticky
INI
}

write_job() # FILE IN OUT ENGINE IDLE
{
    cat >"$1" <<INI
[pipeline]
name = job
lanes = 2
$5
[kafka]
kafka.bootstrap.servers = \${KAFKA}
partitions = 10
[source]
plugin = kafka
topic = $2
kafka.group.id = job-$2-$4
[codec]
plugin = text
[engine]
plugin = $4
[model]
plugin = linreg
features = 12
save = model.json
[sink]
plugin = kafka
topic = $3
partition = input
[dead_letter]
plugin = kafka
topic = $2.dlq
INI
}

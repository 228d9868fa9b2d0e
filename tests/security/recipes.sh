#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The TLS and login recipes of SECURITY.md, as they stand there but for names of hosts and folders,
# against real brokers; and what must be refused: another authority, another host's name, no client
# certificate, a wrong password, the wrong protocol. Nothing is lost by any of these. LONG=yes logs in
# to Kafka 3.9, too, the newest that every librdkafka can log in to by SCRAM.
. "$(dirname "$0")/lib.sh"
command -v openssl >/dev/null || skip "skipped: no openssl to make certificates with"
secret_files

export CREDENTIALS_DIRECTORY=$work/credentials
# shellcheck disable=SC2119 # nothing beyond
start_tls_broker

# refuse RECIPE SERVERS TEXT WHAT [--set ...]: must end by itself with 69, with that sentence. Several
# at once, because each waits for connect_timeout: refused waits for all.
attempts=0
refuse()
{
    local recipe=$1 servers=$2 mine=$work/attempt.$((attempts += 1))
    printf '%s\n' "$3" >"$mine.text"
    printf '%s\n' "$recipe, $4" >"$mine.what"
    shift 4
    write_recipe "$recipe" "$servers"
    mv "$work/$recipe.ini" "$mine.ini"
    (
        run_for 60 "$lrhost" -q --set kafka.connect_timeout=8s --set "pipeline.instance=$attempts" \
            "$@" "$mine.ini" >"$mine.log" 2>&1
        echo $? >"$mine.code"
    ) &
}
refused()
{
    local mine
    wait
    for mine in "$work"/attempt.*.code; do
        mine=${mine%.code}
        expect_code 69 "$(cat "$mine.code")" "$(cat "$mine.what")" "$mine.log"
        expect_text "$(cat "$mine.text")" "$mine.log" "$(cat "$mine.what")"
        echo "$(cat "$mine.what"): refused"
    done
    expect_equal "$attempts" "$(cat "$work"/attempt.*.code | wc -l)" "attempts that ended"
    rm "$work"/attempt.*
    attempts=0
}

# accepted RECIPE SERVERS: records that came meanwhile are all scored
accepted()
{
    write_recipe "$1" "$2"
    send 5
    run_for 60 "$lrhost" -q "$work/$1.ini" >"$work/log" 2>&1
    expect_code 0 $? "$1" "$work/log"
    expect_all at_least_once "$1"
    echo "$1: runs"
}

send 5
refuse tls "$KAFKA_TLS" "certificate verify failed" "another authority" \
    --set "kafka.kafka.ssl.ca.location=$work/tls/other-ca.pem"
refuse tls "127.0.0.1:${KAFKA_TLS#*:}" "certificate verify failed" "another host's name"
refuse tls "$KAFKA_TLS" "connecting to a SSL listener?" "no TLS" \
    --set kafka.kafka.security.protocol=plaintext
refuse tls "$KAFKA" "no TLS connection to" "TLS where there is none"
refuse tls "$KAFKA_MTLS" "kafka.ssl.certificate.location" "no client certificate"
refuse mtls "$KAFKA_MTLS" "no TLS connection to" "a client of another authority" \
    --set "kafka.kafka.ssl.certificate.location=$work/tls/stranger.pem" \
    --set "kafka.kafka.ssl.key.location=$work/tls/stranger.key"
refuse plain "$KAFKA_LOGIN" "refused the login" "a wrong password" \
    --set "kafka.kafka.sasl.password=file:$work/credentials/wrong"
refuse plain "127.0.0.1:${KAFKA_LOGIN#*:}" "certificate verify failed" "another host's name"
refused

accepted tls "$KAFKA_TLS"
accepted mtls "$KAFKA_MTLS"
accepted plain "$KAFKA_LOGIN"

# SCRAM: the library decides which brokers let us in.
write_recipe scram "$KAFKA_LOGIN"
run_for 10 "$lrhost" check "$work/scram.ini" >"$work/log" 2>&1
expect_code 0 $? "check of scram" "$work/log"
if grep -q 'cannot log in by SCRAM to Kafka 4.0' "$work/log"; then
    refuse scram "$KAFKA_LOGIN" "here cannot log in by SCRAM to Kafka 4.0 or newer" "an old library"
    refused
    newer=$(PYTHONPATH=tests/chaos python3 -c 'import newer; print(newer.need_newer())' 2>"$work/err") ||
        newer=
    if [ -n "$newer" ]; then
        export LD_LIBRARY_PATH=$newer
    else
        echo "(no newer librdkafka here: SCRAM on Kafka 4 is not tried)"
    fi
else
    newer=yes
fi
if [ -n "$newer" ]; then
    refuse scram "$KAFKA_LOGIN" "refused the login" "a wrong password" \
        --set "kafka.kafka.sasl.password=file:$work/credentials/wrong"
    refused
    accepted scram "$KAFKA_LOGIN"
fi
unset LD_LIBRARY_PATH

[ -n "${LONG:-}" ] || exit 0
"$here/broker.sh" stop "$broker_dir"
export KAFKA_VERSION=3.9.0
# shellcheck disable=SC2119 # nothing beyond
start_tls_broker
refuse scram "$KAFKA_LOGIN" "refused the login" "a wrong password on Kafka 3.9" \
    --set "kafka.kafka.sasl.password=file:$work/credentials/wrong"
refused
accepted scram "$KAFKA_LOGIN"

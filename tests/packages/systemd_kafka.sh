#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The unit under a real systemd with pipelines from and to a real broker: TLS and a login by systemd's
# credentials, stops that lose and double nothing, and a broker that is gone for longer than the
# watchdog's patience, which restarts nothing.
. "$(dirname "$0")/../kafka/lib.sh"
. "$(dirname "$0")/systemd_lib.sh"
command -v openssl >/dev/null || skip "skipped: no openssl to make certificates with"

# ---- certificates, a broker that wants them, a container -----------------------------------------
issue() # NAME SUBJECT EXTENSION: NAME.key and NAME.pem, signed by our own authority
{
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$work/$1.key" -out "$work/$1.csr" &&
        openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 2 \
            -CAcreateserial -extfile <(echo "$3") -out "$work/$1.pem"
}
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout "$work/ca.key" \
        -out "$work/ca.pem" && issue broker localhost subjectAltName=DNS:localhost &&
        issue client scorer extendedKeyUsage=clientAuth
} >"$work/openssl.log" 2>&1 || fail "openssl: $(tail -n 3 "$work/openssl.log")"
cat "$work/broker.key" "$work/broker.pem" >"$work/store.pem"

name=listener.name.tls
start_broker listener:TLS=SASL_SSL "$name.ssl.keystore.type=PEM" "$name.ssl.keystore.location=$work/store.pem" \
    "$name.ssl.truststore.type=PEM" "$name.ssl.truststore.location=$work/ca.pem" \
    "$name.ssl.client.auth=required" "$name.sasl.enabled.mechanisms=PLAIN" \
    "$name.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_scorer=\"open sesame\";"
[ -z "$given" ] || skip "skipped: a given broker has no listener for us"
start_machine
install -m 644 "$work/ca.pem" "$work/client.pem" "$machine/etc/lrhost/"
install -d -m 700 "$machine/etc/credstore"

# ---- pipelines -----------------------------------------------------------------------------------------
write_scoring() # NAME GUARANTEE LANES FROM TO [LINE...]: of [kafka]
{
    local name=$1 guarantee=$2 lanes=$3 from=$4 to=$5
    shift 5
    cat >"$machine/etc/lrhost/$name.ini" <<INI
[pipeline]
name = $name
guarantee = $guarantee
lanes = $lanes
[source]
plugin = kafka
topic = $from
kafka.group.id = $name
[model]
plugin = linreg
features = 3
train_records = 1000
[sink]
plugin = kafka
topic = $to
[dead_letter]
plugin = kafka
topic = $to.dlq
[kafka]
INI
    [ $# -gt 0 ] || set -- "kafka.bootstrap.servers = $KAFKA"
    printf '%s\n' "$@" >>"$machine/etc/lrhost/$name.ini"
}
make_topic() # NAME PARTITIONS
{
    printf '[pipeline]\nname = t\non_bad_record = skip\n[source]\nplugin = generator\n[sink]
plugin = kafka\ntopic = %s\npartitions = %s\nkafka.bootstrap.servers = %s\n' "$1" "$2" "$KAFKA" >"$work/topic.ini"
    "$lrhost" topics create "$work/topic.ini" >"$work/log" 2>&1 ||
        fail "cannot make the topic $1: $(cat "$work/log")"
}
watched() # NAME...
{
    for name; do
        printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\nWatchdogSec=5s\n' |
            drop_in "$name"
    done
}
# As many records in the topic as were sent? Transactions' ends are none.
count_of() # TOPIC
{
    kcat -q -b "$KAFKA" -C -X isolation.level=read_committed -t "$1" -o beginning -e -f '%o\n' 2>/dev/null | wc -l
}
exactly() { [ "$(count_of "$1")" -eq "$sent" ]; }
at_least() { [ "$(count_of "$1")" -ge "$sent" ]; }
expect_records() # HOW NAME WHEN
{
    wait_until 60 "$1" "$2" && return
    journal "$2"
    fail "$3: $(count_of "$2") records came out of '$2', $sent went in"
}
for topic in in secure once least secure.dlq once.dlq least.dlq; do make_topic $topic 10; done
for topic in quiet bare bare.dlq; do make_topic $topic 1; done

cat >"$machine/etc/lrhost/load.ini" <<INI
[pipeline]
name = load
[source]
plugin = generator
features = 3
rate = 500
[sink]
plugin = kafka
topic = in
kafka.bootstrap.servers = $KAFKA
INI
write_scoring least at_least_once 2 in least
write_scoring once exactly_once 2 in once
# Two lanes for one partition, and nothing in it.
write_scoring bare at_least_once 2 quiet bare
write_scoring late at_least_once 1 quiet bare "kafka.bootstrap.servers = $KAFKA" 'connect_timeout = 3s'
write_scoring secure at_least_once 2 in secure "kafka.bootstrap.servers = $KAFKA_TLS" \
    "$(block secrets | sed 1d)"
watched load least once bare late secure

# ---- secrets are credentials -----------------------------------------------------------------------------
install -m 600 "$work/client.key" "$machine/etc/credstore/lrhost.secure.key"
(umask 077 && echo 'open sesam' >"$machine/etc/credstore/lrhost.secure.password")
inside systemctl start lrhost@secure 2>/dev/null && fail "a wrong password is good enough"
journal secure >"$work/log"
expect_text 'refused the login' "$work/log" "a wrong password"
expect_text 'code=exited, status=69/' "$work/log" "a wrong password"
inside systemctl stop lrhost@secure
(umask 077 && echo 'open sesame' >"$machine/etc/credstore/lrhost.secure.password")

# ---- all at work; stops in between lose and double nothing ---------------------------------------------
inside systemctl start lrhost@load lrhost@least lrhost@once lrhost@bare lrhost@secure || {
    for name in load least once bare secure; do journal $name; done
    fail "not all start"
}
for _ in 1 2; do
    sleep 1
    inside systemctl restart lrhost@least lrhost@once lrhost@secure || fail "a restart under load"
done
inside systemctl stop lrhost@load
sent=$(count_of in)
[ "$sent" -gt 500 ] || fail "the load is only $sent records"
for name in least once secure; do expect_records exactly $name "after restarts"; done

# ---- the broker is gone for longer than the watchdog waits -------------------------------------------------
inside systemctl start lrhost@load
wait_until 10 has_records $((sent + 100)) in || fail "the load does not go on"
"$here/broker.sh" kill "$broker_dir"
inside systemctl start --no-block lrhost@late
sleep 12
for name in load least once bare secure; do
    has $name ActiveState active && has $name NRestarts 0 || {
        journal $name | tail -n 40
        fail "$name does not live through a broker that is gone"
    }
done
[ "$(property late NRestarts)" -gt 0 ] || fail "'late' is not tried again"
# A busy machine may need more than one try.
"$here/broker.sh" again "$broker_dir" >/dev/null || "$here/broker.sh" again "$broker_dir" >/dev/null ||
    fail "the broker does not come back"
wait_until 30 has late ActiveState active || { journal late; fail "'late' does not start when the broker is back"; }
inside systemctl stop lrhost@load
sent=$(count_of in)
expect_records exactly once "after the broker's absence"
for name in least secure; do expect_records at_least $name "after the broker's absence"; done
for name in least once bare secure; do
    expect_equal 'active 0' "$(property $name ActiveState) $(property $name NRestarts)" "$name at the end"
done
# The control: it is watched.
kill_inside STOP "$(property bare MainPID)"
wait_until 20 has bare NRestarts 1 || { journal bare; fail "the watchdog does not see that 'bare' stands still"; }
wait_until 10 has bare ActiveState active || { journal bare; fail "'bare' does not come back"; }
inside systemctl stop 'lrhost@*'
for name in load least once bare secure; do
    expect_equal success "$(property $name Result)" "the stop of $name"
done
echo "the unit and a broker: TLS and login by credentials, drains, and waits for a broker that is gone"

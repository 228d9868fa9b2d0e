# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of SECURITY.md share: its own blocks, run as they stand there, and a pipeline.
. "$(dirname "${BASH_SOURCE[0]}")/../kafka/lib.sh"

block() # NAME
{
    block_of SECURITY.md "$1"
}

# write_pipeline FILE: all but [kafka], which comes from SECURITY.md
write_pipeline()
{
    cat >"$1" <<INI
[pipeline]
name = scoring
lanes = 2
stop_when_idle = 1s
[source]
plugin = kafka
topic = topic1
kafka.group.id = flink-ml
[codec]
plugin = text
[engine]
plugin = streaming
[model]
plugin = linreg
features = 3
train_records = 1000
seed = 42
[sink]
plugin = kafka
topic = topic2
[dead_letter]
plugin = kafka
topic = topic1.dlq
INI
}

sent=0
# send COUNT: so many more records, and as many that nobody can read; by the broker's administrator
send()
{
    local n
    for n in $(seq $((sent + 1)) $((sent + $1))); do
        printf '%d.0,2.0,3.0;2.0\nno record %d\n' "$n" "$n"
    done | kcat -q -b "$KAFKA" -P -t topic1 || fail "kcat -P"
    sent=$((sent + $1))
}

# expect_all HOW WHAT: every record that was sent is in topic2, or in topic1.dlq, once or at_least_once
expect_all()
{
    local topic seen
    for topic in topic2 topic1.dlq; do
        kcat -q -b "$KAFKA" -C -t $topic -o beginning -e -X isolation.level=read_committed \
            -f '%s\n' >"$work/seen" 2>"$work/kcat.err"
        [ "$1" = once ] || sort -u -t ';' -k 1,1 -o "$work/seen" "$work/seen"
        seen=$(wc -l <"$work/seen")
        expect_equal "$sent" "$seen" "$2: records in $topic"
    done
}

# ---- certificates, secrets and a broker that wants them --------------------------------------
authority() # NAME
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$1" -keyout "$work/tls/$1.key" -out "$work/tls/$1.pem" 2>"$work/openssl.err" ||
        fail "openssl: $(cat "$work/openssl.err")"
}
certificate() # AUTHORITY NAME SUBJECT [HOST]
{
    {
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
            ${4:+-addext "subjectAltName=DNS:$4"} -keyout "$work/tls/$2.key" -out "$work/tls/$2.csr" &&
            openssl x509 -req -in "$work/tls/$2.csr" -CA "$work/tls/$1.pem" -CAkey "$work/tls/$1.key" \
                -CAcreateserial -copy_extensions copy -days 2 -out "$work/tls/$2.pem"
    } 2>"$work/openssl.err" || fail "openssl: $(cat "$work/openssl.err")"
}

# In $work/tls: ca, other-ca, server (localhost), client, stranger (of other-ca). In
# $work/credentials, as a service manager would put them there: password, key, key-password; wrong.
secret_files()
{
    mkdir "$work/tls" "$work/credentials"
    chmod 700 "$work/credentials"
    secret=canary-$RANDOM$RANDOM$RANDOM
    authority ca
    authority other-ca
    certificate ca server localhost localhost
    certificate ca client lrhost
    certificate other-ca stranger lrhost
    printf '%s\n' "$secret" >"$work/credentials/password"
    printf '%s-key\n' "$secret" >"$work/credentials/key-password"
    printf 'wrong-%s\n' "$secret" >"$work/credentials/wrong"
    openssl pkcs8 -topk8 -v2 aes-256-cbc -in "$work/tls/client.key" \
        -passout "file:$work/credentials/key-password" -out "$work/credentials/key" ||
        fail "openssl pkcs8"
    cat "$work/tls/server.key" "$work/tls/server.pem" >"$work/tls/keystore.pem"
    chmod 600 "$work/credentials"/*
}

# start_tls_broker [PROPERTY=VALUE...]: KAFKA_TLS, KAFKA_MTLS (wants a client certificate), KAFKA_LOGIN
# (TLS; PLAIN and SCRAM-SHA-512); and the topics
# shellcheck disable=SC2120 # properties are for some
start_tls_broker()
{
    local login=listener.name.login
    start_broker listener:TLS=SSL listener:MTLS=SSL listener:LOGIN=SASL_SSL \
        "scram:lrhost=$secret" ssl.keystore.type=PEM "ssl.keystore.location=$work/tls/keystore.pem" \
        ssl.truststore.type=PEM "ssl.truststore.location=$work/tls/ca.pem" \
        listener.name.mtls.ssl.client.auth=required "$@" \
        $login.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512 \
        "$login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_lrhost=\"$secret\";" \
        "$login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;"
    [ -z "$given" ] || skip "skipped: a given broker has listeners of its own"
    write_pipeline "$work/admin.ini"
    printf '[kafka]\nkafka.bootstrap.servers = %s\npartitions = 2\n' "$KAFKA" >>"$work/admin.ini"
    run_for 20 "$lrhost" topics create "$work/admin.ini" >"$work/log" 2>&1
    expect_code 0 $? "topics create" "$work/log"
    sent=0
}

# write_recipe NAME SERVERS: $work/NAME.ini, a pipeline with that recipe of SECURITY.md
write_recipe()
{
    write_pipeline "$work/$1.ini"
    block "recipe: $1" | sed "s|kafka.example.org:9093|$2|; s|/etc/lrhost/tls|$work/tls|" \
        >>"$work/$1.ini"
}

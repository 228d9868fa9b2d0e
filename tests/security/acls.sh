#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The rights that SECURITY.md gives a user are enough, and none of them is too much: with all of them
# a pipeline runs to its end, and without any single one it says what it lacks and ends with 69, and
# nothing is lost. LONG=yes also tries Describe in the place of each, takes each away from a pipeline
# that runs, and runs the other engine.
. "$(dirname "$0")/lib.sh"
start_broker authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer \
    super.users=User:ANONYMOUS
[ -n "$KAFKA_SASL" ] || skip "skipped: a given broker has rights of its own"

write_pipeline "$work/job.ini"
(umask 077 && printf 'secret\n' >"$work/password")
cat >>"$work/job.ini" <<INI
[kafka]
kafka.bootstrap.servers = $KAFKA_SASL
kafka.security.protocol = sasl_plaintext
kafka.sasl.mechanisms = PLAIN
kafka.sasl.username = lrhost
kafka.sasl.password = file:$work/password
connect_timeout = 15s
partitions = 2
INI

# One JVM gives and takes all rights.
jars=$("$here/broker.sh" jars)
mkfifo "$work/say"
java -XX:TieredStopAtLevel=1 -XX:SharedArchiveFile="$jars/classes.jsa" \
    -Dlog4j2.configurationFile="$broker_dir/log4j2.properties" -cp "$jars/*" tests/security/Acls.java \
    "$KAFKA" <"$work/say" >"$work/done" 2>"$work/acls.err" &
exec 3>"$work/say"
asked=0
acl() # WORDS...: of kafka-acls.sh
{
    echo "$*" >&3
    asked=$((asked + 1))
    wait_until 20 has_lines $asked "$work/done" || {
        cat "$work/acls.err"
        fail "not done: $*"
    }
}

# The documented commands, each on one line.
rights() # NAME...
{
    local name
    for name; do
        block "acls: $name" | sed -e ':more; /\\$/{N; s/\\\n *//; b more}'
    done
}

run() # GUARANTEE [ENGINE]
{
    run_for 60 "$lrhost" -q --set "pipeline.guarantee=$1" --set "engine.plugin=${2:-streaming}" \
        "$work/job.ini" >"$work/log" 2>&1
}

# lacks GUARANTEE WHAT NAME [CODE]: the pipeline says that it may not use NAME
lacks()
{
    local code said wanted
    if [ -n "${4:-}" ]; then
        code=$4
    else
        run "$1"
        code=$?
    fi
    expect_code 69 "$code" "$1 $2" "$work/log"
    expect_text "does not let this user" "$work/log" "$1 $2"
    said=$(grep '^lrhost: ' "$work/log")
    case $3 in
    *-) wanted="'$3" ;; # the prefix of an id
    *) wanted="'$3'" ;;
    esac
    case $said in # a transaction's refusal has librdkafka's own words in it
    *"$wanted"* | *" $3["* | *"Group authorization failed"*) ;;
    *) fail "$1 $2: '$3' is not named: $said" ;;
    esac
    echo "$1 $2: ${said#*: the broker }"
}

name_of() # COMMAND: of the resource
{
    # shellcheck disable=SC2001 # not a pattern of the shell
    sed 's/.*--\(topic\|group\|transactional-id\) \([^ ]*\).*/\2/' <<<"$1"
}

# taken GUARANTEE COMMAND: from a pipeline that runs
taken()
{
    local pid before code
    before=$(topic_count topic2)
    run_for 60 "$lrhost" --set "pipeline.guarantee=$1" --set pipeline.stop_when_idle=1h "$work/job.ini" \
        >"$work/log" 2>&1 &
    pid=$!
    send 1
    wait_until 30 more_results "$before" || fail "$1: does not run: $(tail -n 5 "$work/log")"
    acl "${2/--add/--remove}"
    for _ in $(seq 60); do
        send 1
        sleep 0.2
        kill -0 $pid 2>/dev/null || break
    done
    wait $pid
    code=$?
    lacks "$1" "while it runs, without $(name_of "$2")" "$(name_of "$2")" $code
    acl "$2"
}
more_results() # THAN
{
    [ "$(topic_count topic2)" -gt "$1" ]
}

without_each() # GUARANTEE NAME...: of the blocks that hold its rights
{
    local guarantee=$1 right weaker
    shift
    rights "$@" >"$work/rights"
    while read -r right; do
        send 3
        acl "${right/--add/--remove}"
        lacks "$guarantee" "without $(name_of "$right")" "$(name_of "$right")"
        if [ -n "${LONG:-}" ]; then
            # shellcheck disable=SC2001
            weaker=$(sed 's/--operation [A-Z][a-z]*/--operation Describe/' <<<"$right")
            acl "$weaker"
            lacks "$guarantee" "with Describe on $(name_of "$right")" "$(name_of "$right")"
            acl "${weaker/--add/--remove}"
        fi
        acl "$right"
        [ -z "${LONG:-}" ] || taken "$guarantee" "$right"
    done <"$work/rights"
}

grant() # NAME
{
    local right
    rights "$1" >"$work/rights"
    while read -r right; do
        acl "$right"
    done <"$work/rights"
}
revoke() # NAME
{
    local right
    rights "$1" >"$work/rights"
    while read -r right; do
        acl "${right/--add/--remove}"
    done <"$work/rights"
}

# Topics are made by who may.
grant at_least_once
rights topics >"$work/rights"
while read -r right; do
    run_for 20 "$lrhost" topics create "$work/job.ini" >"$work/log" 2>&1
    expect_code 69 $? "topics create" "$work/log"
    expect_text "'$(name_of "$right")' could not be made" "$work/log" "topics create"
    acl "$right"
done <"$work/rights"
run_for 20 "$lrhost" topics create "$work/job.ini" >"$work/log" 2>&1
expect_code 0 $? "topics create" "$work/log"
revoke topics

grant exactly_once
send 10
run exactly_once
expect_code 0 $? "exactly_once with its rights" "$work/log"
expect_all once "exactly_once with its rights"
without_each exactly_once at_least_once exactly_once
run exactly_once ${LONG:+microbatch}
expect_code 0 $? "exactly_once at the end" "$work/log"
expect_all once "exactly_once at the end"

revoke exactly_once
send 10
run at_least_once
expect_code 0 $? "at_least_once with its rights" "$work/log"
without_each at_least_once at_least_once
run at_least_once ${LONG:+microbatch}
expect_code 0 $? "at_least_once at the end" "$work/log"
expect_all at_least_once "at_least_once at the end"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A real Apache Kafka broker for tests: one KRaft node, own data folder, free ports.
#
#   broker.sh start DIR [PROPERTY=VALUE...] [listener:NAME=PROTOCOL...] [scram:USER=PASSWORD...]
#                                             prints KAFKA=, KAFKA_SASL=, KAFKA_PID= to eval
#   broker.sh stop DIR                        SIGTERM, then SIGKILL; the folder stays
#   broker.sh kill DIR                        SIGKILL at once
#   broker.sh again DIR                       starts a stopped one on its old ports and data
#   broker.sh jars                            prints the folder of its jars, once they are there
#   broker.sh prepare                         what the first start does before it starts
#
# KAFKA is a plaintext listener, KAFKA_SASL one that wants SASL/PLAIN (user lrhost, password
# secret). A listener:NAME is called localhost and becomes KAFKA_NAME; properties listener.name.NAME.*
# say what it wants. A scram:USER is known to it by SCRAM-SHA-512. Topics are not made by themselves.
# The jars come from Maven Central once and stay in ${XDG_CACHE_HOME:-$HOME/.cache}/lrhost/kafka-4.1.0,
# or those of another KAFKA_VERSION beside them;
# without java, mvn or a network this exits with 77 and one line. KAFKA_JVM_PERFORMANCE_OPTS is Kafka's own
# variable; unset, the JVM compiles quickly and not well, which halves the CPU of a short life, and
# has its classes from an archive that the first start makes, which saves a third of the next ones.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=${KAFKA_VERSION:-4.1.0}
libs=${XDG_CACHE_HOME:-$HOME/.cache}/lrhost/kafka-$version
archive=$libs/classes.jsa
quick=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1)
if [ -n "${KAFKA_JVM_PERFORMANCE_OPTS:-}" ]; then
    read -r -a jvm <<<"$KAFKA_JVM_PERFORMANCE_OPTS"
else
    jvm=("${quick[@]}" "-XX:SharedArchiveFile=$archive")
fi

skip() {
    echo "skipped: $*"
    exit 77
}

need_jars() {
    command -v java >/dev/null || skip "no java, so no real Kafka broker"
    [ -e "$libs/complete" ] && return
    command -v mvn >/dev/null || skip "no mvn to fetch the Kafka broker with"
    mkdir -p "$libs"
    (
        flock 9
        [ -e "$libs/complete" ] && exit 0
        sed "s|<version>4.1.0<|<version>$version<|" "$here/pom.xml" >"$libs/pom.xml"
        timeout 300 mvn -q -B -f "$libs/pom.xml" dependency:copy-dependencies \
            -DoutputDirectory="$libs" >"$libs/mvn.log" 2>&1 && touch "$libs/complete"
    ) 9>"$libs/lock" || skip "the Kafka broker could not be fetched (see $libs/mvn.log)"
}

free_ports() {
    python3 - "$1" <<'PY'
import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in held))
PY
}

# What `start` was asked for, sorted into what each step needs.
sort_words() { # WORD...
    local word
    properties=() listeners=() users=()
    for word; do
        case $word in
        listener:*) listeners+=("${word#listener:}") ;;
        scram:*)
            word=${word#scram:}
            users+=(--add-scram "SCRAM-SHA-512=[name=${word%%=*},password=${word#*=}]")
            ;;
        *) properties+=("$word") ;;
        esac
    done
}

write_properties() { # DIR PLAIN SASL CONTROLLER [PORT...]: one for each of the listeners
    local dir=$1 plain=$2 sasl=$3 controller=$4 bound='' shown='' map='' one
    shift 4
    for one in "${listeners[@]}"; do
        bound+=,${one%%=*}://127.0.0.1:$1
        shown+=,${one%%=*}://localhost:$1
        map+=,${one%%=*}:${one#*=}
        shift
    done
    cat >"$dir/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$plain,SASL_PLAINTEXT://127.0.0.1:$sasl,CONTROLLER://127.0.0.1:$controller$bound
advertised.listeners=PLAINTEXT://127.0.0.1:$plain,SASL_PLAINTEXT://127.0.0.1:$sasl$shown
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT$map
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_lrhost="secret";
log.dirs=$dir/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
num.partitions=10
EOF
    printf '%s\n' "${properties[@]}" >>"$dir/server.properties"
    cat >"$dir/log4j2.properties" <<EOF
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
EOF
}

# An empty store names its cluster and no folder, so one serves all brokers that know no users.
format() { # DIR
    local id made=$libs/formatted
    if [ ${#users[@]} -eq 0 ] && [ -d "$made" ]; then
        cp -r "$made" "$1/data"
        return
    fi
    id=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22])')
    java "${jvm[@]}" -Dlog4j2.configurationFile="$1/log4j2.properties" -cp "$libs/*" \
        kafka.tools.StorageTool format -t "$id" -c "$1/server.properties" "${users[@]}" \
        >"$1/broker.log" 2>&1 || return
    [ ${#users[@]} -gt 0 ] || {
        cp -r "$1/data" "$made.$$" && mv -T "$made.$$" "$made" 2>/dev/null || rm -rf "$made.$$"
    }
}

launch() { # DIR
    local dir=$1 port
    # The last line counts, for us as for Kafka: a property of the caller's may be another one.
    port=$(sed -n 's|^listeners=[A-Z_]*://[^:]*:\([0-9]*\),.*|\1|p' "$dir/server.properties" | tail -n 1)
    java -Xms256m -Xmx512m "${jvm[@]}" -Dlog4j2.configurationFile="$dir/log4j2.properties" \
        -cp "$libs/*" kafka.Kafka "$dir/server.properties" >>"$dir/broker.log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/pid"
    for _ in $(seq 300); do
        kill -0 "$(cat "$dir/pid")" 2>/dev/null || break
        if grep -qs . "$dir/data/meta.properties" && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            return
        fi
        sleep 0.1
    done
    stop "$dir" KILL
    return 1
}

give_up() { # DIR
    tail -n 20 "$1/broker.log" >&2
    echo "the broker did not start, see $1/broker.log" >&2
    exit 1
}

print_address() { # DIR
    sed -n 's|^advertised.listeners=||p' "$1/server.properties" | tr ',' '\n' |
        sed 's|^PLAINTEXT://|KAFKA=|; s|^SASL_PLAINTEXT://|KAFKA_SASL=|; s|^\(.*\)://|KAFKA_\1=|'
    echo "KAFKA_PID=$(cat "$1/pid")"
}

stop() { # DIR SIGNAL [SECONDS]
    local pid
    [ -e "$1/pid" ] || return 0
    pid=$(cat "$1/pid")
    kill -"$2" "$pid" 2>/dev/null || true
    for _ in $(seq "${3:-10}0"); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    rm -f "$1/pid"
}

# A broker that lives for this alone leaves an empty store and its classes. Once, and best effort:
# the others do without.
prepare() (
    [ -z "${KAFKA_JVM_PERFORMANCE_OPTS:-}" ] || exit 0
    exec 9>"$libs/lock" && flock 9 && [ ! -e "$libs/prepared" ] || exit 0
    dir=$(mktemp -d -p "$libs")
    trap 'stop "$dir" KILL; rm -rf "$dir"' EXIT
    sort_words
    read -r -a ports <<<"$(free_ports 3)"
    write_properties "$dir" "${ports[@]}"
    jvm=("${quick[@]}")
    format "$dir"
    jvm+=("-XX:ArchiveClassesAtExit=$dir/classes.jsa")
    launch "$dir" && stop "$dir" TERM 60 && mv "$dir/classes.jsa" "$archive"
    touch "$libs/prepared"
)

verb=${1:-} dir=${2:-}
[ -n "$dir" ] || [ "$verb" = jars ] || [ "$verb" = prepare ] || {
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0"
    exit 64
}
case $verb in
start)
    shift 2
    sort_words "$@"
    need_jars
    command -v python3 >/dev/null || skip "no python3 to find free ports with"
    [ -e "$libs/prepared" ] || prepare || true
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    for attempt in 1 2 3; do # somebody may take a port before the broker does
        rm -rf "$dir/data"
        read -r -a ports <<<"$(free_ports $((3 + ${#listeners[@]})))"
        write_properties "$dir" "${ports[@]}"
        format "$dir" && launch "$dir" && break
        [ $attempt -lt 3 ] || give_up "$dir"
    done
    print_address "$dir"
    ;;
again)
    need_jars
    launch "$dir" || give_up "$dir"
    print_address "$dir"
    ;;
jars)
    need_jars
    echo "$libs"
    ;;
prepare)
    need_jars
    prepare || true
    ;;
stop) stop "$dir" TERM ;;
kill) stop "$dir" KILL ;;
*)
    echo "$verb: start, stop, kill, again, jars or prepare" >&2
    exit 64
    ;;
esac

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# compose.yaml without a container engine: Kafka with the settings that its service has in the
# environment, under the names and ports that it says, and each lrhost service's command with its
# own file and environment, this build's program standing for the image. In a network of its own, so
# that the ports are free. What compose itself does (order, volumes, limits) is not tried here.
[ -n "${OWN_NETWORK:-}" ] || [ "$(id -u)" -ne 0 ] ||
    OWN_NETWORK=yes exec unshare --net --mount "$0" "$@"
. "$(dirname "$0")/lib.sh"
python3 -c 'import yaml' 2>/dev/null || skip "skipped: no yaml for python3"
command -v ip >/dev/null || skip "skipped: no ip to bring the loopback up with"
ip link set lo up || skip "skipped: no network namespace"
sed '/kafka/d' /etc/hosts >"$work/hosts"
echo '127.0.0.1 kafka' >>"$work/hosts"
mount --bind "$work/hosts" /etc/hosts || skip "skipped: no mount namespace"
compose=packaging/container/compose.yaml

# read_compose PYTHON: an expression over `services`, printed
read_compose()
{
    python3 -c "import sys, yaml
services = yaml.safe_load(open('$compose'))['services']
print($1)"
}

# The image's rule: KAFKA_NODE_ID is node.id; heap and logs are not the broker's own settings.
# The folder is this test's, since the service's is a volume.
mapfile -t properties < <(read_compose '"\n".join(
    "%s=%s" % (name[6:].lower().replace("_", "."), value)
    for name, value in services["kafka"]["environment"].items()
    if name.startswith("KAFKA_") and name not in ("KAFKA_HEAP_OPTS", "KAFKA_LOG_DIRS"))')
[ "${#properties[@]}" -gt 10 ] || fail "only ${#properties[@]} properties of Kafka in $compose"
start_broker "${properties[@]}"
KAFKA=kafka:9092

# service NAME: becomes lrhost with the service's file, command and environment
service()
{
    local of="services['$1']" inside=/etc/lrhost/pipeline.ini file words variables
    file=packaging/container/$(read_compose "${of}['volumes'][0].split(':')[0]")
    mapfile -t words < <(read_compose "'\n'.join(${of}.get('command') or ['$inside'])")
    mapfile -t variables < <(read_compose "'\n'.join('%s=%s' % v for v in ${of}['environment'].items())")
    exec env -i LRHOST_PLUGIN_PATH="$BUILD/plugins" RUNTIME_DIRECTORY="$work" "${variables[@]}" \
        "$lrhost" "${words[@]/$inside/$file}"
}

for name in topics topics-microbatch; do
    (service $name) >"$work/$name" 2>&1
    expect_code 0 $? "$name" "$work/$name"
done
kcat -b localhost:9094 -L >"$work/metadata" 2>&1
for topic in topic1 topic2 topic2.microbatch topic1.dlq; do
    expect_text "topic \"$topic\" with 10 partitions" "$work/metadata" "on the host's port"
done

declare -A jobs
for name in streaming microbatch listen listen-microbatch generate; do
    service $name >"$work/$name" 2>&1 &
    jobs[$name]=$!
done
for topic in topic2 topic2.microbatch; do
    wait_until 60 has_records 2000 $topic || fail "only $(topic_count $topic) results in $topic"
done
for name in generate streaming microbatch listen listen-microbatch; do
    kill -TERM "${jobs[$name]}"
    wait "${jobs[$name]}"
    expect_code 0 $? "$name, stopped" "$work/$name"
done
for name in listen listen-microbatch; do
    expect_text 'latency' "$work/$name" "what $name reports"
done
echo "results: $(topic_count topic2) streaming, $(topic_count topic2.microbatch) microbatch"

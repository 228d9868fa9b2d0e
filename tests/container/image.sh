#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The image itself, with podman: `make image` on a fresh Debian 12 as its base, its settings, its
# root file system, a plugin of one's own, the compose file's job in it against a real Kafka with the
# image's own health check, the pods of packaging/kubernetes (pod.py), and TLS by the certificates
# where the image has them.
#
# Some seven minutes on a busy machine; root, a network, podman, mmdebstrap (make container-check).
# What podman keeps is in a folder that goes away, but for a small cache in /var/lib/containers, and
# its mounts are seen by this script alone.
if [ -z "${STORE:-}" ] && [ "$(id -u)" -eq 0 ]; then
    STORE=$(mktemp -d "${TMPDIR:-/tmp}/lrhost-image.XXXXXX") || exit 70
    STORE=$STORE unshare --mount "$0" "$@"
    code=$?
    rm -rf --one-file-system "$STORE"
    exit $code
fi
. "$(dirname "$0")/lib.sh"
for tool in podman mmdebstrap openssl; do
    command -v $tool >/dev/null || skip "skipped: no $tool"
done

python3 -c 'import yaml' 2>/dev/null || skip "skipped: no yaml for python3"

# podman's runtime wants control groups of the second version alone; no container needs any here.
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ||
    { umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; } ||
    skip "skipped: no control groups of the second version alone"
export CONTAINERS_CONF=$STORE/containers.conf CONTAINERS_STORAGE_CONF=$STORE/storage.conf
export BUILDAH_ISOLATION=chroot
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$STORE/root"
runroot = "$STORE/run"
END
cat >"$CONTAINERS_CONF" <<END
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "$STORE/tmp"
END
# ---- the image ------------------------------------------------------------------------------
echo "a fresh Debian 12, for the Containerfile's base"
mmdebstrap --quiet --mode=root --variant=minbase bookworm - 2>"$work/out" |
    podman import --quiet - docker.io/library/debian:12-slim >>"$work/out" 2>&1
expect_code 0 "$?" "importing the base" "$work/out"
MAKEFLAGS='' make -s image ENGINE=podman >"$work/out" 2>&1
expect_code 0 $? "make image" "$work/out"
image=localhost/lrhost:$(sed -n 's/^VERSION := //p' Makefile)

setting() # TEMPLATE
{
    podman image inspect --format "$1" "$image"
}
expect_equal 65532:65532 "$(setting '{{.Config.User}}')" "user"
expect_equal SIGTERM "$(setting '{{.Config.StopSignal}}')" "stop signal"
expect_equal '[/usr/bin/lrhost] [/etc/lrhost/pipeline.ini]' \
    "$(setting '{{.Config.Entrypoint}} {{.Config.Cmd}}')" "command"
expect_equal '[CMD /usr/bin/lrhost status /etc/lrhost/pipeline.ini]' \
    "$(setting '{{.HealthCheck.Test}}')" "health check, by exec"
expect_equal "lrhost $(setting '{{index .Labels "org.opencontainers.image.version"}}')" \
    "$(podman run --rm --no-healthcheck "$image" --version | head -n 1 | cut -d' ' -f1,2)" "version"
fs=$(podman image mount "$image")
expect_equal '' "$(complaints "$fs")" "complaints about the root file system"
base=$(podman image mount debian:12-slim)
[ "$(complaints "$base" | grep -c 'setuid\|a program')" -gt 100 ] || fail "Debian itself passes"
echo "image: $(($(setting '{{.Size}}') / 1000)) kB"

# A plugin of one's own, as docs/containers.md says.
mkdir "$work/own"
"${CC:-cc}" -std=c11 -fPIC -shared -Isdk/include sdk/examples/model_mean.c -o "$work/own/model_mean.so"
printf 'FROM %s\nCOPY --chown=0:0 model_mean.so /usr/lib/lrhost/\n' "$image" |
    podman build --quiet --format docker -f - -t own "$work/own" >"$work/out" 2>&1
expect_code 0 $? "an image with a plugin of one's own" "$work/out"
podman run --rm --no-healthcheck own describe model_mean >"$work/out" 2>&1
expect_text 'model model_mean' "$work/out" "a plugin of one's own"

# ---- the compose file's job -----------------------------------------------------------------
mount_folder "$work/config" packaging/container/streaming.ini pipeline.ini
# shellcheck disable=SC2119 # no properties of its own
start_broker
trap 'podman rm --force --all >/dev/null 2>&1; clean_up_broker' EXIT

hard=(--read-only --cap-drop=all --security-opt=no-new-privileges --network=host
    "--tmpfs=/run/lrhost:size=1m,mode=1777" --env=KAFKA="$KAFKA"
    --volume="$work/config:/etc/lrhost:ro")
once() { podman run --rm --no-healthcheck "${hard[@]}" "$image" "$@"; }
launch() { podman run --replace --name job --detach "${hard[@]}" "$image" >"$work/launch" 2>&1; }
process() { podman inspect --format '{{.State.Pid}}' job; }
health() { podman healthcheck run job; }
finish()
{
    podman stop --time 35 job >/dev/null 2>&1
    return "$(podman inspect --format '{{.State.ExitCode}}' job)"
}
play
unhealthy || fail "a container that is stopped counts as healthy"
podman logs job >"$work/out" 2>&1

# ---- the pods -------------------------------------------------------------------------------
# The test broker's login is without TLS, and its mechanism PLAIN.
sed 's/sasl_ssl/sasl_plaintext/' packaging/kubernetes/config.yaml \
    >"$work/config.yaml"
sed 's/change-me/secret/' packaging/kubernetes/secret.yaml >"$work/secret.yaml"
before=$(topic_count topic2)
for kind in statefulset deployment; do
    KAFKA=$KAFKA_SASL python3 tests/container/pod.py packaging/kubernetes/$kind.yaml \
        "$work/config.yaml" "$work/secret.yaml" "$work/$kind" "lrhost-$kind" >"$work/arguments"
    expect_code 0 $? "pod.py $kind"
    mapfile -d '' words <"$work/arguments"
    run=() probe=()
    for ((i = 0; i < ${#words[@]}; i++)); do
        [ "${words[i]}" != -- ] || { probe=("${words[@]:i + 1}"); break; }
        run+=("${words[i]}")
    done
    podman run --detach --network=host "${run[@]}" >"$work/out" 2>&1
    expect_code 0 $? "$kind: start" "$work/out"
    wait_until 60 podman exec "lrhost-$kind" "${probe[@]}" ||
        { podman logs "lrhost-$kind"; fail "$kind: its probes do not succeed"; }
    podman exec "lrhost-$kind" "${probe[@]}" >"$work/out"
    expect_text "scoring (lrhost-$kind): running" "$work/out" "$kind: the pod's name is the instance's"
    write_records 200
    wait_until 60 has_records $((before += 200)) topic2 || fail "$kind: $(topic_count topic2) results"
    podman stop --time 40 "lrhost-$kind" >/dev/null 2>&1
    code=$(podman inspect --format '{{.State.ExitCode}}' "lrhost-$kind")
    expect_equal 0 "$code" "$kind: exit code"
done

# ---- TLS ------------------------------------------------------------------------------------
# The authorities are looked for where the image has them: a broker of an authority of our own is
# refused, and trusted when that authority takes the place of the image's file.
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/key.pem" -out "$work/ca.pem" 2>/dev/null
chmod 644 "$work/ca.pem"
handshake() # OPTIONS...: does lrhost trust a TLS server?
{
    rm -f "$work/port"
    python3 tests/container/handshake.py "$work/ca.pem" "$work/key.pem" "$work/port" 2>"$work/server" &
    local server=$!
    wait_until 5 test -s "$work/port"
    podman run --rm --no-healthcheck "${hard[@]}" --env=KAFKA="localhost:$(cat "$work/port")" "$@" "$image" topics list \
        --set kafka.kafka.security.protocol=ssl --set source.connect_timeout=3s \
        --set sink.connect_timeout=3s /etc/lrhost/pipeline.ini >"$work/out" 2>&1
    wait "$server"
}
handshake && fail "a broker of an unknown authority is trusted"
expect_text 'unknown ca' "$work/server" "why the handshake ended"
handshake --volume="$work/ca.pem:/etc/ssl/certs/ca-certificates.crt:ro" ||
    { cat "$work/out"; fail "the image's authorities are not used"; }
echo "compose job, StatefulSet, Deployment, TLS: as they should be"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The image itself, with podman: `make image` on a fresh Debian 12 as its base, its settings, its
# root file system, the compose file's job in it against a real Kafka with the image's own health
# check, the Deployment of packaging/kubernetes by `podman play kube`, and TLS by the certificates
# where the image has them.
#
# Some four minutes; root, a network, podman, mmdebstrap (make container-check). What podman keeps
# is in a folder that goes away, and mounts are seen by this script alone.
[ -n "${PRIVATE_MOUNTS:-}" ] || PRIVATE_MOUNTS=yes exec unshare --mount "$0" "$@"
. "$(dirname "$0")/lib.sh"
for tool in podman mmdebstrap openssl; do
    command -v $tool >/dev/null || skip "skipped: no $tool"
done

# podman's runtime wants control groups of the second version alone; no container needs any here.
[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ||
    { umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup; } ||
    skip "skipped: no control groups of the second version alone"
export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
export BUILDAH_ISOLATION=chroot
cat >"$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$work/store/root"
runroot = "$work/store/run"
END
cat >"$CONTAINERS_CONF" <<END
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "$work/store/tmp"
END
clean_up_containers()
{
    podman rm --force --all >/dev/null 2>&1
    podman image umount --all >/dev/null 2>&1
    clean_up_broker
}

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
    "$(podman run --rm --network=none "$image" --version | head -n 1 | cut -d' ' -f1,2)" "version"
fs=$(podman image mount "$image")
expect_equal '' "$(complaints "$fs")" "complaints about the root file system"
base=$(podman image mount debian:12-slim)
[ "$(complaints "$base" | grep -c 'setuid\|a program')" -gt 100 ] || fail "Debian itself passes"
echo "image: $(($(setting '{{.Size}}') / 1000)) kB"

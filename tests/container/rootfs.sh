#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The image's root file system without a container engine: packaging/container/rootfs.sh from this
# build, judged, then entered as the image's user, with a root that cannot be written to, and the
# compose file's job run in it against a real Kafka. image.sh does the same with the image itself.
. "$(dirname "$0")/lib.sh"
command -v strip >/dev/null || skip "skipped: no strip"
fs=$work/root

# As `make install` puts them; that this build looks for plugins elsewhere is told to it below.
install -D -m 755 "$lrhost" "$work/stage/usr/bin/lrhost"
install -D -m 644 -t "$work/stage/usr/lib/lrhost" "$BUILD"/plugins/*.so
packaging/container/rootfs.sh "$work/stage" "$fs" >"$work/out" 2>&1
expect_code 0 $? "rootfs.sh" "$work/out"
expect_equal '' "$(complaints "$fs")" "complaints about the root file system"
echo "size: $(du -s --apparent-size -k "$fs" | cut -f1) KiB"

# Controls: what complaints are for, and a library that the root file system would not find.
cp -r "$fs" "$work/wrong"
install -D -m 4755 /bin/true "$work/wrong/bin/sh"
expect_equal 3 "$(complaints "$work/wrong" | grep -c 'bin/sh')" "complaints about a setuid shell"
mkdir "$work/elsewhere"
mv "$work"/wrong/lib/*/libinih.so.1 "$work/elsewhere"
LD_LIBRARY_PATH=$work/elsewhere packaging/container/rootfs.sh "$work/stage" "$work/wrong2" \
    >"$work/out" 2>&1
expect_code 69 $? "a library from a folder that the image does not look at" "$work/out"
expect_text 'not found: ' "$work/out" "what rootfs.sh says of it"

mount_folder "$work/config" packaging/container/streaming.ini pipeline.ini

# enter ARGS...: this shell becomes lrhost in there. Its mounts end with it.
enter()
{
    exec env -i LRHOST_PLUGIN_PATH=/usr/lib/lrhost RUNTIME_DIRECTORY=/run/lrhost KAFKA="$KAFKA" \
        unshare --mount bash -c '
            PATH=/usr/sbin:/usr/bin:/sbin:/bin root=$1 config=$2 user=$3
            shift 3
            mount --bind "$root" "$root" && mount -t proc proc "$root/proc" &&
                mount --rbind /dev "$root/dev" &&
                mount -t tmpfs -o mode=1777 tmpfs "$root/run/lrhost" &&
                mount --bind "$config" "$root/etc/lrhost" &&
                mount -o remount,bind,ro "$root" || exit 70
            exec chroot --groups= --userspec="$user:$user" "$root" /usr/bin/lrhost "$@"
        ' bash "$fs" "$work/config" "$user" "$@"
}

once() { (enter "$@"); }
launch()
{
    enter /etc/lrhost/pipeline.ini >"$work/job" 2>&1 &
    job=$!
}
process() { echo "$job"; }
health()
{
    env -i RUNTIME_DIRECTORY=/run/lrhost KAFKA="$KAFKA" \
        nsenter --target "$job" --mount --root --wd=/ --setuid "$user" --setgid "$user" \
        /usr/bin/lrhost status /etc/lrhost/pipeline.ini
}
finish()
{
    kill -TERM "$job"
    wait "$job"
}
# shellcheck disable=SC2119 # no properties of its own
start_broker
play

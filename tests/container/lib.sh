# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What rootfs.sh and image.sh share, on top of tests/kafka/lib.sh: judging a root file system, and
# the scenario that the program must play in it. A script says how a command is run in there.
. "$(dirname "${BASH_SOURCE[0]}")/../kafka/lib.sh"
[ "$(id -u)" -eq 0 ] || skip "skipped: needs root, to make a root file system and to enter it"
user=65532

# complaints DIR: what must not be in the image's root file system, a line each
complaints()
{
    (
        cd "$1" || exit 70
        find . -xdev ! -type l -perm /6000 -printf 'setuid or setgid: %P\n'
        find . -xdev \( ! -uid 0 -o ! -gid 0 \) -printf 'not of root: %P\n'
        find . -xdev ! -type l -perm /022 ! -path ./tmp ! -path ./run/lrhost \
            -printf 'others may write: %P\n'
        # Programs are what may be executed and is no library; one is ours, one is the loader.
        find . -xdev -type f -perm /111 ! -name '*.so' ! -name '*.so.*' ! -path ./usr/bin/lrhost \
            -printf 'a program: %P\n'
        for path in bin/sh usr/bin/sh var/lib/dpkg usr/share; do
            [ ! -e "$path" ] || echo "should not be there: $path"
        done
    )
}

# Files as Kubernetes mounts a ConfigMap or a Secret: NAME -> ..data/NAME, ..data -> a folder.
mount_folder() # FOLDER FILE NAME
{
    mkdir -p "$1/..2026_data" || exit 70
    cp "$2" "$1/..2026_data/$3" && ln -sfn ..2026_data "$1/..data" && ln -sfn "..data/$3" "$1/$3"
    chmod 755 "$1" "$1/..2026_data" && chmod 644 "$1/..2026_data/$3"
}

write_records() # COUNT
{
    for ((i = 0; i < $1; i++)); do
        echo "$i,2,3,4,5,6,7,8,9,10,11,12;6.5"
    done | kcat -P -b "$KAFKA" -t topic1
}

# play: the compose file's streaming job, from its topics to its stop. The script gives
#   once ARGS...     lrhost ARGS in a container of its own, to its end
#   launch           the job in the background
#   process          its process id as this machine sees it
#   health           the health check, in the running container
#   finish           a stop as an engine does it; returns the job's exit code
play()
{
    once topics create /etc/lrhost/pipeline.ini >"$work/out" 2>&1
    expect_code 0 $? "topics create" "$work/out"
    once status /etc/lrhost/pipeline.ini >"$work/out" 2>&1
    expect_code 69 $? "status where nothing runs" "$work/out"

    launch || fail "the job does not start"
    wait_until 60 health || { health; fail "it never became healthy"; }
    grep -q '^Uid:.65532.65532.65532.65532$' "/proc/$(process)/status" || fail "it is not user $user"
    grep -q '^CapEff:.0*$' "/proc/$(process)/status" || fail "it has capabilities"

    # A process that stands still is found out within ten seconds and some, and comes back. Its group
    # gives it up meanwhile, so this is not for the time when something may come twice by it.
    kill -STOP "$(process)"
    wait_until 30 unhealthy || fail "a stopped process counts as healthy"
    kill -CONT "$(process)"
    wait_until 20 health || fail "it does not recover"
    write_records 1000
    wait_until 30 has_records 1000 topic2 || fail "only $(topic_count topic2) of 1000 results"

    # Stopped amid records and started again: none is lost, none comes twice.
    write_records 500
    finish
    expect_code 0 $? "stop"
    launch || fail "the job does not start again"
    wait_until 60 health || { health; fail "it is not healthy again"; }
    wait_until 60 has_records 1500 topic2 || fail "only $(topic_count topic2) of 1500 results"
    finish
    expect_code 0 $? "second stop"
    expect_equal 1500 "$(topic_count topic2)" "results"
}
unhealthy() { ! health; }

# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of the unit share, on top of tests/e2e/lib.sh or tests/kafka/lib.sh: a Debian whose
# first process is systemd, in a container with the network of this machine and a disk in memory,
# and the packages of lrhost installed into it. It goes away with the script.
. "$(dirname "${BASH_SOURCE[0]}")/made_lib.sh"
# shellcheck disable=SC2034 # for unit.sh
unit=${root:?}/packaging/systemd/lrhost@.service
init=

block() # NAME
{
    block_of docs/systemd.md "systemd: $1"
}

clean_up_machine()
{
    # Killing the first process of a container kills all of it.
    [ -z "$init" ] || kill -KILL "$init" 2>/dev/null
    wait "$nspawn" 2>/dev/null
    if [ -n "${KAFKA:-}" ]; then
        clean_up_broker
    else
        clean_up
    fi
}

# The Debian itself, made once; nothing of it is changed.
make_base() # FOLDER
{
    mkdir -p "$(dirname "$1")"
    (
        flock 9
        [ -e "$1" ] && exit 0
        rm -rf --one-file-system "$1.new"
        mmdebstrap --quiet --mode=root --variant=minbase \
            --include=systemd,dbus,libinih1,libjansson4,librdkafka1 \
            bookworm "$1.new" >"$1.log" 2>&1 && mv "$1.new" "$1"
    ) 9>"$1.lock"
}

install_lrhost()
{
    make_packages deb
    mkdir "$machine/packages"
    cp "$debs"/lrhost_*.deb "$debs"/lrhost-kafka_*.deb "$machine/packages/"
    # The Debian has what they need.
    inside sh -c 'dpkg -i /packages/*.deb' >"$work/install.log" 2>&1 ||
        fail "dpkg -i: $(tail -n 3 "$work/install.log")"
}

# start_machine: after start_broker, where there is one. Sets machine, the container's root.
start_machine()
{
    local base=$BUILD/packages/systemd tool
    [ -z "${slow:-}" ] || skip "skipped: the container has no library of a sanitizer"
    [ "$(id -u)" -eq 0 ] || skip "skipped: a container with systemd needs root"
    for tool in mmdebstrap systemd-nspawn nsenter dpkg-buildpackage dh; do
        command -v $tool >/dev/null || skip "skipped: no $tool to make a container with systemd"
    done
    make_base "$base" || skip "skipped: no Debian could be fetched ($(tail -n 1 "$base.log"))"
    trap clean_up_machine EXIT
    # --read-only: several may stand on one folder.
    systemd-nspawn -q --register=no --keep-unit --read-only --volatile=overlay -D "$base" -b \
        >"$work/console" 2>&1 </dev/null &
    nspawn=$!
    wait_until 30 is_up || {
        cat "$work/console"
        skip "skipped: no container with systemd can be started here"
    }
    machine=/proc/$init/root
    echo '127.0.0.1 localhost' >"$machine/etc/hosts"
    install_lrhost
}
# nspawn may have a process of its own between itself and the container's first.
is_up()
{
    local outer
    outer=$(pgrep -P "$nspawn" systemd-nspawn || echo "$nspawn")
    init=$(pgrep -P "$outer" systemd) && inside systemctl is-system-running |
        grep -qE 'running|degraded'
}

inside() # COMMAND...
{
    nsenter -t "$init" -m -p -u -i -n -C -- "$@"
}

# A Debian this small has kill only in its shell.
kill_inside() # SIGNAL PID
{
    inside sh -c "kill -$1 $2"
}

property() # NAME PROPERTY
{
    inside systemctl show -P "$2" "lrhost@$1"
}
has() # NAME PROPERTY VALUE
{
    [ "$(property "$1" "$2")" = "$3" ]
}
journal() # NAME
{
    inside journalctl -o cat -u "lrhost@$1"
}

# drop_in NAME: its text comes on standard input
drop_in()
{
    install -d "$machine/etc/systemd/system/lrhost@$1.service.d"
    cat >"$machine/etc/systemd/system/lrhost@$1.service.d/test.conf"
    inside systemctl daemon-reload
}

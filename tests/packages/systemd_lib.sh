# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of the unit share, on top of tests/e2e/lib.sh: a Debian whose first process is
# systemd, in a container with the network of this machine, and lrhost installed into it as `make
# install` does it. It goes away with the script.
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
machine=$work/machine
unit=$root/packaging/systemd/lrhost@.service
init=

clean_up_machine()
{
    # Killing the first process of a container kills all of it.
    [ -z "$init" ] || kill -KILL "$init" 2>/dev/null
    clean_up
}

# The system itself, made once and kept for all scripts.
make_base() # FILE
{
    mkdir -p "$(dirname "$1")"
    (
        flock 9
        [ -e "$1" ] && exit 0
        mmdebstrap --quiet --mode=root --variant=minbase --format=tar \
            --include=systemd,dbus,libinih1,libjansson4,librdkafka1,libsimdjson14 \
            bookworm "$1.new" >"$1.log" 2>&1 && mv "$1.new" "$1"
    ) 9>"$1.lock"
}

install_lrhost()
{
    make -s -C "$root" BUILD="$BUILD" DESTDIR="$machine" install >"$work/install.log" 2>&1 ||
        fail "make install: $(tail -n 3 "$work/install.log")"
    # The unit names the place of a package, a build knows its own.
    ln -sf /usr/local/bin/lrhost "$machine/usr/bin/lrhost"
    install -m 644 "$unit" "$machine/etc/systemd/system/"
    install -d "$machine/etc/lrhost" "$machine/usr/local/lib/lrhost"
}

start_machine()
{
    local base=$BUILD/packages/systemd.tar tool
    [ "$(id -u)" -eq 0 ] || skip "skipped: a container with systemd needs root"
    for tool in mmdebstrap systemd-nspawn nsenter; do
        command -v $tool >/dev/null || skip "skipped: no $tool to make a container with systemd"
    done
    make_base "$base" || skip "skipped: no Debian could be fetched ($(tail -n 1 "$base.log"))"
    trap clean_up_machine EXIT
    mkdir "$machine"
    tar -C "$machine" -xf "$base" || fail "cannot unpack $base"
    install_lrhost
    systemd-nspawn -q --register=no --keep-unit -D "$machine" -b >"$work/console" 2>&1 </dev/null &
    nspawn=$!
    # nspawn may have a process of its own between itself and the container's first.
    wait_until 20 is_up || {
        cat "$work/console"
        skip "skipped: no container with systemd can be started here"
    }
}
is_up()
{
    local outer
    outer=$(pgrep -P "$nspawn" systemd-nspawn || echo "$nspawn")
    init=$(pgrep -P "$outer" systemd) && inside systemctl is-system-running 2>/dev/null |
        grep -qE 'running|degraded'
}

inside() # COMMAND...
{
    nsenter -t "$init" -m -p -u -i -n -C -- "$@"
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

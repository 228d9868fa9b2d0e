# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the tests of packages share, on top of tests/e2e/lib.sh and made_lib.sh: clean root folders
# of Debian 12 that go away with the script.
#
# LONG=1 is `make packages-check`; without it scripts leave out what takes minutes.
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/made_lib.sh"

need() # TOOL...
{
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip "skipped: no $tool here to make and try packages with"
    done
}

# A minimal Debian, made once and kept; with package lists, so that none must be fetched.
make_base() # FILE [OPTION_OF_MMDEBSTRAP...]
{
    local file=$1
    shift
    {
        flock 9
        [ -e "$file" ] && return
        mmdebstrap --quiet --mode=root --variant=minbase --format=tar --skip=cleanup/apt/lists \
            "$@" bookworm "$file.new" >"$file.log" 2>&1 && mv "$file.new" "$file"
    } 9>"$file.lock"
}

root_dir=$work/root
# A machine of this kind in $root_dir.
root_of() # KIND [OPTION_OF_MMDEBSTRAP...]
{
    local base=$BUILD/packages/$1.tar
    shift
    [ "$(id -u)" -eq 0 ] || skip "skipped: a clean root folder needs root"
    need mmdebstrap unshare
    mkdir -p "$BUILD/packages"
    make_base "$base" "$@" || skip "skipped: no Debian could be fetched ($(tail -n 1 "$base.log"))"
    mkdir "$root_dir"
    tar -C "$root_dir" -xf "$base" || fail "cannot unpack $base"
    # A network with a certificate authority of its own needs that there, too.
    if [ -n "$(ls /usr/local/share/ca-certificates 2>/dev/null)" ]; then
        mkdir -p "$root_dir/usr/local/share/ca-certificates"
        cp /usr/local/share/ca-certificates/*.crt "$root_dir/usr/local/share/ca-certificates/"
    fi
    # The machine goes away anyway, so nothing needs to reach a disk.
    echo force-unsafe-io >"$root_dir/etc/dpkg/dpkg.cfg.d/tests"
    mkdir "$root_dir/packages"
}

# A clean machine in $root_dir, with the packages in /packages.
make_root() # PACKAGE...
{
    root_of base
    cp "$@" "$root_dir/packages/"
}

# inside COMMAND: in the clean machine, with processes and mounts of its own and our network, or with
# offline=--net nothing but a loopback
inside()
{
    # shellcheck disable=SC2016,SC2086 # expanded inside; no word when it is empty
    unshare --mount --pid --fork ${offline:-} bash -c '
        { [ -z "$4" ] || ip link set lo up; } && mount -t proc proc "$1/proc" &&
            mount --rbind /dev "$1/dev" && exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
                DEBIAN_FRONTEND=noninteractive KAFKA="$3" sh -ec "$2"' bash "$root_dir" "$1" "${KAFKA:-}" "${offline:-}"
}

# must COMMAND: its output is shown only when it fails
must()
{
    inside "$1" >"$work/out" 2>&1 </dev/null
    expect_code 0 $? "$1" "$work/out"
}

apt='apt-get -qq -y --no-install-recommends -o Acquire::Retries=2'
# install PACKAGE...: files of /packages without their version, or names of Debian
install()
{
    local name list=
    for name; do
        if [ -e "$(echo "$root_dir/packages/${name}"_*.deb)" ]; then
            list+=" $(cd "$root_dir" && echo ./packages/"${name}"_*.deb)"
        else
            list+=" $name"
        fi
    done
    must "cd / && $apt install $list"
}

# files_of FOLDER: every path of the machine but what dpkg, apt, rpm and the linker keep for themselves
files_of()
{
    (cd "$1" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./sys -o -path ./packages -o \
        -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/lib/rpm -o \
        -path ./var/cache -o -path "./var/log/*" -o -path ./etc/ld.so.cache \) -prune -o -print | sort)
}

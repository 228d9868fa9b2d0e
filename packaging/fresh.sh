#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Does a fresh machine run what the README says? Makes a minimal Debian in a folder, with git and
# make and nothing else, clones the last commit into it, and types the commands of a new user,
# each with the time it took.
#
#   packaging/fresh.sh [SUITE [TARGET...]]        bookworm; demo demo test
#
# `demo` twice shows the second time, without packages to fetch. Needs root, a network,
# mmdebstrap. Not part of `make check`. The mounts live in a namespace of their own, so that
# nothing of this machine can be removed with the folder.
set -u
cd "$(dirname "$0")/.." || exit 70
suite=${1:-bookworm}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- demo demo test
limits='demo:120 demo:30' # seconds, by the README's promise, in this order

for tool in mmdebstrap git unshare; do
    command -v "$tool" >/dev/null 2>&1 || {
        echo "fresh: needs $tool"
        exit 69
    }
done
[ "$(id -u)" -eq 0 ] || {
    echo "fresh: needs root"
    exit 77
}

folder=$(mktemp -d "${TMPDIR:-/tmp}/lrhost-fresh.XXXXXX") || exit 70
trap 'rm -rf --one-file-system "$folder"' EXIT
fresh=$folder/root

echo "making a minimal $suite in $fresh"
mmdebstrap --quiet --mode=root --variant=minbase --include=git,make "$suite" "$fresh" || exit 69
git clone -q --bare . "$fresh/lrhost.git" || exit 70
# A network with a certificate authority of its own needs that there, too.
if [ -n "$(ls /usr/local/share/ca-certificates 2>/dev/null)" ]; then
    mkdir -p "$fresh/usr/local/share/ca-certificates"
    cp /usr/local/share/ca-certificates/*.crt "$fresh/usr/local/share/ca-certificates/"
fi

inside() # COMMAND: in the new machine, with its own processes
{
    unshare --mount --pid --fork bash -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
            exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                TERM=dumb sh -c "$2"' bash "$fresh" "$1"
}

inside 'git clone -q /lrhost.git /root/lrhost' || exit 70
bad=0
table=
for target in "$@"; do
    echo "---- make $target"
    began=$(date +%s%N)
    inside "cd /root/lrhost && make $target"
    code=$?
    took=$((($(date +%s%N) - began) / 100000000))
    took=$((took / 10)).$((took % 10))
    limit=
    case $limits in
    "$target:"*)
        limit=${limits%% *}
        limit=${limit#*:}
        case $limits in *' '*) limits=${limits#* } ;; *) limits= ;; esac
        ;;
    esac
    verdict=ok
    [ "$code" -eq 0 ] || verdict="exit $code"
    [ -z "$limit" ] || [ "${took%.*}" -lt "$limit" ] || verdict="too slow: more than $limit s"
    [ "$verdict" = ok ] || bad=1
    table+=$(printf 'make %-8s %7s s  %s' "$target" "$took" "$verdict")$'\n'
done
printf -- '----\n%s' "$table"
exit "$bad"

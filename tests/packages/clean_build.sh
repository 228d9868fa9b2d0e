#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The source package alone, on a clean Debian 12 with nothing but what it says it needs: built and
# tested (make test) by a user that is not root and has no network.
. "$(dirname "$0")/lib.sh"
[ -n "${LONG:-}" ] || skip "left out: a clean machine builds by make packages-check only"
need dpkg-buildpackage dh ip
make_packages deb
make_root "$debs"/*.dsc "$debs"/*.tar.xz
must "$apt install build-essential"
must "cd /packages && $apt build-dep ./*.dsc"
must 'useradd --create-home builder && install -d -o builder /build'

offline=--net must 'su builder -c "cd /build && dpkg-source -x /packages/*.dsc tree >/dev/null &&
    cd tree && dpkg-buildpackage -b -us -uc" </dev/null'
grep -E '^skip|passed,' "$work/out"
grep -qE '^[0-9]+ passed, 0 failed, [0-9]+ skipped$' "$work/out" || fail "no tests ran"
for name in lrhost lrhost-kafka lrhost-json lrhost-dev lrhost-doc; do
    [ -e "$(echo "$root_dir/build/${name}_"*.deb)" ] || fail "no $name"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Packages are built again in another folder, time zone, locale and umask, forty days later: every
# .deb, .rpm and the source package must be the same, byte by byte.
. "$(dirname "$0")/lib.sh"
[ -n "${LONG:-}" ] || skip "left out: packages are built twice by make packages-check only"
need dpkg-buildpackage dh rpmbuild eu-strip faketime
make_packages deb
make_packages rpm

other=$work/another/place
umask 0002
for kind in deb rpm; do
    env -u LC_ALL TZ=Asia/Tokyo LANG=C.UTF-8 BUILD="$other" DEB_BUILD_OPTIONS='nocheck parallel=1' \
        faketime -f +40d packaging/package.sh $kind "$version" >"$work/$kind.log" 2>&1 || {
        tail -n 20 "$work/$kind.log"
        fail "make $kind, forty days later"
    }
done

same=0
for file in "$BUILD"/{deb,rpm}/*.{deb,dsc,tar.xz,rpm}; do
    [ -e "$file" ] || continue
    again=$other/${file#"$BUILD"/}
    cmp "$file" "$again" || fail "${file##*/} is another one when it is built again"
    same=$((same + 1))
done
[ "$same" -ge 15 ] || fail "only $same packages were compared"

# Control: one changed word must show.
mkdir "$work/control"
dpkg-deb -R "$BUILD"/deb/lrhost-doc_*.deb "$work/control/tree"
echo >>"$work/control/tree/usr/share/doc/lrhost/json.md"
dpkg-deb --root-owner-group -b "$work/control/tree" "$work/control/" >/dev/null
! cmp -s "$BUILD"/deb/lrhost-doc_*.deb "$work"/control/*.deb || fail "control: another document, the same package"
echo "$same packages are the same"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The bill of materials of a small release, made for the purpose: twice the same, and right, as
# sbom.py judges it against the tarball, the package and the system. Where spdx-tools is (`make
# release-check` fetches it into $BUILD/spdx), it is asked, too.
. "$(dirname "$0")/../e2e/lib.sh"
command -v python3 >/dev/null || skip "no python3 here for the bill of materials"
command -v dpkg-deb >/dev/null || skip "no dpkg here for a package with dependencies"

mkdir -p "$work/lrhost-1.2/src" "$work/package/DEBIAN"
cp "$root/LICENSE" "$root/host/main.c" "$work/lrhost-1.2"
printf '# SPDX-License-Identifier: BSD-2-Clause\n' >"$work/lrhost-1.2/src/other.py"
printf 'x\n\n\n\n\n\n SPDX-License-Identifier: ISC\n' >"$work/lrhost-1.2/src/template"
tar -czf "$work/lrhost-1.2.tar.gz" -C "$work" lrhost-1.2
cat >"$work/package/DEBIAN/control" <<CONTROL
Package: lrhost
Version: 1.2
Architecture: $(dpkg --print-architecture)
Maintainer: nobody <nobody@example.org>
Depends: libc6 (>= 2), nowhere-to-be-found | dpkg, not-here-either, lrhost-abi-1
Provides: lrhost-abi-1
Description: made for a test
CONTROL
dpkg-deb --root-owner-group -b "$work/package" "$work/lrhost_1.2.deb" >/dev/null || fail "dpkg-deb"

make_sbom() { SOURCE_DATE_EPOCH=1000000000 "$root/packaging/sbom.py" 1.2 lrhost-1.2.tar.gz lrhost_1.2.deb; }
(cd "$work" && make_sbom) >"$work/one.spdx.json" 2>"$work/err"
expect_code 0 $? "packaging/sbom.py" "$work/err"
(cd "$work" && umask 077 && TZ=Asia/Tokyo PYTHONHASHSEED=7 make_sbom) >"$work/two.spdx.json"
expect_same_file "$work/one.spdx.json" "$work/two.spdx.json" "the same again"

python3 "$root/tests/release/sbom.py" "$work" "$work/one.spdx.json" >"$work/out" 2>&1
expect_code 0 $? "tests/release/sbom.py" "$work/out"
cat "$work/out"

validator=$BUILD/spdx/bin/pyspdxtools
[ -x "$validator" ] || exit 0
"$validator" --infile "$work/one.spdx.json" >"$work/out" 2>&1
expect_code 0 $? "spdx-tools" "$work/out"
sed 's/"dataLicense": .*/"dataLicense": "MIT",/' "$work/one.spdx.json" >"$work/bad.spdx.json"
"$validator" --infile "$work/bad.spdx.json" >/dev/null 2>&1 && fail "control: spdx-tools takes anything"
echo "spdx-tools agrees"

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What packages must say more than once is the same everywhere: the numbers of the ABI, and which
# plugins are packages of their own (version and date: packaging/release-check.sh). An installed
# INI file names no broker inside the process and is otherwise what the source has. Two tarballs
# of the same sources are the same, and so is one that is made from an unpacked one, without git.
. "$(dirname "$0")/../e2e/lib.sh"
version=$(sed -n 's/^VERSION *:= *//p' Makefile)
debian=packaging/debian
spec=packaging/rpm/lrhost.spec

# A host of ABI 2 runs modules that need 1, so it provides both.
numbers=$(seq -f 'lrhost-abi-%g' "$(sed -n 's/^ABI *:= *//p' Makefile)" | xargs)
expect_equal "$numbers" "$(sed -n 's/^Provides: //p' $debian/control | tr -d ,)" "Provides of debian/control"
expect_equal "$numbers" "$(sed -n 's/^Provides: *\(lrhost-abi-[0-9]*\)$/\1/p' $spec | xargs)" \
    "Provides of lrhost.spec"

# A build needs what packaging/deps.sh installs, but for what is on every builder of packages.
needs() # COLUMN PATTERN_OF_WHAT_IS_THERE
{
    sed -n "/^NEED_/,/^'/p" packaging/deps.sh | awk -v n="$1" 'NF == 3 { print $n }' | grep -vxE "$2" | sort | xargs
}
expect_equal "$(needs 2 'gcc|g[+][+]|make|libc6-dev')" \
    "$(sed -n '/^Build-Depends:/,/^[^B ]/p' $debian/control | grep -oE '(lib|pkg)[a-z0-9-]+' | sort | xargs)" \
    "Build-Depends of debian/control"
expect_equal "$(needs 3 glibc-devel)" \
    "$(sed -n 's/^BuildRequires: *\([^ ]*\).*/\1/p' $spec | grep -vx systemd-rpm-macros | sort | xargs)" \
    "BuildRequires of lrhost.spec"
for library in librdkafka simdjson; do
    least=$(grep -o "$library [0-9.]* or newer" README.md | cut -d' ' -f2)
    grep -qF "${library#lib}-dev (>= ${least:?})" $debian/control || fail "debian/control does not ask for $library $least"
    grep -q "^BuildRequires: *$library-devel >= $least$" $spec || fail "lrhost.spec does not ask for $library $least"
done

own='' core=''
for folder in plugins/*/; do
    name=$(basename "$folder")
    if [ -e "$debian/lrhost-$name.install" ]; then
        own+=" $name"
    elif [ "$name" != common ]; then
        core+=" $name"
    fi
done
expect_equal "${own# }" \
    "$(sed -n 's/^%{_libdir}\/lrhost\/\([a-z0-9_]*\)\.so$/\1/p' $spec | sort | xargs)" \
    "plugins with a package of their own"
expect_equal "${core# }" "$(sed -n 's/^%global core //p' $spec | tr , ' ')" "plugins of the main package"

for file in configs/*.ini; do
    sed -f packaging/examples.sed "$file" >"$work/example.ini"
    ! grep -q embedded "$work/example.ini" || fail "$file, as it is installed, names the embedded broker"
    ! grep -q 'inside the process (no KAFKA)' "$work/example.ini" ||
        fail "$file, as it is installed, tells of the broker inside the process"
    sed 's/:-embedded}/:-localhost:9092}/; /^#/d' "$file" >"$work/wanted"
    expect_same_file "$work/wanted" <(sed '/^#/d' "$work/example.ini") "$file, as it is installed"
done

# Where a program is missing that makes packages, the package that has it is named.
mkdir "$work/bin"
ln -s "$(command -v dirname)" "$(command -v mkdir)" "$work/bin"
for pair in deb:dpkg-dev rpm:rpm-build; do
    PATH=$work/bin "$BASH" packaging/package.sh ${pair%:*} "$version" >"$work/out" 2>&1
    expect_code 69 $? "make ${pair%:*} without its program" "$work/out"
    expect_text ${pair#*:} "$work/out" "make ${pair%:*} without its program"
done

BUILD=$work/one packaging/package.sh dist "$version" >/dev/null || fail "make dist"
first=$work/one/dist/lrhost-$version.tar.gz
(umask 077 && TZ=Asia/Tokyo BUILD=$work/two packaging/package.sh dist "$version") >/dev/null || fail "make dist"
cmp "$first" "$work/two/dist/lrhost-$version.tar.gz" || fail "two tarballs of the same sources differ"
tar -C "$work" -xzf "$first"
(cd "$work/lrhost-$version" && BUILD=$work/three packaging/package.sh dist "$version") >/dev/null || fail "make dist without git"
cmp "$first" "$work/three/dist/lrhost-$version.tar.gz" || fail "the tarball of an unpacked tarball differs"
for again in 1 2; do
    (cd "$work/lrhost-$version" && BUILD=out packaging/package.sh dist "$version") >/dev/null || fail "make dist into out"
    cmp "$first" "$work/lrhost-$version/out/dist/lrhost-$version.tar.gz" || fail "what is built is in the tarball ($again)"
done
rm -r "$work/lrhost-$version/out"
echo >>"$work/lrhost-$version/README.md"
(cd "$work/lrhost-$version" && BUILD=$work/three packaging/package.sh dist "$version") >/dev/null
! cmp -s "$first" "$work/three/dist/lrhost-$version.tar.gz" || fail "control: another README, the same tarball"

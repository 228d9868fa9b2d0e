#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The .rpm packages, as far as a Debian machine can try them: what rpmlint says; installed by rpm
# into a root folder of their own, with Debian's C library and libraries below them; that they
# work there, that an upgrade and a downgrade keep what is in /etc/lrhost, and that nothing is
# left when they are erased.
#
# Not tried here, because it needs a distribution that is made of .rpm: dnf, dependencies found by
# name (what the programs need is looked up by file instead), systemd's macros, %check's packages.
. "$(dirname "$0")/lib.sh"
need rpm rpmbuild rpmlint rpm2cpio cpio eu-strip
make_packages rpm
arch=$(rpm --eval %_arch)

rpmlint -c packaging/rpm/rpmlint.toml packaging/rpm/lrhost.spec "$rpms"/*.rpm >"$work/out" 2>&1
expect_code 0 $? rpmlint "$work/out"
expect_text '0 errors, 0 warnings' "$work/out" rpmlint
rpm -qpl "$rpms"/lrhost-debuginfo-*.rpm >"$work/out"
expect_text '/usr/lib/debug/usr/bin/lrhost' "$work/out" "debugging information"

make_root "$rpms"/*.rpm
rm "$root_dir"/packages/*-debug*.rpm
must "$apt install libinih1 libjansson4 librdkafka1 libsimdjson14 libstdc++6"
rpm_in() { rpm --root "$root_dir" "$@"; }
rpm_in --initdb || fail "rpm --initdb"
files_of "$root_dir" >"$work/before"

# rpm's own list has no library of Debian's, so --nodeps; each need is looked up in the machine.
needs_met() # PACKAGE.rpm
{
    local need
    while read -r need _; do
        case $need in
        rpmlib* | rtld* | /bin/sh) continue ;;
        lib*'('*) inside 'ldconfig -p' | grep -qwF "${need%%(*}" ;;
        /*) [ -e "$root_dir$need" ] ;;
        *) rpm -qp --provides "$rpms"/lrhost-"$version"-*."$arch".rpm | grep -qxF "$need" ||
            rpm -qp --provides "$rpms"/lrhost-"$version"-*."$arch".rpm | grep -qF "$need = " ;;
        esac || fail "$1 needs $need, which is not there"
    done < <(rpm -qp --requires "$1")
}
for name in lrhost lrhost-kafka lrhost-json; do
    needs_met "$rpms/$name-$version"-*."$arch".rpm
done
rpm -qp --requires "$rpms/lrhost-$version"-*."$arch".rpm | grep -E 'rdkafka|simdjson' &&
    fail "lrhost alone needs librdkafka or simdjson"
for name in kafka json; do
    rpm -qp --requires "$rpms/lrhost-$name-$version"-*."$arch".rpm | grep -q '^lrhost-abi-1' ||
        fail "lrhost-$name does not ask for lrhost-abi-1"
done
rpm -qp --provides "$rpms/lrhost-devel-$version"-*."$arch".rpm | grep -q '^lrhost-static = ' ||
    fail "lrhost-devel has a static library and does not provide lrhost-static"

put() # HOW PATTERN...
{
    local how=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    (cd "$root_dir/packages" && rpm_in "$how" --nodeps ${options:-} "$@") >"$work/out" 2>&1
    expect_code 0 $? "rpm $how $*" "$work/out"
}
put -i ./*.rpm
for name in lrhost lrhost-kafka lrhost-json lrhost-devel lrhost-doc; do
    rpm_in -V --nodeps $name || fail "rpm -V $name"
done
cp packaging/debian/tests/* "$root_dir/packages/"
must /packages/smoke
must 'OUTPUT=/tmp lrhost --quiet /usr/share/doc/lrhost/examples/json.ini'
for file in "$root_dir"/usr/share/doc/lrhost/examples/*.ini; do
    grep -q embedded "$file" && fail "$file names the broker inside the process"
    must "lrhost check '${file#"$root_dir"}'"
done
packaging/hardening.sh "$root_dir/usr/bin/lrhost" "$root_dir"/usr/lib64/lrhost/*.so ||
    fail "the installed files above are not hardened"

# The same files under another version, by the same spec.
repack() # VERSION
{
    mkdir -p "$work/tree"
    (cd "$work/tree" && for file in "$root_dir"/packages/lrhost*-"$version"-*.rpm; do
        rpm2cpio "$file" | cpio -idum --quiet
    done)
    rm -rf "$work/tree/usr/lib/.build-id"
    sed -e "s/^Version: .*/Version: $1/" -e '/^Source0/d' -e '/^%autosetup/d' -e '/^%{?set_build_flags}/d' \
        -e '/^%make_build/d' -e "s|^%make_install.*|cp -a $work/tree/. %{buildroot}/|" \
        -e '/^%license/d' -e '/^%doc/d' -e "/^%files$/a /usr/share/licenses\n/usr/share/doc/lrhost/CHANGELOG.md" \
        packaging/rpm/lrhost.spec >"$work/other.spec"
    rpmbuild -bb --nodeps --define "_topdir $work/rpmbuild" --define '__os_install_post %{nil}' \
        --define '_build_id_links none' "$work/other.spec" >"$work/out" 2>&1
    expect_code 0 $? "rpmbuild of $1" "$work/out"
    mkdir -p "$root_dir/packages/$1"
    cp "$work"/rpmbuild/RPMS/*/*"$1"*.rpm "$root_dir/packages/$1/"
}
change() # FROM TO FOLDER
{
    put -U "$3"/lrhost*-"$2"-*.rpm
    expect_equal "$2" "$(rpm_in -q --qf '%{VERSION}' lrhost)" "version after going from $1 to $2"
    expect_equal '# mine' "$(cat "$root_dir/etc/lrhost/mine.ini")" "/etc/lrhost after going from $1 to $2"
    must /packages/smoke
}
echo '# mine' >"$root_dir/etc/lrhost/mine.ini"
repack 9.9
change "$version" 9.9 9.9
options=--oldpackage change 9.9 "$version" .

# A plugin of one's own.
must "$apt install gcc libc6-dev make pkg-config"
must 'PKG_CONFIG_PATH=/usr/lib64/pkgconfig /packages/new-plugin'
must "$apt purge gcc libc6-dev make pkg-config && $apt --purge autoremove"

left() # what is there now and was not before
{
    files_of "$root_dir" | comm -13 "$work/before" - | grep -E 'lrhost|build-id'
}
# rpm has no purge: what is not of a package stays, and so does the folder around it.
put -e lrhost lrhost-kafka lrhost-json lrhost-devel lrhost-doc
expect_equal './etc/lrhost ./etc/lrhost/mine.ini' "$(left | grep -v '^./run/' | xargs)" "files left"

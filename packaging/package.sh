#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makes packages of lrhost in $BUILD (default build):
#
#   packaging/package.sh dist VERSION    dist/lrhost-VERSION.tar.gz, the sources
#   packaging/package.sh deb VERSION     deb/*.deb and deb/*.dsc, from that tarball alone
#   packaging/package.sh rpm VERSION     rpm/*.rpm, from that tarball alone; it is the source, and no
#                                        .src.rpm is made, which names the folder it was made in
#
# DEB_BUILD_OPTIONS=nocheck leaves out the tests for both; DEBFLAGS and RPMFLAGS are passed on to
# dpkg-buildpackage (-b, -aarm64) and rpmbuild. The same sources give the same bytes: nothing of
# the day, the folder or the user goes in.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
verb=${1:-} version=${2:-}
[ -n "$version" ] || {
    sed -n '4,/^set/s/^# \{0,1\}//p' "$0"
    exit 64
}
BUILD=${BUILD:-build}
mkdir -p "$BUILD"
build=$(cd "$BUILD" && pwd)
name=lrhost-$version
tarball=$build/dist/$name.tar.gz

# What make put there is not for the builds of packages, which choose for themselves.
unset BUILD CC FUZZ CFLAGS CPPFLAGS LDFLAGS MAKEFLAGS MFLAGS MAKELEVEL

source_files() # each with a NUL behind it: what git knows, else everything but builds
{
    if [ -e .git ]; then
        git ls-files -z
    else
        find . -mindepth 1 \( -name .git -o -path './build*' -o -path "./${build#"$PWD"/}" \
            -o -path ./debian \) -prune -o \
            \( -type f -o -type l \) -printf '%P\0'
    fi
}

# A tree out of the tarball has the tarball's times, so that it makes the same tarball again.
source_time()
{
    if [ -e .git ]; then
        git log -1 --format=%ct
    else
        stat -c %Y Makefile
    fi
}

need() # PROGRAM PACKAGES_OF_DEBIAN PACKAGES_OF_FEDORA
{
    command -v "$1" >/dev/null && return
    echo "package: there is no $1 here; install $2 (Debian, Ubuntu) or $3 (Fedora)" >&2
    exit 69
}

dist()
{
    mkdir -p "$build/dist"
    source_files | LC_ALL=C sort -z | tar --create --null --files-from=- --format=gnu --numeric-owner \
        --owner=0 --group=0 --mode=u=rwX,go=rX --mtime="@$(source_time)" \
        --transform="flags=rSH;s|^|$name/|" | gzip -9n >"$tarball.new"
    mv "$tarball.new" "$tarball"
    echo "$tarball"
}

deb()
{
    rm -rf "$build/deb"
    mkdir "$build/deb"
    tar -xzf "$tarball" -C "$build/deb"
    cd "$build/deb/$name"
    cp -r packaging/debian debian
    [ "$(dpkg-parsechangelog -S Version)" = "$version" ] || {
        echo "packaging/debian/changelog speaks of another version than $version" >&2
        exit 65
    }
    # shellcheck disable=SC2086 # a list of words
    dpkg-buildpackage -us -uc ${DEBFLAGS:-}
    rm -rf "$build/deb/$name"
    ls "$build"/deb/*.deb
}

rpm()
{
    local flags=()
    rm -rf "$build/rpm" "$build/rpmbuild"
    [[ ${DEB_BUILD_OPTIONS:-} == *nocheck* ]] && flags+=(--nocheck)
    # An rpm that is not at home has none of the needed packages in its own database.
    [ -e /etc/debian_version ] && flags+=(--nodeps --load "$PWD/packaging/rpm/debian.macros")
    # Nothing in a package is younger than its sources; who builds where must not show.
    # shellcheck disable=SC2086
    SOURCE_DATE_EPOCH=$(source_time) rpmbuild -tb "${flags[@]}" --define "_topdir $build/rpmbuild" \
        --define "_rpmdir $build/rpm" \
        --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
        --define '_buildhost reproducible' \
        --define 'use_source_date_epoch_as_buildtime 1' \
        --define 'clamp_mtime_to_source_date_epoch 1' ${RPMFLAGS:-} "$tarball"
    rm -rf "$build/rpmbuild"
    ls "$build"/rpm/*.rpm
}

case $verb in
dist) dist ;;
deb)
    need dpkg-buildpackage 'dpkg-dev and debhelper' 'dpkg-dev and debhelper'
    dist >&2
    deb
    ;;
rpm)
    need rpmbuild 'rpm, elfutils and cpio' rpm-build
    dist >&2
    rpm
    ;;
*) exit 64 ;;
esac

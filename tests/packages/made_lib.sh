# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# On top of tests/e2e/lib.sh: packages of the present sources, built once for all scripts.
version=$(sed -n 's/^VERSION := //p' Makefile)
# shellcheck disable=SC2034 # for the scripts
debs=$BUILD/deb
# shellcheck disable=SC2034
rpms=$BUILD/rpm

# Packages are built without their tests; tests/packages/clean_build.sh is the one that runs them.
make_packages() # deb|rpm
{
    local made_from=$BUILD/$1/made-from sum
    mkdir -p "$BUILD/packages"
    {
        flock 9
        packaging/package.sh dist "$version" >"${work:?}/dist.log" 2>&1 ||
            fail "make dist: $(tail -n 3 "$work/dist.log")"
        sum=$(sha256sum <"$BUILD/dist/lrhost-$version.tar.gz")
        [ "$(cat "$made_from" 2>/dev/null)" = "$sum" ] && return
        DEB_BUILD_OPTIONS=nocheck packaging/package.sh "$1" "$version" >"$work/$1.log" 2>&1 || {
            tail -n 20 "$work/$1.log"
            fail "make $1"
        }
        echo "$sum" >"$made_from"
    } 9>"$BUILD/packages/lock"
}

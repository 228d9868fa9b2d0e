#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# May this tree be released, and what is to be published?
#
#   packaging/release-check.sh [STEP...]     all steps, in this order, unless some are named:
#
#     tree       everything is committed
#     versions   version and date of the Makefile, CHANGELOG.md, the packages and the manual pages
#                agree
#     notes      nothing in CHANGELOG.md waits for a later release
#     dist       the same tarball from here, from a clone, and from the tarball itself
#     check      make check
#     abi        make abi
#     packages   make packages-check
#     files      the packages are built once more, without their tests, and put into build/release
#     sbom       with the tarball, the bill of materials (packaging/sbom.py) and SHA256SUMS
#     validate   the bill of materials, by spdx-tools of PyPI, in a folder of its own
#
# The first step that fails ends it, exit 1. Takes about an hour; needs root and a network.
set -euo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
SPDX_TOOLS=0.8.5
export LC_ALL=C TZ=UTC BUILD
version=$(sed -n 's/^VERSION *:= *//p' Makefile)
date=$(sed -n 's/^DATE *:= *//p' Makefile)
day=$(date -d "$date" +%F)
name=lrhost-$version
release=$BUILD/release
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail()
{
    echo "release: $*" >&2
    exit 1
}

# What a parent make says would reach the builds of packages, too.
build() # TARGET...
{
    MAKEFLAGS='' "$MAKE" -s --no-print-directory "$@"
}

step_tree()
{
    git diff --quiet HEAD -- && [ -z "$(git ls-files --others --exclude-standard)" ] ||
        fail "there are changes that are not committed: git status"
}

# agrees WHAT IT_SAYS WANTED
agrees()
{
    [ "$2" = "$3" ] || fail "$1 says '$2', the Makefile '$3'"
}

step_versions()
{
    local file page
    file=CHANGELOG.md
    agrees "$file, at its newest release," \
        "$(grep '^## ' $file | grep -v '^## \[Unreleased\]' | head -n 1)" "## [$version] - $day"
    file=packaging/debian/changelog
    agrees "$file" "$(sed -n '1s/^lrhost (\([^)-]*\).*/\1/p' $file)" "$version"
    agrees "$file" "$(date -d "$(sed -n 's/^ -- .*>  //p' $file | head -n 1)" +%F)" "$day"
    file=packaging/rpm/lrhost.spec
    agrees "$file" "$(sed -n 's/^Version: *//p' $file)" "$version"
    agrees "$file, at its changelog," \
        "$(sed -n '/^%changelog/,$s/^\* \([^ ]* [^ ]* [^ ]* [^ ]*\) .*[ -]\([0-9.]*\)-[0-9]*$/\1 \2/p' $file | head -n 1)" \
        "$(date -d "$date" '+%a %b %d %Y') $version"
    for page in docs/man/*.[1-8]; do
        agrees "$page" "$(sed -n 's/^\.Dd //p' "$page")" "$date"
    done
}

step_notes()
{
    ! sed -n '/^## \[Unreleased\]/,/^## \[[0-9]/p' CHANGELOG.md | grep -q '^- ' ||
        fail "CHANGELOG.md has notes under [Unreleased]; a release takes them, and a new VERSION"
}

step_dist()
{
    build dist >/dev/null
    git clone -q --no-hardlinks . "$scratch/clone"
    (umask 077 && cd "$scratch/clone" && TZ=Asia/Tokyo BUILD=$scratch/one build dist >/dev/null)
    mkdir "$scratch/unpacked"
    tar -xzf "$scratch/one/dist/$name.tar.gz" -C "$scratch/unpacked"
    (cd "$scratch/unpacked/$name" && BUILD=$scratch/two build dist >/dev/null)
    cmp "$BUILD/dist/$name.tar.gz" "$scratch/one/dist/$name.tar.gz" ||
        fail "a clone makes another tarball"
    cmp "$BUILD/dist/$name.tar.gz" "$scratch/two/dist/$name.tar.gz" ||
        fail "the tarball makes another tarball"
}

step_check() { build check; }
step_abi() { build abi; }
step_packages() { build packages-check; }
step_files() { DEB_BUILD_OPTIONS=nocheck build deb rpm >/dev/null; }

# Of the packages, those that are built: `make sbom` alone builds none.
step_sbom()
{
    local file packages=()
    build dist >/dev/null
    rm -rf "$release"
    mkdir -p "$release"
    cp "$BUILD/dist/$name.tar.gz" "$release"
    for file in "$BUILD"/deb/*.deb "$BUILD"/rpm/*.rpm; do
        [ -f "$file" ] || continue
        cp "$file" "$release"
        packages+=("$release/${file##*/}")
    done
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$date" +%s)} packaging/sbom.py "$version" \
        "$release/$name.tar.gz" ${packages[0]:+"${packages[@]}"} >"$BUILD/$name.spdx.json"
    mv "$BUILD/$name.spdx.json" "$release"
    (cd "$release" && sha256sum -- *) >"$BUILD/SHA256SUMS"
    mv "$BUILD/SHA256SUMS" "$release"
    echo "$release: the sources, ${#packages[@]} packages, $name.spdx.json, SHA256SUMS"
}

step_validate()
{
    local venv=$BUILD/spdx
    [ -x "$venv/bin/pyspdxtools" ] || {
        python3 -m venv "$venv" && "$venv/bin/pip" install -q "spdx-tools==$SPDX_TOOLS" ||
            fail "spdx-tools cannot be fetched (it needs python3-venv and a network)"
    }
    "$venv/bin/pyspdxtools" --infile "$release/$name.spdx.json"
    (cd "$release" && sha256sum --quiet --check SHA256SUMS)
}

[ $# -gt 0 ] || set -- tree versions notes dist check abi packages files sbom validate
for step; do
    declare -F "step_$step" >/dev/null || {
        echo "release: there is no step '$step'" >&2
        exit 64
    }
    "step_$step"
    echo "ok    $step"
done

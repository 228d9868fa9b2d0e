#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Makefile, changelog, packages and manual pages name the same version and date; each place that
# differs is found, in a copy.
. "$(dirname "$0")/../e2e/lib.sh"

packaging/release-check.sh versions >"$work/out" 2>&1
expect_code 0 $? "release-check.sh versions" "$work/out"

mkdir -p "$work/copy/docs"
cp -r packaging Makefile CHANGELOG.md "$work/copy"
cp -r docs/man "$work/copy/docs"
spoil() # FILE SED_EXPRESSION
{
    local file=$work/copy/$1
    cp "$file" "$work/keep"
    sed -i "$2" "$file"
    cmp -s "$file" "$work/keep" && fail "control: '$2' changes nothing in $1"
    "$work/copy/packaging/release-check.sh" versions >"$work/out" 2>&1
    expect_code 1 $? "control: $1 with $2" "$work/out"
    cp "$work/keep" "$file"
}
spoil Makefile 's/^VERSION := .*/VERSION := 9.8.7/'
spoil Makefile 's/^DATE .*/DATE := May 5, 2031/'
spoil CHANGELOG.md 's/^## \[[0-9.]*\]/## [9.8.7]/'
spoil CHANGELOG.md 's/^\(## \[.*\]\) - .*/\1 - not released/'
spoil packaging/debian/changelog '1s/(.*)/(9.8.7)/'
spoil packaging/debian/changelog 's/^ -- \(.*>\).*/ -- \1  Mon, 05 May 2031 00:00:00 +0000/'
spoil packaging/rpm/lrhost.spec 's/^Version:.*/Version: 9.8.7/'
spoil packaging/rpm/lrhost.spec '/^%changelog/,$s/^\* [^ ]* [^ ]* [^ ]* [^ ]*/* Mon May 05 2031/'
spoil docs/man/lrhost.1 's/^\.Dd .*/.Dd May 5, 2031/'
"$work/copy/packaging/release-check.sh" versions >"$work/out" 2>&1
expect_code 0 $? "control: the copy itself" "$work/out"

# What waits for the next version does not go out under this one.
"$work/copy/packaging/release-check.sh" notes >"$work/out" 2>&1
expect_code 0 $? "release-check.sh notes" "$work/out"
sed -i 's/^## \[Unreleased\]/&\n\n- Something new./' "$work/copy/CHANGELOG.md"
"$work/copy/packaging/release-check.sh" notes >"$work/out" 2>&1
expect_code 1 $? "control: a note under [Unreleased]" "$work/out"
"$work/copy/packaging/release-check.sh" versoins >"$work/out" 2>&1
expect_code 64 $? "control: a step that there is not" "$work/out"

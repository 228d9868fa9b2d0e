#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# make install puts a host that finds its plugins, headers that compile alone, a pkg-config file
# that says where plugins go, and examples that pass `check`.
. "$(dirname "$0")/lib.sh"

# The plugin folder is compiled in: one build for this prefix, in a folder of its own.
prefix=$work/prefix
MAKEFLAGS='' make -s -j"$(nproc)" BUILD="$work/build" CFLAGS=-O0 PREFIX="$prefix" install \
    >"$work/out" 2>&1
expect_code 0 $? "make install" "$work/out"

unset LRHOST_PLUGIN_PATH
cd "$work" || exit 70
installed=$prefix/bin/lrhost
"$installed" list >"$work/out" 2>&1
expect_code 0 $? "lrhost list" "$work/out"
for plugin in text linreg streaming microbatch kafka; do
    expect_text "$plugin" "$work/out" "lrhost list"
done
printf '1.0,2.0,3.0;2.0\n' | run_for 10 "$installed" \
    "$prefix/share/doc/lrhost/examples/smoke.ini" >"$work/out" 2>"$work/err"
expect_code 0 $? "smoke test, installed" "$work/err"
expect_equal 1 "$(wc -l <"$work/out")" "lines of output"

for file in bash-completion/completions/lrhost zsh/site-functions/_lrhost \
    fish/vendor_completions.d/lrhost.fish; do
    grep -q '__complete' "$prefix/share/$file" || fail "no completion $file"
done
while read -r file; do
    [ -e "$file" ] || fail "an installed example speaks of $file, which is not there"
done < <(grep -ho "$prefix/share/doc/[a-z0-9./_-]*[a-z]" "$prefix"/share/doc/lrhost/examples/*.ini)
for file in "$prefix"/share/doc/lrhost/*.md; do
    for target in $(grep -o '](\([^)#:]*\)[)#]' "$file" | tr -d '])(#'); do
        [ -e "$prefix/share/doc/lrhost/$target" ] || fail "${file##*/} links to $target, which is not installed"
    done
done
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
expect_equal "$prefix/lib/lrhost" "$(pkg-config --variable=plugindir lrhost)" plugindir
expect_equal 1 "$(pkg-config --variable=abi lrhost)" abi
echo '#include <lrhost/lrhost.h>' >"$work/plugin.c"
# shellcheck disable=SC2046 # flags are words
"${CC:-cc}" -std=c11 -pedantic-errors $(pkg-config --cflags lrhost) -fsyntax-only \
    "$work/plugin.c" || fail "the installed headers do not compile"

# The program of docs/verify.md is linked with the fake host and tries an installed model.
sed -n '/^```c$/,/^```$/p' "$root/docs/verify.md" | sed '1d;$d' >"$work/test.c"
# shellcheck disable=SC2046
"${CC:-cc}" -std=c11 -Wall -Wextra -Werror "$work/test.c" \
    $(pkg-config --cflags --libs lrhost-testing) -o "$work/test" || fail "the fake host does not link"
"$work/test" "$prefix/lib/lrhost/linreg.so" || fail "the program of docs/verify.md failed"
"$work/test" "$prefix/lib/lrhost/text.so" 2>/dev/null && fail "text is no model, and passed as one"
"$installed" verify null --only life >"$work/out" 2>&1
expect_code 0 $? "lrhost verify, installed" "$work/out"

# A stranger's path, as it would be typed, with nothing on the PATH but what was installed.
began=$(date +%s%N)
as_stranger() # COMMANDS
{
    env -u MAKEFLAGS PATH="$prefix/bin:/usr/bin:/bin" bash -c "$1"
}
as_stranger 'lrhost new model mymean && cd mymean && make && lrhost verify ./mymean.so &&
    lrhost run mymean.ini' >"$work/out" 2>"$work/err"
expect_code 0 $? "lrhost new, make, verify, run" "$work/err"
expect_equal 10 "$(grep -c '^[0-9.,]*;[0-9.]*;[0-9.]*$' "$work/out")" "records of the new model"
(cd "$prefix/share/lrhost/examples" && make -s model_mean.so && rm model_mean.so) >"$work/out" 2>&1
expect_code 0 $? "make of an installed example" "$work/out"
echo "a new plugin built, verified and run in $((($(date +%s%N) - began) / 1000000)) ms"

# Nobody but root can build there.
cp -r "$prefix/share/lrhost/examples" "$work/copy"
make -s -C "$work/copy" model_mean.so model_cpp.so >"$work/out" 2>&1
expect_code 0 $? "make of a copy of the installed examples" "$work/out"
expect_equal lrhost_module_v1 "$(nm -D --defined-only "$work/copy/model_cpp.so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//')" \
    "what an example in C++ exports"

# Its own tests find the library of the fake host.
as_stranger 'make -s -C mymean test' >"$work/out" 2>&1
expect_code 0 $? "make test of the new plugin" "$work/out"
as_stranger 'PKG_CONFIG_PATH= make -s -C mymean clean test' >"$work/out" 2>&1
expect_code 0 $? "make test without pkg-config" "$work/out"

# Installed, it is found by its name.
as_stranger 'make -s -C mymean install && lrhost describe mymean' >"$work/out" 2>&1
expect_code 0 $? "make install of the new plugin" "$work/out"
expect_text 'model mymean' "$work/out" "lrhost describe mymean"
rm "$prefix/lib/lrhost/mymean.so"

# DESTDIR is for packages: nothing may land outside of it.
MAKEFLAGS='' make -s -C "$root" BUILD="$work/build" CFLAGS=-O0 PREFIX="$prefix" \
    DESTDIR="$work/stage" install >"$work/out" 2>&1
expect_code 0 $? "make install DESTDIR=" "$work/out"
[ -x "$work/stage$prefix/bin/lrhost" ] || fail "nothing in DESTDIR"
[ -s "$work/stage$prefix/share/lrhost/template/all/Makefile" ] || fail "no templates in DESTDIR"
for page in man1/lrhost.1 man5/lrhost.ini.5 man7/lrhost-plugin.7 man7/lrhost-kafka.7; do
    [ -s "$work/stage$prefix/share/man/$page" ] || fail "no manual page $page in DESTDIR"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Libraries that a module brings along by $ORIGIN: found beside it, in a folder of its own, through a
# link, by a library in turn; and each that somebody else may write or that is cut off is refused.
. "$(dirname "$0")/lib.sh"
umask 0002
cc=${CC:-cc}
flags=(-std=c11 -Isdk/include -fPIC -shared -fvisibility=hidden)

# deep.so -> lib/libhelper.so (a link to libhelper.so.1) -> more/libmore.so
mkdir -p "$work/m/lib/more"
cd "$work/m" || exit 70
cat >more.c <<'C'
__attribute__((visibility("default"))) int more_answer(void);
int more_answer(void) { return 42; }
C
cat >helper.c <<'C'
int more_answer(void);
__attribute__((visibility("default"))) int helper_answer(void);
int helper_answer(void) { return more_answer(); }
C
sed 's/"origin"/"deep"/' "$root/tests/plugins/origin.c" >deep.c
cp "$root/tests/plugins/minimal.h" .
flags[1]=-I$root/sdk/include
build() # the same compiler flags as a sanitizer build would matter to nobody here
{
    rm -f lib/libhelper.so*
    # shellcheck disable=SC2016 # $ORIGIN is for the loader
    "$cc" "${flags[@]}" more.c -o lib/more/libmore.so &&
        "$cc" "${flags[@]}" helper.c -o lib/libhelper.so.1 -Llib/more -lmore \
            -Wl,-soname,libhelper.so,--enable-new-dtags '-Wl,-rpath,${ORIGIN}/more' &&
        ln -s libhelper.so.1 lib/libhelper.so &&
        "$cc" "${flags[@]}" deep.c -o deep.so -Llib -lhelper -Wl,--enable-new-dtags \
            '-Wl,-rpath,/nowhere:$ORIGIN/lib' -Wl,-rpath-link,lib/more || fail "cannot build"
    chmod -R g-w .
}

describe() # CODE TEXT
{
    run_for 20 "$lrhost" describe ./deep.so >"$work/out" 2>&1
    expect_code "$1" $? "describe ($2)" "$work/out"
    expect_text "$2" "$work/out" "describe"
}

build
describe 0 "monitor deep: shows nothing"

chmod o+w lib/libhelper.so.1
describe 77 "its library $work/m/lib/libhelper.so: not trusted: everyone may write"
chmod o-w lib/libhelper.so.1
chmod o+w lib/more
describe 77 "mend it with: chmod o-w $work/m/lib/more"
chmod o-w lib/more
chmod o+w lib
describe 77 "mend it with: chmod o-w $work/m/lib"
chmod o-w lib
describe 0 "monitor deep: shows nothing"

size=$(stat -c %s lib/libhelper.so.1)
truncate -s $((size / 2)) lib/libhelper.so.1
describe 78 "its library $work/m/lib/libhelper.so: is cut off after $((size / 2)) bytes"
build
truncate -s 5000 lib/more/libmore.so
describe 78 "its library $work/m/lib/more/libmore.so: is cut off after 5000 bytes"
# The same where it would be the host's own process that dies.
printf '[source]\nplugin = generator\nfeatures = 1\ncount = 1\n[sink]\nplugin = null\n[monitor]\nplugin = ./deep.so\n' >run.ini
run_for 20 "$lrhost" run.ini >"$work/out" 2>&1
expect_code 78 $? "run with a library that is cut off" "$work/out"
expect_text "libmore.so: is cut off" "$work/out" "run"
build
run_for 20 "$lrhost" run.ini >"$work/out" 2>&1
expect_code 0 $? "run with whole libraries" "$work/out"
rm lib/more/libmore.so
describe 78 "libmore.so: cannot open shared object file"
# A circle ends.
"$cc" "${flags[@]}" more.c -o lib/more/libmore.so -Llib -l:libhelper.so.1 -Wl,--no-as-needed \
    -Wl,--allow-shlib-undefined -Wl,--enable-new-dtags '-Wl,-rpath,$ORIGIN/..' 2>/dev/null &&
    chmod go-w lib/more/libmore.so && describe 0 "monitor deep: shows nothing"
echo "beside: libraries of a module are trusted and whole"

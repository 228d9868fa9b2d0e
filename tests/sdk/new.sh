#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lrhost new: for each kind a folder whose `make`, `make run` and `make test` work as they stand,
# with every warning an error and under any umask; and what it refuses, in a sentence.
. "$(dirname "$0")/lib.sh"
[ -z "$slow" ] || skip "lrhost new: programs that are linked plainly cannot use a sanitizer build's library"
cd "$work" || exit 70
warnings='-O1 -Werror -Wcast-qual -Wvla -Wundef -Wwrite-strings'
compilers=()
for name in gcc clang-16 clang; do
    command -v "$name" >/dev/null && compilers+=("$name")
done
[ ${#compilers[@]} -gt 0 ] || compilers=(cc)

umask 0002
for kind in source codec engine model sink monitor; do
    name=my-${kind}_1
    lrhost new "$kind" "$name" >out 2>&1
    expect_code 0 $? "lrhost new $kind $name" out
    expect_text "cd $name && make" out "lrhost new says what to do next"
    for file in "$name.c" Makefile "$name.ini" "test_$name.c"; do
        [ -s "$name/$file" ] || fail "lrhost new $kind: no $file"
    done
    expect_equal '' "$(grep -l '@[A-Z]*@' -r "$name")" "$kind: marks left over"
    for cc in "${compilers[@]}"; do
        make -s -C "$name" clean all CC="$cc" CFLAGS="$warnings" >out 2>&1
        expect_code 0 $? "$kind: make with $cc" out
    done
    run_for 20 make -s -C "$name" run >out 2>&1
    expect_code 0 $? "$kind: make run" out
    run_for 60 make -s -C "$name" test >out 2>&1
    expect_code 0 $? "$kind: make test" out
    # The hooks of the kind's header, and those of every plugin, are all there.
    while read -r hook; do
        grep -q "\.$hook = " "$name/$name.c" || fail "$kind: the template does not name '$hook'"
    done < <(printf '%s\n' check create start stop destroy topics
        sed -n 's/^    [a-z].*(\*\([a-z_]*\))(.*/\1/p' "$root/sdk/include/lrhost/$kind.h" |
            if [ "$kind" = engine ]; then grep -x run; else cat; fi)
done

# Tests that could not fail would say nothing: for each kind one thing that is wrong.
spoil() # KIND WHAT INTO TEXT: `make test` with WHAT replaced fails, and says TEXT
{
    local name=my-${1}_1
    sed -i "s/$2/$3/" "$name/$name.c"
    touch "$name/$name.c"
    run_for 60 make -s -C "$name" test >out 2>&1 && fail "control: make test passes a $1 with $3"
    expect_text "$4" out "control: what make test says of a $1 with $3"
}
spoil model 'scale \* sum' 'scale + sum' 'not so: '
spoil sink "fputc('.n', self->file)" "fputc(' ', self->file)" 'not so: '
spoil source 'self->next = positions.i..next;' '' 'not so: '
spoil engine 'lane->commit(lane->ctx)' 'LR_OK' 'not so: '
spoil codec 'comma + 1' 'comma + 2' 'not so: '
spoil monitor 'LR_LOG_NOTICE, line' 'LR_LOG_NOTICE, ""' 'not so: '

refused() # CODE TEXT WORDS...
{
    local code=$1 text=$2
    shift 2
    lrhost new "$@" >"$work/out" 2>&1
    expect_code "$code" $? "lrhost new $*" "$work/out"
    expect_text "$text" "$work/out" "lrhost new $*"
}
refused 64 "did you mean 'model'?" modle x
refused 64 "lrhost new model mean" mean model
refused 64 'there are source, codec' thing x
for name in 'two words' Upper -dash _under a/b ../up . '' "$(printf 'a%.0s' {1..64})"; do
    refused 64 'cannot be the name of a plugin' model -- "$name"
    [ ! -e "$name/Makefile" ] || [ "$name" = . ] || fail "lrhost new model '$name' made something"
done
touch my-sink_1/mine
refused 64 'is there already' sink my-sink_1
[ -e my-sink_1/mine ] || fail "a folder that was there was changed"
refused 64 'usage: lrhost new KIND NAME' model
if [ "$(id -u)" -ne 0 ]; then
    mkdir closed && chmod 555 closed
    (cd closed && refused 69 'cannot be made' model x) || exit 1
fi

# A moved copy of the program finds the templates of its own prefix, and says so when there are none.
mkdir -p prefix/bin && cp "$lrhost" prefix/bin/lrhost
prefix/bin/lrhost new model moved >out 2>&1
code=$?
if [ "$code" -ne 0 ]; then # not installed on this machine either
    expect_code 69 "$code" "lrhost new without templates" out
    expect_text 'make install' out "lrhost new without templates"
fi
rm -rf moved
mkdir -p prefix/share/lrhost && cp -r "$root/sdk/template" prefix/share/lrhost/
rm prefix/share/lrhost/template/model/*.ini && mkdir prefix/share/lrhost/template/model/x.ini
prefix/bin/lrhost new model moved >out 2>&1
expect_code 69 $? "lrhost new with a template that cannot be read" out
[ ! -e moved ] || fail "what could not be completed was left there"
rmdir prefix/share/lrhost/template/model/x.ini
prefix/bin/lrhost new model moved >out 2>&1
expect_code 0 $? "lrhost new of a moved prefix" out

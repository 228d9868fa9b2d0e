# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts about plugins of one's own share: a copy of the examples to build in.
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

export PATH=$work/bin:$PATH LRHOST_PLUGIN_PATH=$BUILD/plugins
unset MAKEFLAGS MAKELEVEL LRHOST
mkdir "$work/bin"
ln -s "$lrhost" "$work/bin/lrhost"

# build EXAMPLE...: in $work/sdk/examples, which becomes the working folder
build()
{
    mkdir -p "$work/sdk"
    cp -r "$root/sdk/examples" "$root/sdk/module.map" "$work/sdk/"
    ln -sfn "$root/sdk/include" "$work/sdk/include"
    cd "$work/sdk/examples" || exit 70
    rm -f ./*.so
    make -s CFLAGS='-O2 -Werror' CXXFLAGS='-O2 -Werror' "${@/%/.so}" >"$work/out" 2>&1
    expect_code 0 $? "make $*" "$work/out"
}

# run NAME [OPTION...]: lrhost NAME.ini into $work/out
run()
{
    local name=$1
    shift
    run_for 20 lrhost --quiet "$@" "$name.ini" >"$work/out" 2>"$work/err"
    expect_code 0 $? "lrhost $name.ini" "$work/err"
}

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# lrhost-plugin(7): the plugin that it shows compiles by the line that it shows and runs; it names
# every function of every kind; and, where mandoc is, it is a clean page.
. "$(dirname "$0")/lib.sh"
page=$root/docs/man/lrhost-plugin.7
cd "$work" || exit 70

awk '/^\.\\" file: mean.c/ { next } /^\.Bd/ { on = !done; next } /^\.Ed/ { done = 1; on = 0 } on' "$page" >mean.c
line=$(sed -n 's/^\.Dl //p' "$page")
expect_text 'mean.c -o mean.so' <(echo "$line") "the compile line"
mkdir pc
sed -e "s|@PREFIX@|$root/sdk|" -e "s|@[A-Z]*@|1|" "$root/sdk/lrhost.pc.in" >pc/lrhost.pc
PKG_CONFIG_PATH=$work/pc bash -c "${line/cc /${CC:-cc} -Wall -Wextra -Werror }" >out 2>&1
expect_code 0 $? "$line" out
printf '[pipeline]\non_bad_record = skip\n[source]\nplugin = stdio\n[codec]\nappend = prediction
[model]\nplugin = ./mean.so\n[sink]\nplugin = stdio\n' >mean.ini
echo '1,2,6;2.5' | run_for 10 lrhost --quiet mean.ini >out 2>&1
expect_code 0 $? "mean.ini" out
expect_equal '1,2,6;2.5;3.0' "$(cat out)" "mean.so"

text=" $(sed 's/[^a-z_]/ /g' "$page" | tr '\n' ' ') "
for kind in source codec model sink monitor; do
    while read -r hook; do
        [[ $text == *" $hook "* ]] || fail "lrhost-plugin(7) does not name '$hook' of a $kind"
    done < <(sed -n 's/^    [a-z].*(\*\([a-z_]*\))(.*/\1/p' "$root/sdk/include/lrhost/$kind.h")
done

command -v mandoc >/dev/null || skip "no mandoc here to judge the page's form"
mandoc -T lint -W warning "$page" >out 2>&1
expect_code 0 $? "mandoc -T lint" out
sed 's/^\.Ed$//' "$page" >broken.7
mandoc -T lint -W warning broken.7 >/dev/null 2>&1 && fail "control: mandoc passes a broken page"
exit 0

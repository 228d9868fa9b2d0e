#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The rules that `lrhost verify --list` prints are those that the SDK's headers name in brackets, in
# the header that the list says; every rule but a few that need a tool or a privilege has a plugin
# of the zoo that breaks it; every id in the code is a rule.
. tests/e2e/lib.sh

"$lrhost" verify --list >"$work/list" || fail "verify --list"
sed -n '/^rules:/,$s/^  \([a-z.-]*\) *\([a-z]*\.h\) .*/\2 \1/p' "$work/list" | sort >"$work/said"
(cd sdk/include/lrhost && grep -o '\[[a-z]*\.[a-z-]*\]' -- *.h) | grep -v '^testing.h' |
    sed 's/^\(.*\):\[\(.*\)\]$/\1 \2/' | sort -u >"$work/named"
expect_same_file "$work/said" "$work/named" "rules of the list and of the headers"
[ "$(wc -l <"$work/said")" -ge 50 ] || fail "where are the rules?"

cut -d' ' -f2 "$work/said" | sort >"$work/rules"
# shellcheck disable=SC2013 # ids are words
for id in $(grep -ohE '"[a-z]+\.[a-z]+(-[a-z]+)*"' host/verify/*.c sdk/testing/*.c | tr -d '"' | sort -u); do
    case $id in *.h | *.so | *.ini) continue ;; esac
    grep -qx "$id" "$work/rules" || fail "$id is no rule, but the code says it"
done

# Not broken by the zoo: what needs another user, a broken file (tests/unit/test_elfmutate) or
# valgrind; and rules that are only in force while something else is tested.
without='life.create life.destroy life.start life.stop life.use life.thousand life.restart
    module.elf module.loads module.trusted memory.valgrind status.range codec.decode codec.encode'
awk '$1 !~ /^#/ && NF { print $3 }' tests/zoo/zoo.txt | sort -u >"$work/broken"
for id in $without; do echo "$id"; done | sort - "$work/broken" | uniq >"$work/covered"
comm -23 "$work/rules" "$work/covered" >"$work/rest"
[ ! -s "$work/rest" ] || fail "no plugin of the zoo breaks: $(tr '\n' ' ' <"$work/rest")"
echo "$(wc -l <"$work/said") rules"

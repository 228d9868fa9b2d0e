#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What systemd-analyze says of the unit and of the drop-ins of docs/systemd.md, without running them:
# nothing wrong, and an exposure of 1.5 at most (of 10). systemd.sh runs it.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/systemd_lib.sh"
command -v systemd-analyze >/dev/null || skip "skipped: no systemd-analyze to look at the unit with"
unit=$work/lrhost@.service

# What it says of a unit with our lrhost in the place of the installed one; the pages of the manual
# are not installed yet.
verify()
{
    systemd-analyze verify --man=no "$unit" 2>&1
}
confined()
{
    systemd-analyze security --offline=true --no-pager --threshold=15 "$unit" >"$work/security" 2>&1
}
make_unit() # [SED]
{
    sed -e "s|/usr/bin/lrhost|$lrhost|; ${1:-}" "$root/packaging/systemd/lrhost@.service" >"$unit"
}

make_unit
expect_equal '' "$(verify)" "systemd-analyze verify"
confined || { cat "$work/security"; fail "the unit is more exposed than 1.5"; }
exposure=$(grep -o 'exposure level.*: [0-9.]*' "$work/security")

mkdir "$unit.d"
for name in folder user memory variable patience time; do
    block $name | sed "s|/usr/bin/lrhost|$lrhost|" >"$unit.d/$name.conf"
    expect_equal '' "$(verify)" "systemd-analyze verify with the drop-in '$name'"
    rm "$unit.d/$name.conf"
done
printf '[Service]\nMemoryMaximum=1G\n' >"$unit.d/wrong.conf"
verify | grep -q 'Unknown key' || fail "verify does not look at drop-ins"
rm "$unit.d/wrong.conf"

make_unit 's/^RestartSec/RestartSek/'
verify | grep -q 'Unknown key' || fail "verify does not see a key that is wrong: it sees nothing"
make_unit '/^SystemCallFilter/d; /^PrivateUsers/d; /^DynamicUser/d'
confined && fail "a unit without half of its sandbox passes, too"
echo "the unit: verified, ${exposure##* }"

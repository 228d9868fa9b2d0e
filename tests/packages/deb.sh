#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The .deb packages, on a clean Debian 12: what lintian says, what each needs, that they work, that
# an upgrade and a downgrade keep what is in /etc/lrhost, and that nothing is left after a purge.
. "$(dirname "$0")/lib.sh"
need dpkg-buildpackage dh lintian
make_packages deb
make_root "$debs"/*.deb

# It takes as long as half of the rest, and waits for nothing of it.
lintian -I --pedantic --allow-root --fail-on error,warning,info,pedantic "$debs"/*.changes \
    >"$work/lintian" 2>&1 &
lintian=$!
files_of "$root_dir" >"$work/before"

# The core alone.
install lrhost
inside 'dpkg-query -W -f "\${Package}\n"' >"$work/installed"
grep -qE '^lib(rdkafka|simdjson)' "$work/installed" && fail "lrhost alone brings librdkafka or simdjson"
inside 'lrhost list --names' >"$work/out" || fail "lrhost list: $(cat "$work/out")"
expect_text linreg "$work/out" "the plugins of lrhost alone"
grep -qE 'kafka|json' "$work/out" && fail "lrhost alone has plugins of other packages"
inside 'lrhost check /usr/share/doc/lrhost/examples/streaming.ini' >"$work/out" 2>&1
expect_code 78 $? "lrhost check of a pipeline with Kafka, without lrhost-kafka" "$work/out"
expect_text 'lrhost-kafka' "$work/out" "lrhost check of a pipeline with Kafka, without lrhost-kafka"
inside 'cd /tmp && lrhost new model mine' >"$work/out" 2>&1
expect_code 69 $? "lrhost new without lrhost-dev" "$work/out"
expect_text lrhost-dev "$work/out" "lrhost new without lrhost-dev"
cp packaging/debian/tests/* "$root_dir/packages/"
must /packages/smoke
packaging/hardening.sh "$root_dir/usr/bin/lrhost" "$root_dir"/usr/lib/*/lrhost/*.so ||
    fail "the installed files above are not hardened"

# A plugin's package is found through the number of the ABI, not through lrhost's version.
install lrhost-kafka lrhost-json lrhost-doc
for abi in $(seq "$(sed -n 's/^ABI *:= //p' Makefile)"); do
    inside 'dpkg-query -W -f "\${Provides}\n" lrhost' | grep -qw "lrhost-abi-$abi" ||
        fail "lrhost does not provide lrhost-abi-$abi"
done
for file in "$root_dir"/usr/share/doc/lrhost/examples/*.ini; do
    grep -q embedded "$file" && fail "$file names the broker inside the process"
    must "lrhost check '${file#"$root_dir"}'"
done
must 'OUTPUT=/tmp lrhost --quiet /usr/share/doc/lrhost/examples/json.ini'
must 'dpkg --verify lrhost lrhost-kafka lrhost-json lrhost-doc'

# Where Debian's shells look, which is not where others' do.
for file in bash-completion/completions/lrhost zsh/vendor-completions/_lrhost \
    fish/vendor_completions.d/lrhost.fish; do
    [ -s "$root_dir/usr/share/$file" ] || fail "no completion /usr/share/$file"
done

# The same package under another version.
repack() # NAME VERSION
{
    local tree=$work/repack
    rm -rf "$tree"
    dpkg-deb -R "$debs/$1_${version}_"*.deb "$tree" || fail "cannot unpack $1"
    sed -i "s/^Version: .*/Version: $2/" "$tree/DEBIAN/control"
    mkdir -p "$root_dir/packages/$2"
    dpkg-deb -b "$tree" "$root_dir/packages/$2/" >"$work/out" 2>&1 || fail "dpkg-deb: $(cat "$work/out")"
}
change() # FROM TO FOLDER
{
    must "cd / && $apt --allow-downgrades install ./packages/$3/lrhost_$2_*.deb"
    expect_equal "$2" "$(inside 'dpkg-query -W -f "\${Version}" lrhost')" "version after going from $1 to $2"
    expect_equal '# mine' "$(cat "$root_dir/etc/lrhost/mine.ini")" "/etc/lrhost after going from $1 to $2"
    must /packages/smoke
    must 'lrhost check /usr/share/doc/lrhost/examples/streaming.ini' # lrhost-kafka is what it was
}
echo '# mine' >"$root_dir/etc/lrhost/mine.ini"
repack lrhost 0.0.9
repack lrhost 9.9
change "$version" 0.0.9 0.0.9
change 0.0.9 "$version" .
change "$version" 9.9 9.9
change 9.9 "$version" .

# Removed is not purged. What the unit's instances leave is made by hand here.
must "$apt remove lrhost"
[ -e "$root_dir/etc/lrhost/mine.ini" ] || fail "removing lrhost took a file in /etc/lrhost away"
must 'cd /etc/systemd/system && mkdir -p multi-user.target.wants lrhost@scoring.service.d /etc/credstore
    ln -s /lib/systemd/system/lrhost@.service multi-user.target.wants/lrhost@scoring.service
    touch lrhost@scoring.service.d/override.conf /etc/credstore/lrhost.scoring.password
    mkdir -p /var/lib/lrhost /var/lib/private/lrhost/scoring
    ln -s ../private/lrhost/scoring /var/lib/lrhost/scoring
    touch /var/lib/private/lrhost/scoring/model.json'
shared='etc/credstore|etc/systemd/system/multi-user\.target\.wants|var/lib/private'
left() # what is there now and was not before
{
    files_of "$root_dir" | comm -13 "$work/before" - | grep -vxE "\./($shared)"
}
expect_equal 5 "$(left | grep -cE 'etc/lrhost/mine|credstore/lrhost|wants/lrhost|service\.d/over|private/lrhost/.*/model')" \
    "control: files that are there before a purge and are seen"
must "$apt purge lrhost lrhost-kafka lrhost-json lrhost-doc && $apt --purge autoremove"
expect_equal '' "$(left)" "files left after a purge"

# A plugin of one's own.
install lrhost lrhost-dev gcc libc6-dev make pkg-config
must /packages/new-plugin
must "$apt purge lrhost lrhost-dev"
expect_equal '' "$(left | grep lrhost)" "files left after a purge of lrhost-dev"

wait $lintian
expect_code 0 $? lintian "$work/lintian"

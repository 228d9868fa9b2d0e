#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The root file system of lrhost's image: the program, its plugins, exactly the libraries that they
# need, and the few files that the C library, OpenSSL and a container engine look for. No shell, no
# package manager, nothing that is setuid; everything belongs to root.
#
#   packaging/container/rootfs.sh STAGE DEST
#
# STAGE is where `make install DESTDIR=STAGE PREFIX=/usr` put things. Libraries and CA certificates
# are those of the machine that this runs on: the Containerfile's build stage, or a test's.
# Needs root, for chroot. Left out: Kerberos (sasl.mechanism GSSAPI), whose modules are found by name
# at run time and want programs of their own; PLAIN, SCRAM and OAUTHBEARER are librdkafka's.
set -eu
stage=${1:?usage: rootfs.sh STAGE DEST} dest=${2:?usage: rootfs.sh STAGE DEST}
program=usr/bin/lrhost plugins=usr/lib/lrhost

put() # MODE FILE TARGET: links are followed, folders made
{
    install -D -m "$1" "$2" "$dest/$3"
}

put 755 "$stage/$program" $program
for module in "$stage/$plugins"/*.so; do
    put 644 "$module" "$plugins/${module##*/}"
done
strip --strip-unneeded "$dest/$program" "$dest/$plugins"/*.so

# "NAME => PATH (ADDRESS)", and the loader as "PATH (ADDRESS)".
needed=$(ldd "$dest/$program" "$dest/$plugins"/*.so)
libraries=$(echo "$needed" |
    sed -n 's|^[[:space:]].*=> \(/[^ ]*\) (.*|\1|p; s|^[[:space:]]\(/[^ ]*\) (.*|\1|p' | sort -u)
for library in $libraries; do
    put 755 "$library" "${library#/}"
done

# Found there, too? Without the settings of this machine only the usual folders are looked at.
loader=$(echo "$libraries" | grep '/ld[^/]*$' | head -n 1)
for file in "$program" "$dest/$plugins"/*.so; do
    found=$(env -u LD_LIBRARY_PATH chroot "$dest" "$loader" --list "/${file#"$dest"/}" 2>&1) ||
        found="not found: $found"
    if echo "$found" | grep 'not found' >&2; then
        echo "rootfs: a library that /${file#"$dest"/} needs" >&2
        exit 69
    fi
done

# Where Debian's OpenSSL looks for certificates: a file, and a folder that is not needed then.
put 644 /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ca-certificates.crt
mkdir -p "$dest/usr/lib/ssl"
ln -s /etc/ssl/certs/ca-certificates.crt "$dest/usr/lib/ssl/cert.pem"

text() # TARGET: from standard input
{
    mkdir -p "$dest/${1%/*}"
    cat >"$dest/$1"
    chmod 644 "$dest/$1"
}
text etc/passwd <<'END'
root:x:0:0:root:/:/usr/sbin/nologin
lrhost:x:65532:65532:lrhost:/:/usr/sbin/nologin
END
text etc/group <<'END'
root:x:0:
lrhost:x:65532:
END
# Without it the C library asks the name server before /etc/hosts.
echo 'hosts: files dns' | text etc/nsswitch.conf

# Whoever runs it may be any user (--user, OpenShift), so these two are as /tmp is everywhere.
mkdir -p "$dest/etc/lrhost" "$dest/tmp" "$dest/run/lrhost"
chmod 1777 "$dest/tmp" "$dest/run/lrhost"
# Where engines mount things; made here, a read-only root needs nothing made.
mkdir -p "$dest/dev" "$dest/proc" "$dest/sys"

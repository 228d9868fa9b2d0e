#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Fetches the peers' jars (some 500 MB) and compiles their jobs:
#
#   build.sh DIR [NAME...]     DIR/NAME/libs and DIR/NAME/classes for flink, spark, kstreams
#
# What is there and up to date stays. Without java, mvn or a network this exits with 77 and one line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?where to}
shift

skip()
{
    echo "skipped: $*"
    exit 77
}

# Spark's POMs name a repository of their own that need not be reachable: all is asked of Maven
# Central, whose address Maven itself knows.
central_only() # FILE
{
    local home jar url
    home=$(mvn -v | sed -n 's/^Maven home: //p')
    jar=$(find -L "$home/lib" -name 'maven-model-builder*.jar' | head -n 1)
    url=$(python3 - "$jar" <<'PY'
import re, sys, zipfile
pom = zipfile.ZipFile(sys.argv[1]).read("org/apache/maven/model/pom-4.0.0.xml").decode()
print(re.search(r"<id>central</id>.*?<url>(.*?)</url>", pom, re.S).group(1))
PY
    )
    cat >"$1" <<XML
<settings><mirrors><mirror>
<id>central-only</id><mirrorOf>*</mirrorOf><url>$url</url>
</mirror></mirrors></settings>
XML
}

fetch() # NAME
{
    local settings=()
    command -v mvn >/dev/null || skip "no mvn to fetch $1 with"
    rm -rf "${dir:?}/$1"
    mkdir -p "$dir/$1"
    if [ "$1" = spark ]; then
        central_only "$dir/settings.xml"
        settings=(-s "$dir/settings.xml")
    fi
    timeout 900 mvn -q -B "${settings[@]}" -f "$here/$1/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$dir/$1/libs" -DincludeScope=runtime >"$dir/$1.log" 2>&1 ||
        skip "$1 could not be fetched (see $dir/$1.log)"
    cp "$here/$1/pom.xml" "$dir/$1/pom.xml"
}

compile() # NAME
{
    local sources=("$here"/*.java "$here/$1"/*.java)
    [ "$(cat "${sources[@]}" | cksum)" != "$(cat "$dir/$1/sources" 2>/dev/null)" ] || return 0
    rm -rf "${dir:?}/$1/classes"
    javac -nowarn -cp "$dir/$1/libs/*" -d "$dir/$1/classes" "${sources[@]}"
    cat "${sources[@]}" | cksum >"$dir/$1/sources"
}

[ $# -gt 0 ] || exit 0
command -v javac >/dev/null || skip "no JDK for the peers"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
for name in "$@"; do
    cmp -s "$here/$name/pom.xml" "$dir/$name/pom.xml" || fetch "$name"
    compile "$name"
done

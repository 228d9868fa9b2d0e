#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes the manual pages that are made from the option tables into FOLDER:
#
#   packaging/man.sh LRHOST FOLDER DATE PLUGIN...
#
# lrhost-PLUGIN.7 is what `lrhost describe PLUGIN --man` prints, with docs/man/PLUGIN.body, where
# there is one, before SEE ALSO. lrhost.ini.5 is docs/man/lrhost.ini.head with each line
# `.\" describe SECTION` replaced. The date goes into the pages that are written by hand, too.
set -eu
lrhost=$1 folder=$2 date=$3
shift 3
source=$(dirname "$0")/../docs/man

for name; do
    body=/dev/null
    [ ! -f "$source/$name.body" ] || body=$source/$name.body
    "$lrhost" describe "$name" --man >"$folder/$name.made"
    awk -v body="$body" '
        /^\.Sh SEE ALSO/ { while ((getline line <body) > 0) print line }
        { print }' "$folder/$name.made" >"$folder/lrhost-$name.7"
    rm "$folder/$name.made"
done

while IFS= read -r line; do
    case $line in
    '.\" describe '*) "$lrhost" describe "${line##* }" --man ;;
    *) printf '%s\n' "$line" ;;
    esac
done <"$source/lrhost.ini.head" | sed "s/^\.Dd .*/.Dd $date/" >"$folder/lrhost.ini.5"

for page in lrhost.1 lrhost-plugin.7; do
    sed "s/^\.Dd .*/.Dd $date/" "$source/$page" >"$folder/$page.dated"
    mv "$folder/$page.dated" "$folder/$page"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The manual pages: those that are made are what the option tables say today, all have the date of
# the release, lrhost(1) and --help name the same commands and options, what the pages show runs, and
# every page is clean. Words of a plugin stay what they are, whatever roff would make of them.
. "$(dirname "$0")/lib.sh"
export LRHOST_PLUGIN_PATH=$BUILD/plugins:$BUILD/tests/plugins
pages=(docs/man/*.[1-8])

# ---- current ----------------------------------------------------------------------------------
date=$(sed -n 's/^DATE *:= //p' Makefile)
mapfile -t plugins < <(printf '%s\n' docs/man/lrhost-*.7 | sed 's|.*/lrhost-||; s|\.7$||' | grep -vx plugin)
for folder in plugins/*/; do
    name=$(basename "$folder")
    [ "$name" = common ] || [ -f "docs/man/lrhost-$name.7" ] || fail "plugin $name has no page"
done
mkdir "$work/now"
packaging/man.sh "$lrhost" "$work/now" "$date" "${plugins[@]}" 2>"$work/err"
expect_code 0 $? "packaging/man.sh" "$work/err"
for page in "${pages[@]}"; do
    cmp -s "$page" "$work/now/${page##*/}" && continue
    diff "$page" "$work/now/${page##*/}" | head -n 20
    fail "$page is not current: run make docs"
done

# ---- what there is, and what is said ----------------------------------------------------------
"$lrhost" --help >"$work/help"
"$lrhost" verify --help >>"$work/help"
grep -oE -- '--[a-z][a-z-]+' "$work/help" | sort -u >"$work/wanted"
sed -n '/^\.Sh DESCRIPTION/,/^\.Ss Signals/s/^\.It Fl/Fl/p' docs/man/lrhost.1 |
    grep -oE 'Fl Fl [a-z-]+' | sed 's/Fl Fl /--/' | sort -u >"$work/got"
expect_same_file "$work/wanted" "$work/got" "options of --help, and of lrhost(1)"
"$lrhost" __complete '' | cut -f1 | grep -v ^: | sort >"$work/wanted"
sed -n '/^\.Ss Commands/,/^\.Ss Options/s/^\.It.* \?Cm \([a-z]*\).*/\1/p' docs/man/lrhost.1 |
    sed 's/^create.*/topics/' | sort >"$work/got"
expect_same_file "$work/wanted" "$work/got" "commands of --help, and of lrhost(1)"
sed -n '/^Exit codes/,/^$/p' "$work/help" | grep -oE '\b(0|[67][0-9])\b' | sort -u >"$work/wanted"
sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It //p' docs/man/lrhost.1 | sort -u >"$work/got"
expect_same_file "$work/wanted" "$work/got" "exit codes of --help, and of lrhost(1)"
while read -r name; do
    compgen -G "docs/man/$name" >/dev/null || fail "a page refers to $name, which there is not"
done < <(sed -n 's/^\.Xr \(lrhost[^ ]*\) \([1-8]\).*/\1.\2/p' "${pages[@]}" | sort -u)

# ---- what is shown ----------------------------------------------------------------------------
# shown KIND PAGE: the displays behind `.\" KIND`, each in a file $work/KIND.N
shown()
{
    awk -v kind="$1" -v out="$work/$1" '
        $0 == ".\\\" " kind { due = 1; next }
        due && /^\.Bd/ { inside = 1; due = 0; name = out "." ++n; next }
        /^\.Ed/ { inside = 0 }
        inside { gsub(/\\e/, "\\"); print >name }' "$2"
}
mkdir -p "$work/etc/lrhost" "$work/var/log/sensors" "$work/var/lib/lrhost/follow"
echo 1,2,3 >"$work/var/log/sensors/a.log"
echo secret >"$work/etc/lrhost/scoring.password"
chmod 600 "$work/etc/lrhost/scoring.password"
sed -n '/^{"bias/p' docs/man/lrhost-linreg.7 >"$work/model.json"
n=0
for page in "${pages[@]}"; do
    rm -f "$work"/check.*
    shown check "$page"
    for file in "$work"/check.*; do
        [ -f "$file" ] || continue
        n=$((n + 1))
        sed -i "s|/etc/lrhost|$work&|; s|= /var/|= $work/var/|" "$file"
        run_for 20 "$lrhost" check "$file" >"$work/out" 2>&1
        expect_code 0 $? "the file that $page shows" "$work/out"
        grep -v ': good: ' "$work/out" && fail "$page: a warning about what it shows"
        sed 's/^topic /topc /; s/^features /feature /; s/^path /pth /; s/^load /lod /' "$file" >"$file.wrong"
        "$lrhost" check "$file.wrong" >"$work/out" 2>&1 && fail "control: $page: anything passes"
        rm "$file.wrong"
    done
done
[ "$n" -ge 5 ] || fail "only $n files were found in the pages"

shown run docs/man/lrhost.1
mkdir "$work/bin"
ln -s "$lrhost" "$work/bin/lrhost"
n=0
for file in "$work"/run.*; do
    n=$((n + 1))
    sed -n 's/^\$ //p' "$file" >"$work/command"
    (cd configs && PATH=$work/bin:$PATH run_for 20 bash "$work/command") >"$work/out" 2>"$work/err"
    expect_code 0 $? "$(cat "$work/command")" "$work/err"
    wanted=$(sed '/^\$ /d' "$file")
    case $(cat "$work/out") in
    "${wanted%...}"*) ;;
    *)
        cat "$work/out"
        fail "lrhost(1) shows '$wanted' for: $(cat "$work/command")"
        ;;
    esac
done
[ "$n" -eq 3 ] || fail "$n commands were found in lrhost(1) instead of 3"

# ---- form -------------------------------------------------------------------------------------
# man-db's warnings, where it is.
if command -v groff >/dev/null && man --version 2>/dev/null | grep -q '^man '; then
    for page in "${pages[@]}"; do
        LC_ALL=C.UTF-8 man --warnings -l "$page" >/dev/null 2>"$work/out"
        [ ! -s "$work/out" ] || { cat "$work/out"; fail "groff has something to say about $page"; }
    done
fi
command -v mandoc >/dev/null || skip "no mandoc here to judge the pages' form; all else passed"

# A page that is not installed here is "not found"; those of our own were looked for above.
lint() # PAGE...
{
    mandoc -T lint -W all "$@" 2>&1 |
        grep -vE 'STYLE: referenced manual not found|outdated mandoc.db' >"$work/out"
    [ ! -s "$work/out" ]
}
lint "${pages[@]}" || { cat "$work/out"; fail "mandoc -T lint -W all"; }
sed 's/^\.Ed$//' docs/man/lrhost.1 >"$work/broken.1"
lint "$work/broken.1" && fail "control: mandoc passes a broken page"

[ -f "$BUILD/tests/plugins/prose.so" ] || skip "the modules of tests/plugins are not built; all else passed"
"$lrhost" describe prose --man >"$work/prose.7" || fail "describe prose --man"
lint "$work/prose.7" || { cat "$work/out"; fail "the page of prose.so"; }
LC_ALL=C.UTF-8 mandoc -T utf8 -O width=400 "$work/prose.7" | sed 's/.\x08//g' >"$work/prose.txt"
for text in ".Dd is no date, ‘nor this." 'Ar = TEXT' \
    ".Sh 'at' the start of a line: \\fBback\\slash, ^hat, ~tilde, \"double\" and 'single' quotes, it's ‘code with blanks’, --set a-b=c, 1.5.  'Next' sentence." \
    "(default: \\fB.\"')" "This is the last word."; do
    expect_text "$text" "$work/prose.txt" "the page of prose.so"
done
exit 0

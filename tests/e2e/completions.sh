#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Completion in bash, zsh and fish, each by the shell itself: commands, options and their values,
# plugins, keys, files. And what is offered is what there is: every command of --help is offered and
# understood, every value is accepted.
. "$(dirname "$0")/lib.sh"
mkdir "$work/bin" "$work/home" "$work/files"
ln -s "$lrhost" "$work/bin/lrhost"
export PATH=$work/bin:$PATH HOME=$work/home LRHOST_PLUGIN_PATH=$BUILD/plugins
: >"$work/files/pipe.ini"
: >"$work/files/picture.png"
missing=

# ---- the program ------------------------------------------------------------------------------
"$lrhost" --help >"$work/help"
"$lrhost" __complete '' >"$work/commands"
n=0
while IFS=$'\t' read -r command text; do
    [ "$command" != :files ] || continue
    n=$((n + 1))
    [ -n "$text" ] || fail "command '$command' without a word about it"
    run_for 20 "$lrhost" "$command" no-such-thing >"$work/out" 2>&1 </dev/null
    grep -q 'neither a command' "$work/out" && fail "--help explains a command '$command'"
done <"$work/commands"
expect_equal "$(grep -cE '^(usage:)? +lrhost ' "$work/help")" "$n" "commands offered, and in --help"
grep -oE -- '--[a-z-]+' "$work/help" | grep -vx -- --help | sort -u >"$work/wanted"
"$lrhost" __complete --  | cut -f1 | grep -v -x -- --help | sort -u >"$work/got"
expect_same_file "$work/wanted" "$work/got" "options offered, and in --help"
"$lrhost" verify --help | grep -oE -- '--[a-z-]+' | sort -u >"$work/wanted"
"$lrhost" __complete verify -- | cut -f1 | sort -u >"$work/got"
expect_same_file "$work/wanted" "$work/got" "options of verify offered, and in its --help"
for option in --log-level --log-format; do
    "$lrhost" __complete $option '' | cut -f1 >"$work/values"
    [ -s "$work/values" ] || fail "no values of $option"
    while read -r value; do
        "$lrhost" $option "$value" --version >"$work/out" 2>&1 || fail "$option $value is offered"
    done <"$work/values"
done
"$lrhost" __complete describe '' | cut -f1 | grep -vx :files >"$work/names"
while read -r name; do
    "$lrhost" describe "$name" >"$work/out" 2>&1 || fail "describe $name is offered"
done <"$work/names"
[ "$(wc -l <"$work/names")" -gt 15 ] || fail "few names to describe"

# ---- the shells -------------------------------------------------------------------------------
# SHELL_says LINE prints what the shell offers for the word at its end, one a line.
bash_says()
{
    (
        cd "$work/files" || exit
        # shellcheck source=packaging/completions/lrhost.bash
        . "$root/packaging/completions/lrhost.bash"
        COMP_LINE=$1 COMP_POINT=${#1}
        # As readline cuts: at blanks, and "=" and ":" are words.
        cut=${1//=/ = }
        read -ra COMP_WORDS <<<"${cut//:/ : }"
        case $1 in *' ') COMP_WORDS+=('') ;; esac
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _lrhost
        printf '%s\n' "${COMPREPLY[@]}"
    )
}

fish_says()
{
    (cd "$work/files" && run_for 20 fish --no-config -c \
        "source $root/packaging/completions/lrhost.fish; complete -C '$1'" 2>&1 | cut -f1)
}

# A terminal with zsh in it: the line, then the list of choices, then what became of the line.
zsh_says()
{
    (cd "$work/files" && TERM=xterm run_for 20 zsh -f "$work/driver.zsh" "$1" 2>&1)
}
cat >"$work/driver.zsh" <<ZSH
zmodload zsh/zpty
zpty shell zsh -f -i
say() { zpty -w shell "\$1" }
say "PS1='> '; LISTMAX=1000; fpath=($root/packaging/completions \\\$fpath); autoload -U compinit; compinit -u -d $work/dump; compdef _lrhost lrhost"
say "setopt no_always_last_prompt no_auto_menu; zstyle ':completion:*' list-separator '#'; unsetopt beep; bindkey '^I' list-choices; echo re''ady"
zpty -r shell output '*ready*2004h*' # the editor is there: it asks for pasted text to be marked
zpty -w -n shell "\$1"\$'\t'\$'\x15'"echo do""ne"\$'\n'
all=
while zpty -r shell output '*'\$'\n'; do
    all+=\$output
    [[ \$all == *done* ]] && break
done
zpty -d shell
print -r -- "\$all"
ZSH

offers() # SHELL LINE WANTED...; a WANTED that begins with ! must not be there
{
    local shell=$1 line=$2 wanted
    shift 2
    "${shell}_says" "$line" | sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\r//g' -e 's/ *#.*//' -e 's/ *$//' |
        tr -s ' ' '\n' >"$work/said"
    for wanted; do
        case $wanted in
        !*) grep -qxF -- "${wanted#!}" "$work/said" && fail "$shell offers $wanted for '$line'" ;;
        *) grep -qxF -- "$wanted" "$work/said" || {
            cat "$work/said"
            fail "$shell does not offer $wanted for '$line'"
        } ;;
        esac
    done
}
for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || {
        missing+=" $shell"
        continue
    }
    setting=sink.latency=
    [ "$shell" != bash ] || setting= # it completes what is behind the "="
    offers "$shell" 'lrhost de' describe '!check'
    offers "$shell" 'lrhost ' check describe list run topics pipe.ini
    offers "$shell" 'lrhost check p' pipe.ini picture.png '!list'
    offers "$shell" 'lrhost topics ' create list delete '!pipe.ini'
    offers "$shell" 'lrhost describe k' kafka '!linreg'
    offers "$shell" 'lrhost --log-l' --log-level
    offers "$shell" 'lrhost verify --' --leaks --only '!--rewind'
    offers "$shell" 'lrhost verify --only exact k' kafka '!linreg'
    offers "$shell" 'lrhost status p' pipe.ini '!list'
    offers "$shell" 'lrhost --log-level ' error warning notice info debug
    offers "$shell" 'lrhost check pipe.ini --set sink.late' sink.latency=
    offers "$shell" 'lrhost check pipe.ini --set sink.latency=' "${setting}low" "${setting}balanced"
done
[ -z "$missing" ] || skip "the program and the other shells are right; not here:$missing"
echo "completions: bash, zsh, fish"

# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion for bash. What may stand where is asked of the program that is typed (host/complete.c).

_lrhost()
{
    local rest=${COMP_LINE:0:COMP_POINT} words=() word='' stripped lead candidate i
    COMPREPLY=()
    # bash cuts a word at "=" and ":", which settings hold: what has no blank between is put together.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        stripped=${rest#"${rest%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$stripped # only up to the cursor
        if ((i > 0)) && [[ $stripped == "$rest" ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        rest=${stripped#"$word"}
    done
    # bash replaces only what is behind the last cut.
    [[ $word != [=:]* ]] || word=${word#[=:]}
    lead=${words[${#words[@]} - 1]}
    lead=${lead%"$word"}
    while IFS=$'\t' read -r candidate _; do
        if [[ $candidate == :files ]]; then
            while IFS= read -r candidate; do
                COMPREPLY+=("$candidate")
            done < <(compgen -f -- "$word")
            compopt -o filenames 2>/dev/null
        else
            COMPREPLY+=("${candidate#"$lead"}")
        fi
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[.=] ]] || compopt -o nospace 2>/dev/null
    return 0
}
complete -F _lrhost lrhost

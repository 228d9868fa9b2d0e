# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For filters that break a copy of a source file on purpose: reads the file from standard input into
# `text`; change FILE FROM TO replaces FROM, which must be there exactly once, when this is FILE.
# The filter ends with finish_changes. Where the code changes, the filter follows, or the build stops.
file=$1
text=$(cat)

change()
{
    local rest
    [ "$1" = "$file" ] || return 0
    rest=${text/"$2"/}
    if [ "$rest" = "$text" ] || [ "${rest/"$2"/}" != "$rest" ]; then
        echo "$0: $file.c does not hold this exactly once: $2" >&2
        exit 1
    fi
    text=${text/"$2"/"$3"}
}

finish_changes()
{
    printf '%s\n' "$text"
}

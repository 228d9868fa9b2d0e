# SPDX-License-Identifier: MIT
#
# What has to hold after every change to @NAME@.c; `make test` runs it in this folder.
set -eu
lrhost=${LRHOST:-lrhost}

# The contract of a source, rule by rule.
if "$lrhost" --help | grep -q "lrhost verify"; then
    "$lrhost" verify ./@NAME@.so
fi

# The pipeline of @NAME@.ini: i,i+1,i+2;prediction, each i once and in order.
"$lrhost" --quiet @NAME@.ini | awk -F '[,;]' '
    $1 != NR - 1 || $2 != NR || $3 != NR + 1 || NF != 4 { bad++ }
    END { print NR " records, " bad + 0 " wrong"; exit NR != 10 || bad }'

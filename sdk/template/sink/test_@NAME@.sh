# SPDX-License-Identifier: MIT
#
# What has to hold after every change to @NAME@.c; `make test` runs it in this folder.
set -eu
lrhost=${LRHOST:-lrhost}

# The contract of a sink, rule by rule.
if "$lrhost" --help | grep -q "lrhost verify"; then
    "$lrhost" verify ./@NAME@.so --option path=@NAME@.verify
fi

# The pipeline of @NAME@.ini: every record is in the file, and in order.
rm -f @NAME@.out
"$lrhost" --quiet @NAME@.ini
"$lrhost" --quiet @NAME@.ini
awk -F ';' '
    NF != 3 || NR > 10 && $1 != first[NR - 10] { bad++ }
    { first[NR] = $1 }
    END { print NR " records of two runs, " bad + 0 " wrong"; exit NR != 20 || bad }' @NAME@.out
rm -f @NAME@.out

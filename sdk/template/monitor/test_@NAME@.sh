# SPDX-License-Identifier: MIT
#
# What has to hold after every change to @NAME@.c; `make test` runs it in this folder.
set -eu
lrhost=${LRHOST:-lrhost}

# The contract of a monitor, rule by rule.
if "$lrhost" --help | grep -q "lrhost verify"; then
    "$lrhost" verify ./@NAME@.so
fi

# The pipeline of @NAME@.ini: the last line tells of all records.
"$lrhost" --log-level=notice @NAME@.ini 2>@NAME@.log
grep 'done: 10 records read, 10 delivered' @NAME@.log
rm -f @NAME@.log

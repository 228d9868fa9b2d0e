# SPDX-License-Identifier: MIT
#
# What has to hold after every change to @NAME@.c; `make test` runs it in this folder.
set -eu
lrhost=${LRHOST:-lrhost}

# The contract of an engine, rule by rule.
if "$lrhost" --help | grep -q "lrhost verify"; then
    "$lrhost" verify ./@NAME@.so
fi

# The pipeline of @NAME@.ini: what comes out is what another engine gives, whatever the batches.
"$lrhost" --quiet @NAME@.ini >@NAME@.got
for size in 1 3 1024; do
    "$lrhost" --quiet --set engine.max_batch=$size @NAME@.ini | cmp - @NAME@.got
done
"$lrhost" --quiet --set engine.plugin=streaming @NAME@.ini | cmp - @NAME@.got
awk 'END { print NR " records"; exit NR != 10 }' @NAME@.got
rm -f @NAME@.got

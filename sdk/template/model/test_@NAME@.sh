# SPDX-License-Identifier: MIT
#
# What has to hold after every change to @NAME@.c; `make test` runs it in this folder.
set -eu
lrhost=${LRHOST:-lrhost}

# The contract of a model, rule by rule.
if "$lrhost" --help | grep -q "lrhost verify"; then
    "$lrhost" verify ./@NAME@.so
fi

# The pipeline of @NAME@.ini: f0,f1,f2;label;prediction, and the prediction is the mean.
"$lrhost" --quiet @NAME@.ini | awk -F '[,;]' '
    { error = ($1 + $2 + $3) / 3 - $5; if (error > 1e-9 || error < -1e-9) bad++ }
    END { print NR " records, " bad + 0 " wrong"; exit NR != 10 || bad }'

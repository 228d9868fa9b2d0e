#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# One process, four models at once: one of the first headers of ABI v1, one of today's, one in C++,
# one in Rust. Each has a pipeline of its own, fed by the same source module; each answers as it does
# alone.
. "$(dirname "$0")/lib.sh"
first=$root/tests/abi/first/include
[ -d "$first" ] || skip "the first headers are not in tests/abi"
command -v "${CXX:-c++}" >/dev/null || skip "no C++ compiler here"
command -v "${RUSTC:-rustc}" >/dev/null || skip "no rustc here"

build model_mean source_counter model_cpp model_rust
sed 's/model_mean/model_old/' model_mean.c >model_old.c
"${CC:-cc}" -std=c11 -O2 -fPIC -fvisibility=hidden -shared -I"$first" model_old.c -o model_old.so ||
    fail "model_old does not compile with the first headers"
chmod go-w model_old.so

for model in old mean cpp rust; do
    {
        printf '[pipeline]\nname = %s\non_bad_record = fail\n' "$model"
        printf '[source]\nplugin = ./source_counter.so\ncount = 1000\n'
        printf 'position_file = %s.position\n' "$model"
        printf '[codec]\nplugin = text\ncolumns = features\nappend = prediction\n'
        printf '[model]\nplugin = ./model_%s.so\n' "$model"
        [ $model != cpp ] || echo 'weights = 0, 1, 0'
        printf '[sink]\nplugin = file\npath = %s.out\nmode = truncate\n' "$model"
    } >"$model.ini"
    run "$model"
    mv "$model.out" "$model.alone"
    rm "$model.position"
done
run_for 20 lrhost --quiet old.ini mean.ini cpp.ini rust.ini >"$work/out" 2>&1
expect_code 0 $? "four models in one process" "$work/out"
for model in old mean cpp rust; do
    expect_equal 1000 "$(wc -l <"$model.out")" "records of model_$model"
    expect_same_file "$model.alone" "$model.out" "model_$model, among others"
    # The mean, the median and the second of i, i+1, i+2 are the same number.
    expect_same_file old.out "$model.out" "model_$model"
done

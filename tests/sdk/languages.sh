#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Models in C++ and Rust: built, run, and what they answer; an exception and a panic stay inside.
# Without one of the compilers the other language is still tried.
. "$(dirname "$0")/lib.sh"

missing=
if command -v "${CXX:-c++}" >/dev/null; then
    build model_cpp
    run model_cpp
    awk -F '[,;]' '$5 != $1 + 10 * $2 + 100 * $3 + 0.5 { bad = 1 } END { exit NR != 5 || bad }' \
        "$work/out" || fail "model_cpp: $(cat "$work/out")"
    run_for 20 lrhost --quiet --set 'model.weights=1, x' model_cpp.ini >"$work/out" 2>&1
    expect_code 78 $? "model_cpp with a weight that is no number" "$work/out"
    expect_text "weights: 'x' is no number" "$work/out" "the exception's sentence"
    symbols=$(nm -D --defined-only model_cpp.so | awk '$2 != "A" { print $3 }')
    expect_equal lrhost_module_v1 "${symbols%%@*}" "exported by model_cpp.so"
else
    missing="no C++ compiler here"
fi

if command -v "${RUSTC:-rustc}" >/dev/null; then
    build model_rust
    run model_rust
    tr ',;' '  ' <"$work/out" | awk '
        { n = 5; for (i = 1; i <= n; i++) x[i] = $i
          for (i = 1; i < n; i++) for (j = i + 1; j <= n; j++)
              if (x[j] < x[i]) { t = x[i]; x[i] = x[j]; x[j] = t }
          if (x[3] != $7) bad = 1 }
        END { exit NR != 5 || bad }' || fail "model_rust: not the median: $(cat "$work/out")"
    run model_rust --set model.quantile=1
    # A panic becomes the pipeline's error, with its text.
    sed -i 's|sorted.clear();|if features[0] > 1.0 { panic!("on purpose") }; sorted.clear();|' model_rust.rs
    make -s model_rust.so >"$work/out" 2>&1
    expect_code 0 $? "model_rust that panics" "$work/out"
    run_for 20 lrhost --quiet model_rust.ini >"$work/out" 2>&1
    expect_code 70 $? "model_rust that panics" "$work/out"
    expect_text 'panic: on purpose' "$work/out" "the panic's sentence"
else
    missing=${missing:+$missing, }"no rustc here"
fi
[ -z "$missing" ] || skip "$missing"

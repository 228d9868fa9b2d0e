#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The conformance kit finds nothing in the examples, whatever they are written in. (That it finds
# what is wrong is shown by tests/zoo.)
. "$(dirname "$0")/lib.sh"
[ -z "$slow" ] || skip "the examples are built plainly; the kit is tried by shipped.sh"
examples=(model_mean source_counter sink_csv engine_slo)
missing=
if command -v "${CXX:-c++}" >/dev/null; then examples+=(model_cpp); else missing="no C++ compiler here"; fi
if command -v "${RUSTC:-rustc}" >/dev/null; then examples+=(model_rust); else missing="no rustc here"; fi
if echo '#include <sqlite3.h>' | "${CC:-cc}" -E - >/dev/null 2>&1; then
    examples+=(sink_sqlite)
else
    missing="no sqlite3.h here"
fi
build "${examples[@]}"
for name in "${examples[@]}"; do
    options=()
    case $name in
    source_counter) options=(--option 'position_file={scratch}/position') ;;
    sink_sqlite) options=(--option 'path={scratch}/db' --option duplicates=replace) ;;
    sink_*) options=(--option 'path={scratch}/out') ;;
    model_cpp) options=(--option 'weights=1, 2, 3') ;;
    esac
    run_for 60 lrhost verify "./$name.so" "${options[@]}" >"$work/out" 2>&1
    expect_code 0 $? "lrhost verify $name.so" "$work/out"
done
[ -z "$missing" ] || skip "$missing; the others passed"

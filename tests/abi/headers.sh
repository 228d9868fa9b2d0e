#!/usr/bin/env bash
# Every header of the SDK compiles alone and twice, without the host's flags, in strict C11 and in
# C++17, with all usual warnings as errors; so does a module. Every struct is in frozen_v1.c.
set -u
cd "$(dirname "$0")/../.." || exit 1
include=sdk/include
warn=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror -fsyntax-only "-I$include")
failed=0

try() { # try WHAT SOURCE COMPILER FLAG...
  local what=$1 source=$2 output
  shift 2
  if ! output=$("$@" "${warn[@]}" - <<<"$source" 2>&1); then
    printf 'FAIL %s: %s\n%s\n' "$what" "$*" "$output"
    failed=$((failed + 1))
  fi
}

module='#include <lrhost/lrhost.h>
static const struct lr_plugin plugin = {sizeof(struct lr_plugin), LR_MONITOR, "m", "shows nothing", 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const struct lr_plugin *const plugins[] = {&plugin};
static const struct lr_module module = {sizeof(struct lr_module), 1, LRHOST_ABI, 1, "m", "1", "MIT",
  plugins};
LRHOST_MODULE(module, 1)'

all() { # all NAME COMPILER FLAG...: the headers and a module in one language
  local name=$1 path header
  shift
  for path in "$include"/lrhost/*.h; do
    header=${path##*/}
    try "$name $header" "#include <lrhost/$header>"$'\n'"#include <lrhost/$header>"$'\ntypedef int used;' "$@"
  done
  try "$name module" "$module" "$@"
}

all C11 "${CC:-cc}" -std=c11 -Wstrict-prototypes -x c
cxx=
for candidate in "${CXX:-}" c++ g++ clang++ clang++-16; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null && cxx=$candidate && break
done
[ -n "$cxx" ] && all C++17 "$cxx" -std=c++17 -x c++

while read -r name; do
  grep -Eq "^(SIZE|LEAST)\($name, " tests/abi/frozen_v1.c || {
    echo "FAIL struct $name is not in tests/abi/frozen_v1.c"
    failed=$((failed + 1))
  }
done < <(sed -n 's/^struct \(lr_[a-z_]*\) {.*/\1/p' "$include"/lrhost/*.h | grep -v '^lr_fake') # testing.h is no part of the ABI
[ "$failed" -eq 0 ] || exit 1
if [ -z "$cxx" ]; then
  echo "no C++ compiler here; C11 alone was tried"
  exit 77
fi
echo "headers in C11 and C++17: ok"

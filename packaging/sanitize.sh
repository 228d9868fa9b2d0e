#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The tests of `make test` once more, with host, plugins and test programs built for a sanitizer.
#
#   packaging/sanitize.sh [address,undefined|thread [NAME...]]
#
# NAME: only these, a unit test (test_kafka_sink) or a script (tests/e2e/stop.sh).
#
# Everything is built with the same flags: an overflow inside a plugin that is not instrumented
# would go unseen. thread: librdkafka locks with C11 mutexes, of which gcc's runtime knows
# nothing; tests/tsan/c11_threads.c puts them on pthreads, and tests/tsan/suppressions
# names the one report that remains (inside librdkafka's own shutdown).
set -u
cd "$(dirname "$0")/.." || exit 70
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
kind=${1:-address,undefined}
[ $# -eq 0 ] || shift
folder=$BUILD/sanitize-${kind%%,*}
mkdir -p "$folder" && folder=$(realpath "$folder") || exit 70
jobs=$(nproc 2>/dev/null || echo 2)
export MAKEFLAGS=''

extra=()
case $kind in
thread)
    "${CC:-cc}" -O1 -g -fPIE -c tests/tsan/c11_threads.c -o "$folder/c11_threads.o" || exit 70
    extra+=("LDFLAGS=$folder/c11_threads.o -rdynamic")
    export TSAN_OPTIONS="suppressions=$PWD/tests/tsan/suppressions exitcode=66"
    ;;
address*)
    # The one build of `make check` with gcc's warnings as errors.
    extra+=(WERROR=1)
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    ;;
esac

if ! echo 'int main(void){return 0;}' |
    "${CC:-cc}" -x c -fsanitize="$kind" -o /dev/null - 2>/dev/null; then
    echo "${CC:-cc} has no -fsanitize=$kind here"
    exit 77
fi

# No memory of ours is in these: what is installed, published, documented, compiled by others.
extra+=("LEAVE_OUT=tests/e2e/deps.sh tests/e2e/completions.sh tests/e2e/man.sh tests/abi/headers.sh \
    tests/abi/layout.sh tests/sdk/man.sh tests/packages/agree.sh tests/packages/hardening.sh \
    tests/packages/unit.sh tests/release/sbom.sh tests/release/versions.sh")
if [ $# -gt 0 ]; then
    tests=
    for name in "$@"; do
        case $name in test_*) name=$folder/tests/unit/$name ;; esac
        tests+=" $name"
    done
    extra+=("TESTS=$tests" 'TESTS_BUILD=all $(TEST_PLUGINS)')
fi
"$MAKE" -s -j"$jobs" BUILD="$folder" SANITIZE="$kind" "${extra[@]}" test-build || exit 1
# A program is some two to fifteen times slower here; tests that measure time know by this.
export SLOW=1
# Several at a time also where `make check` runs us alone: many tests mostly wait.
JOBS=$((jobs + 1)) "$MAKE" -s BUILD="$folder" SANITIZE="$kind" "${extra[@]}" DEPS=no test

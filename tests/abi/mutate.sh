#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A thousand spoilt modules through list, run and verify (mutate.py); `make mutate` takes 10,000.
cd "$(dirname "$0")/../.." || exit 70
command -v python3 >/dev/null || {
    echo "no python3 here"
    exit 77
}
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || {
    echo "python3 is older than 3.9"
    exit 77
}
exec tests/abi/mutate.py "${MUTATIONS:-$([ -n "${SLOW:-}" ] && echo 300 || echo 1000)}" "${MUTATION_SEED:-1}"

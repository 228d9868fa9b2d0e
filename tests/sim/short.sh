#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The simulation as `make test` runs it: 80,000 histories, then every mutant. `make sim` runs a
# million. Under a sanitizer (SLOW) a tenth of the histories, and no mutants: they are about the
# detector, which is the same.
set -eu
sim=${BUILD:-build}/tests/sim
seeds=${SLOW:+500}
"$sim/sim" seeds "${seeds:-5000}"
[ -z "${SLOW:-}" ] || exit 0
"$sim/sim" mutants 5000
"$sim/sim_mutants" mutants 5000

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The short form of the chaos attacks, controls: a module that is wrong on purpose must be caught.
# CHAOS_SEED chooses another schedule of faults.
cd "$(dirname "$0")/../.." || exit 70
exec python3 tests/chaos/chaos.py --seed "${CHAOS_SEED:-1}" --count controls

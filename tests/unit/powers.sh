#!/bin/sh
# SPDX-License-Identifier: MIT
# plugins/common/powers.inc is what plugins/common/powers.py writes today.
command -v python3 >/dev/null || {
  echo "no python3 to write the table of powers again with"
  exit 77
}
python3 plugins/common/powers.py | cmp - plugins/common/powers.inc

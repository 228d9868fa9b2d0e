#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks for a text in the memory of a process, as anybody could who may.

  memory.py PID TEXT     exit 0: found; 1: not found; 2: this user may not look

TEXT is cut in two on the command line ("can:ary"), so that it is not found in our own.
"""
import sys

pid, text = sys.argv[1], sys.argv[2].replace(":", "").encode()
try:
    with open(f"/proc/{pid}/maps", encoding="utf-8") as lines:
        spans = [line.split()[0].split("-") for line in lines if line.split()[1].startswith("r")]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end in spans:
            try:
                memory.seek(int(begin, 16))
                if text in memory.read(int(end, 16) - int(begin, 16)):
                    sys.exit(0)
            except (OSError, OverflowError, ValueError):
                pass  # [vvar] and its like
except PermissionError:
    sys.exit(2)
sys.exit(1)

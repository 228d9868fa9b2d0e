#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measuring and counting for tests/bench/kafka.sh.

  kafka.py measure BROKER_PID COMMAND...   prints: cpu_s wall_s peak_rss_kib broker_s other stolen
  kafka.py table RECORDS < ROWS            rows: round contestant, the above, first_ms last_ms
  kafka.py scaling RECORDS < ROWS          the same, of tests/bench/scaling.sh

CPU and memory are those of the command alone, as the kernel accounts them to its parent; the peak
is at least that of this Python (10 MiB). `other` is the part of the machine that was busy with
neither the command nor the broker, `stolen` what the hypervisor kept, both 0..1.
"""
import os
import statistics
import subprocess
import sys
import time

from measure import cpu_of, machine

NAMES = {
    "raw": "reference, bytes only",
    "score": "reference, scoring",
    "streaming": "lrhost, streaming",
    "microbatch": "lrhost, microbatch",
    "once": "lrhost, streaming, exactly_once",
}


def measure(broker, *command):
    machine_before, broker_before = machine(), cpu_of(broker)
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    if status:
        sys.exit(f"{command[0]}: exit {os.waitstatus_to_exitcode(status)}")
    busy, stolen, total = (b - a for a, b in zip(machine_before, machine()))
    cpu, broker_cpu = usage.ru_utime + usage.ru_stime, cpu_of(broker) - broker_before
    print(f"{cpu:.3f} {wall:.3f} {usage.ru_maxrss} {broker_cpu:.2f} "
          f"{max(0, busy - cpu - broker_cpu) / total:.3f} {stolen / total:.3f}")


def table(records):
    millions = int(records) / 1e6
    rounds = {}
    for line in sys.stdin:
        number, name, *figures = line.split()
        rounds.setdefault(number, {})[name] = [float(f) for f in figures]
    print(f"{len(rounds)} rounds, {int(records):,} records each, medians; "
          "ratios are of CPU in the same round")
    print(f"{'':32} {'ratio (range)':>21} {'CPU s/M':>8} {'broker':>7} {'wall s':>7} "
          f"{'records/s':>10} {'peak MiB':>8}")
    for name, title in NAMES.items():
        rows = [r[name] for r in rounds.values()]
        ratios = [r[name][0] / r["score"][0] for r in rounds.values()]
        cpu, wall, rss, broker, _, _, first, last = map(statistics.median, zip(*rows))
        rate = statistics.median(int(records) / (r[7] - r[6]) * 1e3 for r in rows)
        print(f"{title:32} {statistics.median(ratios):.3f} ({min(ratios):.3f}..{max(ratios):.3f}) "
              f"{cpu / millions:8.3f} {broker / millions:7.2f} {wall:7.2f} {rate:10,.0f} "
              f"{rss / 1024:8.0f}")
    every = [row for r in rounds.values() for row in r.values()]
    print(f"The machine meanwhile: {os.cpu_count()} cores; other programs took "
          f"{statistics.median(r[4] for r in every):.1%} of it (at most "
          f"{max(r[4] for r in every):.1%}), the hypervisor "
          f"{statistics.median(r[5] for r in every):.1%} (at most {max(r[5] for r in every):.1%}).")


def scaling(records):
    """Contestants are LANES:PROCESSES, or in:LANES for 4,000,000 records in process."""
    runs = {}
    for line in sys.stdin:
        number, name, *figures = line.split()
        runs.setdefault(name, {})[number] = [float(f) for f in figures]
    print(f"{'lanes:processes':>16} {'CPU s/M':>8} {'ratio (range)':>21} {'broker':>7} "
          f"{'records/s':>10} {'busy':>5}")
    for name, rows in runs.items():
        inside = name.startswith("in:")
        count, base = (4e6, "in:1") if inside else (float(records), "1:1")
        ratios = [row[0] / runs[base][number][0] for number, row in rows.items()]
        rates = [count / row[1] if inside else count / (row[7] - row[6]) * 1e3
                 for row in rows.values()]
        cpu, _, _, broker, other = map(statistics.median, list(zip(*rows.values()))[:5])
        print(f"{name:>16} {cpu / count * 1e6:8.3f} {statistics.median(ratios):7.3f} "
              f"({min(ratios):.3f}..{max(ratios):.3f}) {broker / count * 1e6:7.2f} "
              f"{statistics.median(rates):10,.0f} {other:5.0%}")
    print("busy: the part of the machine that other programs took")


if sys.argv[1] == "measure":
    measure(*sys.argv[2:])
elif sys.argv[1] == "scaling":
    scaling(sys.argv[2])
else:
    table(sys.argv[2])

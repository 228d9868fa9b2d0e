# SPDX-License-Identifier: MIT
"""Tables of what $BUILD/bench-peers.jsonl has: medians and, in brackets, ranges."""
import json
import os
import statistics
import sys

from contestants import TITLES

BASE = "streaming"


def per_million(window):
    return window["cpu_s"] / window["records"] * 1e6


def spread(values, form):
    """The median and the range."""
    return (f"{form.format(statistics.median(values))} "
            f"({form.format(min(values))} to {form.format(max(values))})")


def ratios(rounds, name, figure):
    """In each round that has both, to lrhost's."""
    return [figure(r[name]) / figure(r[BASE]) for r in rounds if name in r and BASE in r]


def throughput_line(row):
    steady = row["steady"]
    return (f"round {row['round']} {row['contestant']:15} "
            f"{per_million(row['whole']):6.2f} CPU s/M, steady {per_million(steady):6.2f}, "
            f"late {per_million(row['late']):6.2f}, "
            f"{steady['records'] / steady['wall_s']:10,.0f}/s, {row['peak_rss_kib'] / 1024:5.0f} MiB, "
            f"first {row['first_output_s']:.2f} s, others {row['other']:.0%}")


def throughput(rounds):
    print("| | ratio of CPU, steady (range) | CPU s per million, steady (range) | over the whole run "
          "| records/s, steady | peak MiB | exec to first output, s |\n|---|---|---|---|---|---|---|")
    for name in TITLES:
        found = [r[name] for r in rounds if name in r]
        if not found:
            continue
        relative = ratios(rounds, name, lambda row: per_million(row["steady"]))
        columns = [
            spread(relative, "{:.2f}") if relative else "",
            spread([per_million(row["steady"]) for row in found], "{:.2f}"),
            f"{statistics.median(per_million(row['whole']) for row in found):.2f}",
            f"{statistics.median(row['steady']['records'] / row['steady']['wall_s'] for row in found):,.0f}",
            f"{statistics.median(row['peak_rss_kib'] for row in found) / 1024:.0f}",
            f"{statistics.median(row['first_output_s'] for row in found):.2f}"]
        print(f"| {TITLES[name]} | {' | '.join(columns)} |")


def noise(rounds):
    every = [row for r in rounds for row in r.values() if "other" in row]
    if every:
        print(f"\nThe machine meanwhile: {os.cpu_count()} cores; other programs took "
              f"{statistics.median(r['other'] for r in every):.1%} of it (at most "
              f"{max(r['other'] for r in every):.1%}), the hypervisor "
              f"{statistics.median(r['stolen'] for r in every):.1%} (at most "
              f"{max(r['stolen'] for r in every):.1%}).")


def show(path, mode, run=None):
    with open(path, encoding="ascii") as file:
        found = [row for row in map(json.loads, file) if row["mode"] == mode]
    if not found:
        sys.exit(f"{path} has no run of {mode}")
    run = run or found[-1]["run"]
    found = [row for row in found if row["run"] == run]
    rounds = {}
    for row in found:
        rounds.setdefault(row["round"], {})[row["contestant"]] = row
    rounds = list(rounds.values())
    print(f"\n{mode}, run {run} of {found[0]['commit']}, {len(rounds)} rounds; "
          f"ratios to lrhost, streaming, in the same round\n")
    {"throughput": throughput}[mode](rounds)
    noise(rounds)

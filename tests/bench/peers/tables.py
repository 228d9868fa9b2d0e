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


def middle(values, form):
    return form.format(statistics.median(values))


def ratios(rounds, name, figure):
    """In each round that has both, to lrhost's."""
    return [figure(r[name]) / figure(r[BASE]) for r in rounds if name in r and BASE in r]


def share(window):
    """Of one core, in percent."""
    return window["cpu_s"] / window["wall_s"] * 100


def line(row):
    head = f"round {row['round']} {row['contestant']:15} "
    if row["mode"] == "throughput":
        whole, steady, late = (per_million(row[key]) for key in ("whole", "steady", "late"))
        rate = row["steady"]["records"] / row["steady"]["wall_s"]
        return (f"{head}{whole:6.2f} CPU s/M, steady {steady:6.2f}, late {late:6.2f}, "
                f"{rate:10,.0f}/s, {row['peak_rss_kib'] / 1024:5.0f} MiB, "
                f"first {row['first_output_s']:.2f} s, others {row['other']:.0%}")
    told, load = row["driver"], row["load"]
    text = (f"{head}{row['rate']:6}/s: p50 {told['p50_ms']:.2f}, p99 {told['p99_ms']:.2f}, "
            f"max {told['max_ms']:.1f} ms, slip p99 {told['slip_p99_ms']:.2f}, "
            f"{share(load):.1f} % of a core, {load['rss_kib'] / 1024:.0f} MiB")
    if "idle" in row:
        text += f"; idle {share(row['idle']):.2f} %, {row['idle']['rss_kib'] / 1024:.0f} MiB"
    return text


def show_rows(titles, rounds, columns):
    """columns(name, rows): the cells of a contestant."""
    print(f"| {' | '.join(['', *titles])} |\n|{'---|' * (len(titles) + 1)}")
    for name in TITLES:
        found = [r[name] for r in rounds if name in r]
        if found:
            print(f"| {TITLES[name]} | {' | '.join(columns(name, found))} |")


def throughput(rounds):
    def columns(name, found):
        relative = ratios(rounds, name, lambda row: per_million(row["steady"]))
        return [
            spread(relative, "{:.2f}") if relative else "",
            spread([per_million(row["steady"]) for row in found], "{:.2f}"),
            middle([per_million(row["late"]) for row in found], "{:.2f}"),
            middle([per_million(row["whole"]) for row in found], "{:.2f}"),
            middle([r["steady"]["records"] / r["steady"]["wall_s"] for r in found], "{:,.0f}"),
            middle([row["peak_rss_kib"] / 1024 for row in found], "{:.0f}"),
            middle([row["first_output_s"] for row in found], "{:.2f}")]

    show_rows(["ratio of CPU, steady (range)", "CPU s per million, steady (range)", "second half",
               "whole run", "records/s, steady", "peak MiB", "exec to first output, s"],
              rounds, columns)


def latency(rounds):
    rates = sorted({row["rate"] for r in rounds for row in r.values()})
    for rate in rates:
        def columns(_, found):
            def told(key):
                return [row["driver"][key] for row in found]

            return [spread(told("p50_ms"), "{:.2f}"), middle(told("p90_ms"), "{:.2f}"),
                    spread(told("p99_ms"), "{:.2f}"), middle(told("p999_ms"), "{:.1f}"),
                    middle(told("max_ms"), "{:.0f}"), middle(told("slip_p99_ms"), "{:.2f}"),
                    middle([share(row["load"]) for row in found], "{:.0f}"),
                    middle([row["load"]["rss_kib"] / 1024 for row in found], "{:.0f}")]

        print(f"\n{rate:,} records/s, ms from due time to the reader:\n")
        show_rows(["p50 (range)", "p90", "p99 (range)", "p99.9", "max", "driver's slip p99",
                   "CPU, % of a core", "MiB"],
                  [{k[0]: v for k, v in r.items() if k[1] == rate} for r in rounds], columns)


def steady(rounds):
    def columns(name, found):
        rss = ratios(rounds, name, lambda row: row["load"]["rss_kib"])
        return [middle([share(row["load"]) for row in found], "{:.1f}"),
                middle([row["load"]["rss_kib"] / 1024 for row in found], "{:.0f}"),
                middle(rss, "{:.1f}") if rss else "",
                middle([share(row["idle"]) for row in found], "{:.2f}"),
                middle([row["idle"]["rss_kib"] / 1024 for row in found], "{:.0f}"),
                middle([row["driver"]["p50_ms"] for row in found], "{:.1f}"),
                middle([row["driver"]["p99_ms"] for row in found], "{:.1f}")]

    show_rows(["CPU, % of a core", "MiB", "MiB, ratio", "idle CPU, % of a core", "idle MiB",
               "p50 ms", "p99 ms"], rounds, columns)


def noise(rounds):
    every = [row.get("load", row) for r in rounds for row in r.values()]
    other, stolen = ([row[key] for row in every] for key in ("other", "stolen"))
    print(f"\nThe machine meanwhile: {os.cpu_count()} cores; other programs took "
          f"{statistics.median(other):.1%} of it (at most {max(other):.1%}), the hypervisor "
          f"{statistics.median(stolen):.1%} (at most {max(stolen):.1%}).")


def show(path, mode, run=None):
    with open(path, encoding="ascii") as file:
        found = [row for row in map(json.loads, file) if row["mode"] == mode]
    if not found:
        sys.exit(f"{path} has no run of {mode}")
    run = run or found[-1]["run"]
    found = [row for row in found if row["run"] == run]
    rounds = {}
    for row in found:
        key = (row["contestant"], row["rate"]) if mode == "latency" else row["contestant"]
        rounds.setdefault(row["round"], {})[key] = row
    rounds = list(rounds.values())
    print(f"\n{mode}, run {run} of {found[0]['commit']}, {len(rounds)} rounds, medians; "
          f"ratios to lrhost, streaming, in the same round\n")
    {"throughput": throughput, "latency": latency, "steady": steady}[mode](rounds)
    noise(rounds)

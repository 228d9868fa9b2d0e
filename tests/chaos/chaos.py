#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Attacks lrhost on a real Apache Kafka and counts what is lost and what comes twice.

    chaos.py list
    chaos.py [--seed N] [--full] [--report FILE] [--count] [--keep] [NAME...]    default: all
    chaos.py torture          a minute of it, with one control

A name is an attack's or a part's (faults, life, controls). One line for each attack, a table at
the end into FILE. The same seed gives the same schedule of faults. --count adds the line that
tests/run counts. Exit 0, 1 when an attack failed, 77 with a sentence when nothing could be
done here (no Java, no Maven). Folders of failed attacks stay in BUILD/chaos/run (--keep: all).
"""
import argparse
import os
import random
import shutil
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True  # nothing is written beside the sources

from catalogue import ATTACKS
from cluster import FIRST, Cluster, need_jars
from programs import BUILD, ROOT, Failed, Skip, ask, need_programs
from run import Run

FOLDER = os.path.join(BUILD, "chaos")
CLUSTER = os.path.join(FOLDER, f"cluster.{os.getpid()}")  # several may run at a time


class Clusters:
    """One cluster at a time; the next attack gets the same one when it is of the right kind."""

    def __init__(self):
        self.cluster = None
        self.kind = None

    def get(self, attack, setup):
        """setup: with listeners for other hosts; such a cluster serves one attack only."""
        kind = (attack.nodes, attack.version)
        if not setup and self.kind == kind and all(x.process.poll() is None for x in self.cluster.nodes):
            return self.cluster
        self.stop()
        self.cluster = Cluster(CLUSTER, *kind, hosts=setup.listeners if setup else None)
        self.kind = kind
        self.cluster.start()
        return self.cluster

    def stop(self):
        if self.cluster:
            self.cluster.stop()
        self.cluster = self.kind = None


def one(attack, clusters, options):
    """Runs an attack. Returns (verdict, figures, seconds); a skip's verdict is its reason."""
    began = time.monotonic()
    run = None
    try:
        setup = attack.setup() if attack.setup else None
        try:
            cluster = clusters.get(attack, setup)
            run = Run(attack.name, cluster, os.path.join(FOLDER, "run", attack.name),
                      options.seed, options.full)
            attack.run(run, *([setup] if setup else []))
        except (Failed, RuntimeError, OSError) as error:
            if not run:
                raise
            run.failures.append(str(error))
        finally:
            if run:
                run.close()
            if setup:
                setup.close()
                clusters.stop()
    except Skip as skip:
        return f"skipped: {skip}", {}, time.monotonic() - began
    except Exception:  # a mistake of ours: say so and go on with the others
        traceback.print_exc()
        return "FAILED: the harness broke", {}, time.monotonic() - began
    if run.failures:
        clusters.stop()
    elif clusters.cluster and run.made:
        ask(run.cluster.servers, "delete", *run.made, check=False)
    if not run.failures and not options.keep:
        shutil.rmtree(run.folder, ignore_errors=True)
    verdict = "ok" if not run.failures else "FAILED: " + "; ".join(run.failures[:4])
    return verdict, run.figures, time.monotonic() - began


def figures_text(figures):
    return ", ".join(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value}"
                     for name, value in figures.items())


def table(rows, options):
    lines = [f"{'Full' if options.full else 'Short'} form, seed {options.seed}, "
             f"{time.strftime('%Y-%m-%d')}.", "",
             "| attack | what is done | bar | counted | seconds | |",
             "|---|---|---|---|---|---|"]
    for attack, verdict, figures, seconds in rows:
        lines.append(f"| {attack.name} | {attack.what} | {attack.bar} | {figures_text(figures)} | "
                     f"{seconds:.0f} | {verdict} |")
    return "\n".join(lines) + "\n"


def choose(names):
    """The attacks of these names and parts."""
    if not names:
        return [a for a in ATTACKS if a.part != "torture"]
    chosen = []
    for name in names:
        found = [a for a in ATTACKS if name in (a.name, a.part)]
        if not found:
            sys.exit(f"chaos.py: no attack '{name}'; see chaos.py list")
        chosen += [a for a in found if a not in chosen]
    return chosen


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--report")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.names == ["list"]:
        for a in ATTACKS:
            print(f"{a.name:24} {a.part:9} {a.what}; bar: {a.bar}")
        sys.exit(0)
    return options, choose(options.names)


def run_all(attacks, options):
    """(attack, verdict, figures, seconds) of each. Raises Skip when none can be run here."""
    clusters = Clusters()
    rows = []
    try:
        need_programs()
        need_jars(FIRST)
        print(f"seed {options.seed}, {'full' if options.full else 'short'} form", flush=True)
        for attack in attacks:
            verdict, figures, seconds = one(attack, clusters, options)
            rows.append((attack, verdict, figures, seconds))
            print(f"{attack.name}: {verdict} ({figures_text(figures)}; {seconds:.0f} s)",
                  flush=True)
    except KeyboardInterrupt:
        print("interrupted")
    finally:
        clusters.stop()
        shutil.rmtree(CLUSTER, ignore_errors=True)
    return rows


def close_torture(rows):
    """The line for colleagues."""
    attack, control = (row[2] for row in rows)
    print(f"lost {attack.get('lost', '?')}, duplicated {attack.get('duplicated', '?')}; "
          f"the control lost {control.get('lost', '?')}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options, attacks = parse()
    try:
        rows = run_all(attacks, options)
    except Skip as skip:
        print(f"skipped: {skip}")
        return 77
    bad = [r for r in rows if r[1].startswith("FAILED")]
    skipped = [r for r in rows if r[1].startswith("skipped")]
    good = len(rows) - len(bad) - len(skipped)
    if options.report:
        with open(options.report, "w", encoding="utf-8") as file:
            file.write(table(rows, options))
    if bad:
        print(f"folders of failed attacks: {os.path.relpath(os.path.join(FOLDER, 'run'), ROOT)}")
    if options.names == ["torture"] and len(rows) == len(attacks):
        close_torture(rows)
    else:
        print(f"{good} attacks withstood, {len(bad)} failed, {len(skipped)} skipped")
    if options.count and good + len(bad):
        print(f"tests {good + len(bad)} {good + len(bad)} {good} {len(bad)} 0")
    if rows and len(skipped) == len(rows):
        print(rows[-1][1])
        return 77
    return 0 if len(rows) == len(attacks) and not bad else 1


if __name__ == "__main__":
    sys.exit(main())

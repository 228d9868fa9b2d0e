#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rounds of tests/bench/peers.sh, which starts the broker and calls this with BUILD, KAFKA and
KAFKA_PID.

  peers.py throughput WORK ROUNDS RECORDS
  peers.py latency WORK ROUNDS WARMUP SECONDS RATE...
  peers.py steady WORK ROUNDS WARMUP SECONDS RATE
  peers.py table throughput|latency|steady [RUN]

Each run is a line of JSON in $BUILD/bench-peers.jsonl; the tables are made from those of the last
RUN, or of the one that is named.
"""
import datetime
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contestants  # noqa: E402
import loads  # noqa: E402
import runs  # noqa: E402
import tables  # noqa: E402

ALL = {
    "throughput": "raw score streaming microbatch once flink kstreams spark spark-realtime",
    "latency": "driver score streaming flink flink-linger1 flink-default kstreams spark-realtime "
               "spark",
    "steady": "score streaming microbatch flink kstreams spark spark-realtime",
}
TRIAL = 20000
rows = f"{contestants.build}/bench-peers.jsonl"


def chosen(mode):
    return (os.environ.get("CONTESTANTS") or ALL[mode]).split()


def in_turn(names, number):
    """Each round begins with another one."""
    first = number % len(names)
    return names[first:] + names[:first]


def keep(row, **more):
    row = {**more, "date": datetime.datetime.now().isoformat(timespec="seconds"), **row}
    with open(rows, "a", encoding="ascii") as file:
        file.write(json.dumps(row) + "\n")
    return row


def commit():
    told = subprocess.run(["git", "-C", contestants.bench, "describe", "--always", "--dirty"],
                          check=False, capture_output=True, text=True).stdout.strip()
    return told or "unknown"


# ---- the same records and predictions --------------------------------------------------------


def predictions(values):
    """{record: [the bits of its predictions]}"""
    found = {}
    for line in values.splitlines():
        record, prediction, _ = line.rsplit(b";", 2)
        found.setdefault(record, []).append(struct.pack(">d", float(prediction)))
    return found


def plain_loop(model, values):
    with open(model, encoding="ascii") as file:
        parsed = json.load(file)
    found = {}
    for record in values.splitlines():
        y = parsed["bias"]
        for w, x in zip(parsed["weights"], record.split(b";")[0].split(b",")):
            y = y + w * float(x)
        found.setdefault(record, []).append(struct.pack(">d", y))
    return found


def compare(bench, names):
    bench.fill("trial", TRIAL)
    bench.topics("create", "trial-model")
    bench.lrhost("-q", "--set", f"model.save={bench.model}", f"{contestants.bench}/kafka.ini",
                 FROM="trial", TO="trial-model", GROUP="model")
    wanted = plain_loop(bench.model, bench.values("trial"))
    for name in names:
        if name in ("raw", "driver"):
            continue
        bench.topics("create", f"trial-{name}")
        with runs.Run(bench, name, "throughput", "trial", f"trial-{name}", total=TRIAL) as run:
            run.samples_until(TRIAL, limit_s=120)
        if predictions(bench.values(f"trial-{name}")) != wanted:
            raise runs.Broken(f"{name}: other records or predictions than those of a plain loop")
    print(f"{TRIAL} records: the predictions of {', '.join(names)} are those of a plain loop, "
          "bit for bit", flush=True)


# ---- modes -----------------------------------------------------------------------------------


def rounds_of(mode, work, rounds, before, once):
    """Calls `once` for each contestant of each round; keeps and prints the rows that it returns."""
    bench, names = runs.Bench(work), chosen(mode)
    run = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    compare(bench, names)
    before(bench)
    failed = []
    for number in range(int(rounds)):
        for name in in_turn(names, number):
            try:
                for row in once(bench, name, number):
                    row = keep(row, mode=mode, run=run, commit=commit(), round=number)
                    print(tables.line(row), flush=True)
            except (runs.Broken, RuntimeError) as error:  # the others' rounds still count
                failed.append(f"round {number} {name}: {error}")
                print(failed[-1], flush=True)
    tables.show(rows, mode, run)
    if failed:
        sys.exit("\n".join(["\nNot in the table:", *failed]))


def throughput(work, rounds, records):
    records = int(records)
    rounds_of("throughput", work, rounds, lambda bench: bench.fill("records", records),
              lambda bench, name, number: [runs.throughput(bench, name, "records",
                                                           f"{name}-{number}", records)])


def latency(work, rounds, warmup, seconds, *rates):
    rates = [int(rate) for rate in rates]
    rounds_of("latency", work, rounds, lambda bench: None,
              lambda bench, name, number: loads.latency(bench, name, number, rates, float(warmup),
                                                        float(seconds)))


def steady(work, rounds, warmup, seconds, rate):
    rounds_of("steady", work, rounds, lambda bench: None,
              lambda bench, name, number: [loads.steady(bench, name, number, int(rate),
                                                        float(warmup), float(seconds))])


def main():
    verb, *words = sys.argv[1:] or [""]
    modes = {"throughput": throughput, "latency": latency, "steady": steady}
    if verb in modes:
        modes[verb](*words)
    elif verb == "table" and words:
        tables.show(rows, *words)
    else:
        sys.exit(__doc__)


try:
    main()
except runs.Broken as broken:
    sys.exit(f"peers.py: {broken}")

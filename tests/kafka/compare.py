#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what went in with what came out, and each prediction with a plain loop of its own.

compare.py MODEL.json IN OUT once|at_least_once|complete

IN and OUT hold "partition offset value" lines in order. Every input must be in the output of the
same partition. `once`: in the input's order, exactly once. `at_least_once`: in that order, but a
stretch may come again. `complete`: in any order (a member that was lost may write late).
"""
import json
import sys


def by_partition(path):
    partitions = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            partition, _, value = line.rstrip("\n").split(" ", 2)
            partitions.setdefault(int(partition), []).append(value)
    return partitions


def predict(model, value):
    y = model["bias"]
    for w, x in zip(model["weights"], value.split(";")[0].split(",")):
        y = y + w * float(x)
    return y


def main():
    model_path, in_path, out_path, how = sys.argv[1:]
    with open(model_path, encoding="ascii") as file:
        model = json.load(file)
    given, written = by_partition(in_path), by_partition(out_path)
    n_in = sum(map(len, given.values()))
    n_out = sum(map(len, written.values()))
    again = wrong = 0
    for partition, values in given.items():
        place = {value: i for i, value in enumerate(values)}
        if len(place) != len(values):
            sys.exit(f"partition {partition}: the input is not unique")
        reached = 0  # inputs 0 .. reached-1 are in the output
        seen = set()
        for line in written.get(partition, []):
            value, prediction, t1 = line.rsplit(";", 2)
            i = place.get(value)
            if i is None:
                sys.exit(f"partition {partition}: '{line}' was never put in")
            if i > reached and how != "complete":
                sys.exit(f"partition {partition}: record {reached} is missing or late")
            if i in seen:
                again += 1
                if how == "once":
                    sys.exit(f"partition {partition}: record {i} came twice")
            seen.add(i)
            reached = max(reached, i + 1)
            if float(prediction) != predict(model, value):
                wrong += 1
            if not 1600000000000 < int(t1) < 4000000000000:
                sys.exit(f"t1 of '{line}' is no time")
        if len(seen) != len(values):
            sys.exit(f"partition {partition}: {len(values) - len(seen)} records are missing")
    if wrong:
        sys.exit(f"{wrong} predictions differ from the plain loop")
    print(f"{n_in} in, {n_out} out, {len(given)} partitions, {again} came again")


main()

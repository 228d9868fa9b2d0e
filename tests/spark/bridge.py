# SPDX-License-Identifier: MIT
"""lrhost inside Spark: rdd.pipe, as docs/spark.md shows it, held against lrhost alone.

    python bridge.py LRHOST FOLDER

FOLDER holds pipe.ini and the plugins it may name. Prints a line for each thing that was seen to
hold; any other is an AssertionError.
"""
import random
import subprocess
import sys
import time

from pyspark.sql import SparkSession

lrhost, folder = sys.argv[1:3]
PARTITIONS = 4
RECORDS = 20000

spark = SparkSession.builder.master("local[2]").appName("lrhost-bridge").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
sc = spark.sparkContext

draw = random.Random(42)
lines = [
    ",".join(f"{draw.uniform(0, 10):.6f}" for _ in range(3)) + f";{i % 7}"
    for i in range(RECORDS)
]


def alone(ini, records):
    """What lrhost answers without Spark, in one process."""
    done = subprocess.run([lrhost, "--quiet", ini], input="\n".join(records) + "\n",
                          capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def holds(what):
    print(f"holds: {what}", flush=True)


# Order, and the same bits: partition by partition, all of them in order.
rdd = sc.parallelize(lines, PARTITIONS)
command = f"{lrhost} --quiet {folder}/pipe.ini"
scored = rdd.pipe(command, checkCode=True)
began = time.monotonic()
assert scored.collect() == alone(f"{folder}/pipe.ini", lines)
holds(f"{RECORDS} records in {PARTITIONS} partitions, in order, equal to one process alone "
      f"({time.monotonic() - began:.1f} s)")

# Partitions without a record, and more partitions than cores.
few = sc.parallelize(lines[:3], 8).pipe(command, checkCode=True)
assert few.collect() == alone(f"{folder}/pipe.ini", lines[:3])
holds("empty partitions give nothing, and no error")

# A plugin of one's own, from the same .so files that a lrhost pipeline uses.
mine = sc.parallelize(lines[:100], 2).pipe(f"{lrhost} --quiet {folder}/mine.ini", checkCode=True)
assert mine.collect() == alone(f"{folder}/mine.ini", lines[:100])
holds("a model of one's own, built by `lrhost new`")

# A record that cannot be read ends the task, with lrhost's exit code in the message.
bad = sc.parallelize(lines[:10] + ["not,a,number"] + lines[10:20], 2).pipe(command, checkCode=True)
try:
    bad.collect()
    raise AssertionError("a bad record went unnoticed")
except Exception as error:
    assert "65" in str(error), error
holds("a bad record fails the task with exit code 65")

# Control: without checkCode Spark takes what came until then for everything.
cut = sc.parallelize(lines[:10] + ["not,a,number"] + lines[10:20], 1).pipe(command)
assert cut.count() < 20
holds("control: without checkCode a failed process loses records silently")

# What Spark is there for: a join and an average over the predictions.
names = spark.createDataFrame([(float(k), f"group {k}") for k in range(7)], ["label", "name"])
table = scored.map(lambda line: line.split(";")).map(
    lambda part: (float(part[1]), float(part[2]))).toDF(["label", "prediction"])
rows = table.join(names, "label").groupBy("name").avg("prediction").collect()
wanted = {}
for line in alone(f"{folder}/pipe.ini", lines):
    _, label, prediction = line.split(";")
    wanted.setdefault(f"group {int(float(label))}", []).append(float(prediction))
assert len(rows) == 7
for row in rows:
    mean = sum(wanted[row["name"]]) / len(wanted[row["name"]])
    assert abs(row["avg(prediction)"] - mean) < 1e-9, row
holds("a join and an average over the predictions")
spark.stop()

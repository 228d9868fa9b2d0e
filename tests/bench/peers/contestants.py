# SPDX-License-Identifier: MIT
"""Who takes part, and how each is started.

A contestant is told where to read and write (FROM, TO, a fresh group, a folder of its own) and how
it is to be set: throughput or latency. Programs that end by themselves after so many records
(`total`) or so long a silence are told, too.
"""
import os

TITLES = {
    "driver": "driver and broker alone",
    "raw": "reference, bytes only",
    "score": "reference, scoring",
    "streaming": "lrhost, streaming",
    "microbatch": "lrhost, microbatch",
    "once": "lrhost, exactly_once",
    "flink": "Flink 2.2.1",
    "flink-linger1": "Flink 2.2.1, linger 1 ms",
    "flink-default": "Flink 2.2.1, its defaults",
    "kstreams": "Kafka Streams 4.1.0",
    "kstreams-linger1": "Kafka Streams 4.1.0, linger 1 ms",
    "spark": "Spark 4.1.1, micro-batch",
    "spark-realtime": "Spark 4.1.1, real-time",
}
JOBS = {"flink": "FlinkJob", "kstreams": "KafkaStreamsJob", "spark": "SparkJob"}
# Tried: G1, which is the JVM's default here, Parallel and Serial. Parallel takes least CPU, Serial
# least memory; what a peer is charged for is what it was set for.
HEAP = {"throughput": ["-Xmx2g", "-XX:+UseParallelGC"], "steady": ["-Xmx1g", "-XX:+UseSerialGC"],
        "latency": ["-Xmx2g"]}
SETTINGS = {"throughput": "throughput", "steady": "throughput", "latency": "latency"}
ENDLESS = 10**12

bench = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
build = os.environ["BUILD"]


def is_jvm(name):
    return name.split("-")[0] in JOBS


def _jvm(name, mode, job):
    peer, _, variant = name.partition("-")
    jars = f"{build}/peers/{peer}"
    opens = f"{bench}/peers/{peer}/jvm.args"
    setting = variant if variant in ("default", "linger1") else SETTINGS[mode]
    words = [*(job[key] for key in ("servers", "group", "from", "to", "model", "dir")), setting]
    return ["java", *HEAP[mode], *os.environ.get("JVM", "").split(),
            *([f"@{opens}"] if os.path.exists(opens) else []),
            "-cp", f"{jars}/classes:{jars}/libs/*", JOBS[peer], *words,
            *(["realtime"] if variant == "realtime" else [])]


def _reference(name, job):
    words = [name, job["servers"], job["group"], job["from"], job["to"],
             str(job["total"] or ENDLESS)]
    return [f"{build}/tests/bench/reference/reference", *words,
            *([job["model"]] if name == "score" else [])]


def _lrhost(job):
    endless = [] if job["total"] else ["--set", "pipeline.stop_when_idle=24h"]
    return [f"{build}/lrhost", "-q", "--set", f"model.load={job['model']}", *endless,
            f"{bench}/kafka.ini"]


def command(name, mode, job):
    """job: servers, group, from, to, model, dir, and total: how many records, or None.
    Returns the words and what the environment has more."""
    if is_jvm(name):
        return _jvm(name, mode, job), {}
    if name in ("raw", "score"):
        return _reference(name, job), {}
    return _lrhost(job), {
        "KAFKA": job["servers"], "FROM": job["from"], "TO": job["to"], "GROUP": job["group"],
        "ENGINE": "microbatch" if name == "microbatch" else "streaming",
        "GUARANTEE": "exactly_once" if name == "once" else "at_least_once",
    }

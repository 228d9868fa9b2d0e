#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the container files agree with each other and with the pipelines they run? For manifests.sh.

    agree.py VERSION KUBERNETES_FOLDER COMPOSE_FILE

Schemas know nothing of what one file says about another: names, versions, times, sizes. A sentence for
each disagreement; exit 1 when there is one.
"""

import configparser
import glob
import sys

import yaml

version, folder, compose_file = sys.argv[1:]
PROCESS_MIB = 10  # what a process needs beside [pipeline] memory (docs/configuration.md)
wrong = []


def expect(condition, sentence):
    if not condition:
        wrong.append(sentence)


def ini(text):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


def number(text, unit, default=None):
    text = text or default
    expect(text.endswith(unit), f"{text} is not in {unit}")
    return int(text.removesuffix(unit))


def seconds(settings):
    return number(settings["pipeline"].get("shutdown_timeout"), "s", "30s")


def mebibytes(settings):
    return number(settings["pipeline"].get("memory"), "MiB", "256MiB")


kinds = {}
for path in sorted(glob.glob(folder + "/*.yaml")):
    for document in yaml.safe_load_all(open(path)):
        kinds[document["kind"]] = document
        expect(document["metadata"]["name"] == "lrhost", f"{path}: a name of its own")

job = ini(kinds["ConfigMap"]["data"]["pipeline.ini"])
for kind in ("StatefulSet", "Deployment"):
    spec = kinds[kind]["spec"]
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    labels = spec["template"]["metadata"]["labels"]
    for other in (spec["selector"]["matchLabels"], kinds["Service"]["spec"]["selector"],
                  kinds["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                  kinds["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
        expect(other.items() <= labels.items(), f"{kind}: {other} selects none of its pods")
    expect(container["image"] == f"lrhost:{version}", f"{kind}: {container['image']} is not {version}")
    expect(pod["terminationGracePeriodSeconds"] > seconds(job), f"{kind}: killed while it drains")
    limit = number(container["resources"]["limits"]["memory"], "Mi")
    expect(limit > mebibytes(job) + PROCESS_MIB, f"{kind}: {limit} MiB are too few")
    password = job["kafka"]["kafka.sasl.password"].removeprefix("file:")
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"]}
    expect(password.rsplit("/", 1) == [mounts["secret"], "password"], f"{kind}: no {password}")
    expect("password" in kinds["Secret"]["stringData"], "the Secret holds no password")
    dynamic = "source.membership=dynamic" in container["args"]
    expect(dynamic == (kind == "Deployment"), f"{kind}: membership")

scaled, trigger = kinds["ScaledObject"]["spec"], kinds["ScaledObject"]["spec"]["triggers"][0]["metadata"]
source = job["source"]
expect(scaled["scaleTargetRef"]["name"] == kinds["Deployment"]["metadata"]["name"], "it scales nothing")
expect(trigger["consumerGroup"] == source["kafka.group.id"], "lag of another group")
expect(trigger["topic"] == source["topic"], "lag of another topic")
variables = {v["name"]: v.get("value") for v in container["env"]}
expect(trigger["bootstrapServers"] == variables["KAFKA"], "lag at other brokers")
expect(scaled["maxReplicaCount"] * int(job["pipeline"]["lanes"]) <= 10, "more lanes than partitions")

services = yaml.safe_load(open(compose_file))["services"]
for name, service in services.items():
    if name == "kafka":
        continue
    file = service["volumes"][0].split(":")[0]
    settings = ini(open(compose_file.rsplit("/", 1)[0] + "/" + file).read())
    limit = number(service["mem_limit"], "m")
    expect(limit > mebibytes(settings) + PROCESS_MIB, f"{name}: {limit} MiB are too few")
    expect(service["read_only"] and service["cap_drop"] == ["ALL"], f"{name}: not confined")
    if "stop_grace_period" in service:
        grace = number(service["stop_grace_period"], "s")
        expect(grace > seconds(settings), f"{name}: killed while it drains")

print("\n".join(wrong) if wrong else f"{len(kinds)} kinds and {len(services)} services agree")
sys.exit(bool(wrong))

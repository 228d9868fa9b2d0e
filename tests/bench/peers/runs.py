# SPDX-License-Identifier: MIT
"""One run of one contestant, watched from outside: its process tree by /proc, what it has done by
the end offsets of its output topic."""
import os
import shutil
import signal
import subprocess
import sys
import time

import contestants
from measure import Ends, Tree, cpu_of, machine

EARLY_S, LATER_S, RUNNING_S = 0.01, 0.05, 0.02  # between samples; early: 2 s long


class Broken(Exception):
    pass


class Bench:
    def __init__(self, work):
        self.servers = os.environ["KAFKA"]
        self.broker = int(os.environ.get("KAFKA_PID") or 0)
        self.ends = Ends(self.servers)
        self.work = work
        self.model = f"{work}/model.json"

    def lrhost(self, *words, **settings):
        done = subprocess.run([f"{contestants.build}/lrhost", *words], check=False, timeout=600,
                              env={**os.environ, **settings}, capture_output=True, text=True)
        if done.returncode:
            raise Broken(f"lrhost {' '.join(words)}: {done.stdout}{done.stderr}")

    def topics(self, verb, *names):
        for name in names:
            self.lrhost("topics", verb, f"{contestants.bench}/kafka-fill.ini", TO=name)
            if verb == "create":  # nobody is to find it without leaders
                self.ends.sum(name)

    def fill(self, name, count):
        self.topics("create", name)
        self.lrhost("-q", f"{contestants.bench}/kafka-fill.ini", TO=name, COUNT=str(count))
        if self.ends.sum(name) != count:
            raise Broken(f"{self.ends.sum(name)} records in {name} instead of {count}")

    def values(self, topic):
        """All records that readers of committed ones see."""
        return subprocess.run(["kcat", "-q", "-b", self.servers, "-C", "-t", topic, "-o",
                               "beginning", "-e", "-f", "%s\n"], check=True,
                              capture_output=True).stdout


class Run:
    """A contestant that has been started. Leave it by `with`: it is ended then."""

    def __init__(self, bench, name, mode, source, target, total=None):
        self.bench, self.name, self.target = bench, name, target
        self.dir = f"{bench.work}/{target}"
        os.mkdir(self.dir)
        words, more = contestants.command(name, mode, {
            "servers": bench.servers, "group": f"group-{target}", "from": source, "to": target,
            "model": bench.model, "dir": self.dir, "total": total})
        with open(f"{self.dir}/log", "wb") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen(words, env={**os.environ, **more}, cwd=self.dir,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.tree = Tree(self.process.pid)
        self.peak_kib = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            self.show_log()
        shutil.rmtree(self.dir)

    def show_log(self):
        with open(f"{self.dir}/log", encoding="utf-8", errors="replace") as log:
            sys.stderr.writelines(f"  {line}" for line in log.readlines()[-30:])

    def alive(self):
        return self.process.poll() is None

    def sample(self):
        """Seconds since exec, records that came out, CPU seconds."""
        records = self.bench.ends.sum(self.target)
        self.peak_kib = max(self.peak_kib, self.tree.memory()[1])
        return time.monotonic() - self.began, records, self.tree.cpu()

    def wait_ended(self, limit_s=30):
        """For those that end by themselves."""
        try:
            code = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise Broken(f"{self.name} does not end") from None
        if code:
            raise Broken(f"{self.name}: exit {code}")

    def samples_until(self, records, limit_s=600):
        """The last sample is the first one that has so many."""
        samples = [self.sample()]
        while samples[-1][1] < records:
            at, done, _ = samples[-1]
            if at > limit_s:
                raise Broken(f"{self.name}: {done} of {records} records after {at:.0f} s")
            if self.process.poll() is not None and self.bench.ends.sum(self.target) < records:
                raise Broken(f"{self.name} ended with {done} of {records} records")
            time.sleep(RUNNING_S if done else EARLY_S if at < 2 else LATER_S)
            if self.process.poll() is None:
                samples.append(self.sample())
            else:  # its CPU can no longer be read
                samples.append((at, self.bench.ends.sum(self.target), samples[-1][2]))
        return samples


def window(samples, share, records):
    """What was done from the first sample with at least this share of the records to the last."""
    first = next(s for s in samples if s[1] >= share * records)
    last = samples[-1]
    return {"records": last[1] - first[1], "wall_s": round(last[0] - first[0], 4),
            "cpu_s": round(last[2] - first[2], 2)}


class Noise:
    """Who used the machine from its making on, but for this program, the broker, the contestant
    and `known`, which is ours, too."""

    def __init__(self, bench, known=0):
        self.broker, self.ours = bench.broker, (os.getpid(), known)
        self.before = self._now()

    def _now(self):
        return [*machine(), cpu_of(self.broker), sum(map(cpu_of, self.ours))]

    def until_now(self, contestant_cpu_s):
        busy, stolen, total, broker, own = (b - a for a, b in zip(self.before, self._now()))
        return {"broker_cpu_s": round(broker, 2),
                "other": round(max(0, busy - contestant_cpu_s - broker - own) / total, 3),
                "stolen": round(stolen / total, 3)}


def throughput(bench, name, source, target, records):
    bench.topics("create", target)
    noise = Noise(bench)
    with Run(bench, name, "throughput", source, target, total=records) as run:
        samples = run.samples_until(records)
        found = noise.until_now(samples[-1][2])
        if not contestants.is_jvm(name):
            run.wait_ended()
    if name == "once":  # transactions leave marks that have offsets, too
        count = bench.values(target).count(b"\n")
    else:
        count = bench.ends.sum(target)
    if count != records:
        raise Broken(f"{name} wrote {count} records instead of {records}")
    bench.topics("delete", target)
    return {"contestant": name, "records": records,
            "whole": {"records": records, "wall_s": round(samples[-1][0], 3),
                      "cpu_s": round(samples[-1][2], 2)},
            "steady": window(samples, 0.1, records), "late": window(samples, 0.5, records),
            "first_output_s": round(next(s[0] for s in samples if s[1] > 0), 3),
            "peak_rss_kib": run.peak_kib, **found}

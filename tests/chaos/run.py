# SPDX-License-Identifier: MIT
"""One attack: its topics, its load, its fleet, a reader with a clock, and the count at the end."""
import os
import random
import shutil
import signal
import subprocess
import time

from jobs import Fleet, Instance, generator, kafka_job, merge, why_ended, write_ini
from programs import LRHOST, OURS, TIED, Failed, ask, die_with_parent, observe

PATIENCE_S = 60  # without any progress that is a hang
HANGING_S = 25  # transaction.timeout.ms, and the coordinator looks every 10 s


class Run:
    """What an attack function gets. Figures go to `figures` in the order they are printed."""

    def __init__(self, name, cluster, folder, seed, full):
        self.name = name
        self.cluster = cluster
        self.folder = folder
        self.full = full
        self.rng = random.Random(f"{seed}:{name}")
        self.began = time.monotonic()
        self.figures = {}
        self.failures = []
        self.counts = {}
        self.generator = None
        self.watch = None
        self.records = 0
        self.loads = 0
        self.endless = False
        self.made = []  # topics
        self.topic_in, self.topic_out, self.topic_dead = (f"{name}.{x}" for x in
                                                          ("in", "out", "dead"))
        self.group = f"{name}.group"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, exist_ok=True)
        self.env = {"KAFKA": cluster.servers}
        self.fleet = Fleet(folder, self.env, self.log)

    def log(self, text):
        with open(os.path.join(self.folder, "faults.log"), "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%H:%M:%S')}.{int(time.time() * 1000) % 1000:03d} "
                       f"{text}\n")

    def size(self, full, short):
        return full if self.full else short

    # ---- preparing ----

    def topics(self, partitions_in=10, partitions_out=10, dead=False):
        copies = min(3, len(self.cluster.nodes))
        self.made = [self.topic_in, self.topic_out] + ([self.topic_dead] if dead else [])
        ask(self.cluster.servers, "create", self.topic_in, partitions_in, copies)
        ask(self.cluster.servers, "create", self.topic_out, partitions_out, copies)
        if dead:
            ask(self.cluster.servers, "create", self.topic_dead, partitions_out, copies)

    def job(self, guarantee, engine="streaming", more=None):
        """The path of the job's INI file."""
        return write_ini(os.path.join(self.folder, "job.ini"),
                         kafka_job(self.topic_in, self.topic_out, self.group, guarantee, engine,
                                   more))

    def load(self, records, rate, more=None):
        """Starts the generator; it is on its own and must end with 0.

        records None: until finish() stops it, for faults that take as long as they take.
        """
        self.loads += 1
        ini = write_ini(os.path.join(self.folder, f"generate{self.loads}.ini"),
                        merge(generator(self.topic_in, records, rate,
                                        self.rng.randrange(1 << 30)), more))
        self.endless = records is None
        self.records += records or 0
        self.generator = Instance("generate", [LRHOST, "-q", ini],
                                  {**self.env, "LRHOST_WRONG": "", "LD_LIBRARY_PATH": ""},
                                  os.path.join(self.folder, f"generate{self.loads}.log"))
        self.log(f"load {records or 'endless'}, {rate}/s")
        self.generator.start()
        self.load_s = (records or 0) / rate
        return self.load_s

    def look(self):
        """Starts the reader with a clock on the topic of results."""
        self.watch_path = os.path.join(self.folder, "watch.txt")
        with open(self.watch_path, "w", encoding="ascii") as out:
            self.watch = subprocess.Popen(
                [os.path.join(OURS, "watch"), self.cluster.servers, self.topic_out], stdout=out,
                stderr=out, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, **TIED)

    def seen(self):
        """(seconds since 1970, partition, count) of what became visible so far."""
        rows = []
        with open(self.watch_path, encoding="ascii", errors="replace") as lines:
            for line in lines:
                words = line.split()
                if len(words) == 3 and line.endswith("\n") and words[0].isdigit():
                    rows.append((int(words[0]) / 1000, int(words[1]), int(words[2])))
        return rows

    def silence(self, since=0.0):
        """The longest time without a result in any one partition, while there was load."""
        last, longest = {}, 0.0
        for when, partition, _ in self.seen():
            if when < since:
                continue
            longest = max(longest, when - last.get(partition, when))
            last[partition] = when
        return longest

    # ---- ending ----

    def await_load(self):
        limit = self.load_s * 3 + 120
        if self.endless:
            self.log("end of the load")
            self.generator.signal(signal.SIGTERM)
        self.fleet.until(lambda: not self.generator.running(), limit, "the load did not end")
        code = self.generator.process.returncode
        if code:
            raise Failed(f"the load ended with {code}: {self.generator.sentence()}")

    def behind(self):
        """Records that the group has not committed, and a number that changes with progress."""
        left = total = 0
        for line in ask(self.cluster.servers, "group", self.group, self.topic_in).splitlines():
            _, stored, high = map(int, line.split())
            left += max(0, high - max(stored, 0))
            total += max(stored, 0)
        return left, total

    def await_done(self, patience=PATIENCE_S):
        """Until the group is at the end; no progress for so long is a hang."""
        seen, since = None, time.monotonic()
        while True:
            left, total = self.behind()
            if left == 0:
                return
            if total != seen:
                seen, since = total, time.monotonic()
            elif time.monotonic() - since > patience:
                raise Failed(f"hung: {left} records behind, no progress for {patience} s")
            self.fleet.sleep(0.3)

    def finish(self, patience=PATIENCE_S, hang=True):
        """Faults are over: all must come to its end, and every instance must stop when asked.

        hang=False: a standstill is no finding (of a job that is wrong on purpose).
        """
        if self.generator:
            self.await_load()
        try:
            self.await_done(patience)
        except Failed as failed:
            if hang:
                raise
            self.log(str(failed))
        self.fleet.sleep(0.2)
        self.fleet.stop_all()

    def observe(self, *options):
        """Counts; waits for transactions that were left open, at most until Kafka ends them."""
        began = None
        while True:
            self.counts, named = observe(self.cluster.servers, self.topic_in, self.topic_out,
                                         *options)
            if not self.counts["hanging"]:
                break
            began = began or time.monotonic()
            self.log(f"{self.counts['hanging']} records of open transactions")
            if time.monotonic() - began > HANGING_S:
                break
            self.fleet.sleep(1)
        if began:
            self.figures["open transactions after the end"] = \
                f"for {time.monotonic() - began:.0f} s"
        if named:
            with open(os.path.join(self.folder, "named.log"), "a", encoding="utf-8") as file:
                file.write(named)
        return self.counts

    def aborted_copies(self):
        """Results that only a reader of uncommitted records sees: the attack hit something."""
        seen, _ = observe(self.cluster.servers, self.topic_in, self.topic_out, "--uncommitted")
        return seen["out"] - self.counts["out"]

    def judge(self, *options, lost=0, duplicated=0, order=True):
        """Counts, and compares with the bars; None: counted only."""
        c = self.observe(*options)
        self.figures = {"records": c["in"], "lost": c["lost"], "duplicated": c["duplicated"],
                        **self.figures}
        for name, bar in (("lost", lost), ("duplicated", duplicated)):
            if bar is not None and c[name] > bar:
                self.failures.append(f"{c[name]} {name}")
        for name in ("in_twice", "foreign", "early", "hanging", "dead_wrong", "dead_good",
                     *(("disorder", "misplaced") if order else ())):
            if c[name]:
                self.failures.append(f"{name} {c[name]}")
        if not self.endless and c["in"] != self.records:
            self.failures.append(f"the topic holds {c['in']} of {self.records} records")
        return c

    def close(self):
        """Ends whatever is left and takes over what the fleet found."""
        for process in (self.watch, self.generator and self.generator.process):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.fleet.end()
        if self.fleet.exits:
            self.figures["own exits"] = " ".join(f"{n}x{code}" for code, n in
                                                 sorted(self.fleet.exits.items()))
        self.failures += self.fleet.trouble
        for node in self.cluster.nodes:
            if node.process.poll() is not None:
                self.failures.append(f"broker {node.number} ended by itself: "
                                     f"{why_ended(node.process.returncode)}")
        if self.failures:
            for node in self.cluster.nodes:
                log = os.path.join(node.dir, "broker.log")
                if os.path.exists(log):
                    shutil.copy(log, os.path.join(self.folder, f"broker{node.number}.log"))

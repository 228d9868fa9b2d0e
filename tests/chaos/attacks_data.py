# SPDX-License-Identifier: MIT
"""Records that cannot be read, disks that are full, records that are gone."""
import os
import re
import subprocess

from attacks_kill import start_two
from jobs import announced, write_ini
from programs import LRHOST, Failed, Skip, ask

FULL_MIB = 4
FEATURES = 12


def make_lines(run, count):
    """So many lines of the generator, without newlines."""
    path = os.path.join(run.folder, "lines.txt")
    ini = write_ini(os.path.join(run.folder, "lines.ini"), {
        "pipeline": {"name": "lines"},
        "source": {"plugin": "generator", "features": FEATURES,
                   "seed": run.rng.randrange(1 << 30), "count": count},
        "codec": {"plugin": "text"},
        "engine": {"plugin": "streaming"},
        "sink": {"plugin": "file", "path": path, "mode": "truncate"},
    })
    if subprocess.call([LRHOST, "-q", ini], stdin=subprocess.DEVNULL):
        raise Failed("the lines could not be made")
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


def fill(run, lines):
    path = os.path.join(run.folder, "filled.txt")
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
    ask(run.cluster.servers, "fill", run.topic_in, path)
    run.records += len(lines)


# ---- malformed --------------------------------------------------------------------------

def spoil(rng, line, number):
    """One of the ways in which a line can be wrong; `number` keeps it unique."""
    fields = line.split(";")[0].split(",")
    at = rng.randrange(FEATURES)
    kind = number % 6
    if kind == 0:
        fields[at] = f"x{number}"
    elif kind == 1:
        fields = fields[:rng.randrange(1, FEATURES)]
    elif kind == 2:
        fields.append("1.0")
    elif kind == 3:
        fields[at] = "nan"
    elif kind == 4:
        fields[at] = ""
    else:
        return line + f"trailing{number}"
    return ",".join(fields) + ";" + line.split(";")[1]


def malformed(run, guarantee):
    count = run.size(1_000_000, 50_000)
    lines = make_lines(run, count)
    for number, at in enumerate(range(50, count, 100)):
        lines[at] = spoil(run.rng, lines[at], number)
    bad = len(range(50, count, 100))
    run.topics(dead=True)
    fill(run, lines)
    ini = run.job(guarantee, more={
        "pipeline": {"on_bad_record": "dead_letter"},
        "dead_letter": {"plugin": "kafka", "topic": run.topic_dead}})
    start_two(run, ini)
    for name in "ab" * run.size(3, 1):  # in the middle of it
        x = run.fleet.instances[name]
        run.fleet.until(lambda x=x: announced(x), 30, "no partitions")
        run.fleet.sleep(run.rng.uniform(0.02, 0.3))
        run.fleet.kill(x)
    run.finish()
    run.judge("--dead", run.topic_dead)
    run.figures["kills"] = run.fleet.kills
    run.figures["dead letters"] = run.counts["dead"]
    run.figures["results"] = run.counts["out"]
    if run.counts["dead"] != bad or run.counts["out"] != count - bad:
        run.failures.append(f"{bad} dead letters and {count - bad} results were due")


# ---- a full disk ------------------------------------------------------------------------

class SmallDisk:
    """A tmpfs of a few MiB below the run's folder."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise Skip("a small file system needs root")
        self.path = os.path.join(folder, "small")
        os.makedirs(self.path, exist_ok=True)
        if os.path.ismount(self.path):  # of a run that was killed
            self.close()
        if subprocess.call(["mount", "-t", "tmpfs", "-o", f"size={FULL_MIB}m,mode=755", "tmpfs",
                            self.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            raise Skip("no file system can be mounted here")

    def close(self):
        subprocess.call(["umount", "-l", self.path])


def count_lines(run, path, lines):
    """Compares the file's lines with what was put in."""
    left = {line: 0 for line in lines}
    torn = 0
    with open(path, "rb") as file:
        data = file.read()
    for line in data.decode(errors="replace").split("\n")[:-1]:
        text = line.rsplit(";", 2)[0]
        if text in left and len(line.rsplit(";", 2)) == 3:
            left[text] += 1
        else:
            torn += 1
            run.log(f"torn: {line[:200]}")
    torn += not data.endswith(b"\n")
    run.figures["records"] = len(lines)
    run.figures["lost"] = lost = sum(n == 0 for n in left.values())
    run.figures["duplicated"] = sum(n - 1 for n in left.values() if n > 1)
    run.figures["torn lines"] = torn
    run.failures += [f"{n} {what}" for n, what in ((lost, "lost"), (torn, "torn lines")) if n]


def full_disk(run):
    """The file of results meets the end of its disk; then a large neighbour goes away."""
    lines = make_lines(run, 20_000)  # about 3 MiB of results
    disk = SmallDisk(run.folder)
    try:
        neighbour = os.path.join(disk.path, "neighbour")
        with open(neighbour, "wb") as file:
            file.write(bytes((FULL_MIB - 1) << 20))
        run.topics()
        fill(run, lines)
        results = os.path.join(disk.path, "results.txt")
        ini = run.job("at_least_once", more={
            "pipeline": {"lanes": 1},
            "sink": {"plugin": "file", "path": results, "topic": None, "partition": None}})
        x = run.fleet.add("a", ini)
        run.fleet.until(lambda: "no space left" in x.said(), 30, "it did not say that it is full")
        run.fleet.sleep(run.size(15, 3))
        with open(results, "rb") as file:
            size = len(file.read())
            file.seek(size - 1)
            if file.read() != b"\n":
                run.failures.append("on the full disk the file ends within a line")
        left, _ = run.behind()
        if left == 0:
            raise Failed("not the attack that was meant: all fit on the disk")
        if run.rng.random() < 0.5:
            run.fleet.kill(x)  # it must find its way from a file that ends at the disk's end
            run.fleet.sleep(1)
        os.unlink(neighbour)
        run.log(f"room again, {size} bytes were written")
        run.finish()
        count_lines(run, results, lines)
    finally:
        disk.close()


# ---- records that are gone --------------------------------------------------------------

def retention(run):
    """The topic loses records that the group has not read: say so, or go on and say so."""
    gone = run.rng.randrange(50, 150)
    run.topics()
    ini = run.job("exactly_once")
    run.load(4000, 4000)
    x = run.fleet.add("a", ini)
    run.await_load()
    run.await_done()
    run.fleet.stop(x)
    run.load(4000, 4000)
    run.await_load()
    c = run.observe()
    if c["lost"] != 4000 or c["duplicated"]:
        run.failures.append(f"before anything was deleted: {c}")
    rows = [line.split() for line in
            ask(run.cluster.servers, "group", run.group, run.topic_in).splitlines()]
    partition, stored = next((int(p), int(s)) for p, s, high in rows if int(high) - int(s) > gone)
    ask(run.cluster.servers, "trim", run.topic_in, partition, stored + gone)
    run.log(f"partition {partition}: {gone} records behind {stored} are gone")
    x.codes = (65,)
    x.start()
    run.fleet.until(lambda: not x.wanted, 30, "records are gone and it went on")
    if f"{gone} records are missing" not in x.sentence():
        run.failures.append(f"it does not say that {gone} are missing: {x.sentence()}")
    run.figures["missing, as it says"] = "".join(
        re.findall(r"(\d+) records are missing", x.sentence()))
    x.codes = ()
    x.argv += ["--set", "source.on_lost_offsets=earliest"]
    x.start()
    run.finish()
    if not re.search(rf"\b{gone} records\b", x.said()):
        run.failures.append("on_lost_offsets = earliest reports no gap")
    # What was deleted is no input any more, so its results come from nowhere. No record that is
    # left may be missing or come twice.
    c = run.observe()
    run.figures["lost of those that are left"] = c["lost"]
    run.figures["duplicated"] = c["duplicated"]
    if c["lost"] or c["duplicated"] or c["foreign"] != stored:
        run.failures.append(f"after it went on: {c}")

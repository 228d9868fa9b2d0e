# SPDX-License-Identifier: MIT
"""lrhost processes: their INI files, their lives and deaths.

A fleet does what a service manager would: an instance that ends with a code that says "try again"
(69, 70, 75) is started again after a short pause, and counted. Any other end that we did not cause
is a finding: a signal of its own, a code that is no sysexits code, a code without a sentence, an
end that nobody asked for. Nothing here runs in the background: whoever waits calls pump().
"""
import os
import re
import signal
import subprocess
import time

from programs import LRHOST, TIED, Failed, die_with_parent

TRY_AGAIN = (69, 70, 75)
PAUSE_S = 0.5  # before a restart, as RestartSec= would
SHUTDOWN_S = 30  # the default of [pipeline] shutdown_timeout
TURN_S = 0.02


def write_ini(path, sections):
    """sections: {name: {key: value}}; a value None leaves the key out"""
    with open(path, "w", encoding="utf-8") as file:
        for name, keys in sections.items():
            file.write(f"[{name}]\n")
            for key, value in keys.items():
                if value is not None:
                    file.write(f"{key} = {value}\n")
    return path


def merge(base, more):
    """base with the sections and keys of more on top."""
    out = {name: dict(keys) for name, keys in base.items()}
    for name, keys in (more or {}).items():
        out.setdefault(name, {}).update(keys)
    return out


def kafka_job(topic_in, topic_out, group, guarantee, engine, more=None):
    """The job that is attacked: two lanes, the partition of the input kept."""
    job = {
        "pipeline": {"name": "job", "lanes": 2, "guarantee": guarantee, "on_bad_record": "fail"},
        "kafka": {"kafka.bootstrap.servers": "${KAFKA}"},
        "source": {"plugin": "kafka", "topic": topic_in, "kafka.group.id": group},
        "codec": {"plugin": "text"},
        "engine": {"plugin": engine},
        "model": {"plugin": "linreg", "features": 12, "train_records": 10000},
        "sink": {"plugin": "kafka", "topic": topic_out, "partition": "input"},
    }
    return merge(job, more)


def generator(topic, records, rate, seed, servers="${KAFKA}"):
    """The load, which is not attacked. Records of one seed are unique."""
    return {
        "pipeline": {"name": "generate"},
        "kafka": {"kafka.bootstrap.servers": servers},
        "source": {"plugin": "generator", "features": 12, "seed": seed, "count": records,
                   "rate": rate},
        "codec": {"plugin": "text"},
        "engine": {"plugin": "microbatch", "processing_time": "10ms"},
        "sink": {"plugin": "kafka", "topic": topic, "partition": "sticky"},
    }


def why_ended(code):
    if code >= 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


class Instance:
    """One lrhost process, over all its lives."""

    def __init__(self, name, argv, env, log):
        self.name = name
        self.argv = argv
        self.env = env
        self.log = log
        self.process = None
        self.wanted = False  # it should be running
        self.killed = False  # we ended this life with SIGKILL
        self.due = 0.0  # when to start it again
        self.mark = 0  # where this life begins in the log
        self.lives = 0
        self.codes = ()  # with which it may end this time and not be started again

    def start(self):
        with open(self.log, "ab") as out:
            self.lives += 1
            out.write(f"---- life {self.lives} at {time.strftime('%H:%M:%S')}\n".encode())
            out.flush()
            self.mark = out.tell()
            self.process = subprocess.Popen(self.argv, env={**os.environ, **self.env}, stdout=out,
                                            stderr=out, stdin=subprocess.DEVNULL,
                                            preexec_fn=die_with_parent, **TIED)
        self.wanted = True
        self.killed = False

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def said(self):
        """What this life wrote."""
        with open(self.log, "rb") as file:
            file.seek(self.mark)
            return file.read().decode(errors="replace")

    def sentence(self):
        """The line that tells why it ended, or ''."""
        lines = [x for x in self.said().splitlines()
                 if x.startswith("lrhost: ") or re.match(r"\S+\.ini:\d+: ", x)]
        return lines[-1] if lines else ""


class Fleet:
    """Instances of one job. log(text) is told every fault and every death."""

    def __init__(self, folder, env, log):
        self.folder = folder
        self.env = env
        self.log = log
        self.instances = {}
        self.kills = 0
        self.exits = {}  # code -> how often an instance ended by itself
        self.trouble = []  # what must not happen

    def add(self, name, ini, sets=(), env=None, prefix=()):
        argv = [*prefix, LRHOST, "-q", "--log-level", "info", "--set", f"pipeline.instance={name}"]
        for text in sets:
            argv += ["--set", text]
        instance = Instance(name, [*argv, ini], {**self.env, **(env or {})},
                            os.path.join(self.folder, f"{name}.log"))
        self.instances[name] = instance
        self.log(f"start {name}")
        instance.start()
        return instance

    def __iter__(self):
        return iter(self.instances.values())

    # ---- what attacks do ----

    def kill(self, instance, restart_in=0.0):
        """SIGKILL; it starts again after so many seconds (None: never)."""
        if instance.running():
            self.log(f"kill {instance.name}")
            instance.killed = True
            instance.signal(signal.SIGKILL)
            instance.process.wait()
            self.kills += 1
        instance.wanted = restart_in is not None
        instance.due = time.monotonic() + (restart_in or 0.0)

    def stop(self, instance, seconds=SHUTDOWN_S + 5):
        """SIGTERM; it must end with 0 in time. Returns how long it took."""
        return self.stop_all([instance], seconds)

    def stop_all(self, instances=None, seconds=SHUTDOWN_S + 5):
        instances = list(self) if instances is None else instances
        began = time.monotonic()
        for x in instances:
            x.wanted = False
            if x.running():
                self.log(f"stop {x.name}")
                x.signal(signal.SIGTERM)
        while time.monotonic() - began < seconds and any(x.running() for x in instances):
            self.pump()
            time.sleep(TURN_S)
        for x in instances:
            if x.running():
                self.trouble.append(f"{x.name} did not stop within {seconds} s of SIGTERM")
                x.killed = True
                x.signal(signal.SIGKILL)
                x.process.wait()
            self.bury(x)
        return time.monotonic() - began

    def end(self):
        for x in self:
            x.wanted = False
            x.killed = True
            x.signal(signal.SIGCONT)
            x.signal(signal.SIGKILL)
            if x.process:
                x.process.wait()

    # ---- what a service manager does ----

    def bury(self, x):
        """Judges a death, once."""
        process, x.process = x.process, None
        if process is None or x.killed:
            return
        code = process.returncode
        if code == 0 and not x.wanted:
            return
        if code == -signal.SIGTERM and not x.wanted and not x.said():
            return  # it had not begun yet
        sentence = x.sentence()
        self.log(f"{x.name}: {why_ended(code)}: {sentence}")
        if code in x.codes:
            x.wanted = False
            return
        self.exits[code] = self.exits.get(code, 0) + 1
        if code == -signal.SIGKILL:
            self.trouble.append(f"{x.name}: somebody else sent it SIGKILL (memory? see dmesg)")
        elif code < 0 or not (code == 0 or 64 <= code <= 78):
            self.trouble.append(f"{x.name} died of {why_ended(code)}")
        elif not sentence and code:
            self.trouble.append(f"{x.name} ended with {code} and said nothing")
        elif code not in TRY_AGAIN:
            self.trouble.append(f"{x.name}: {why_ended(code)}: {sentence or 'nobody asked'}")
            x.wanted = False
        elif not x.wanted:
            self.trouble.append(f"{x.name} was asked to stop: {why_ended(code)}: {sentence}")
        x.due = time.monotonic() + PAUSE_S

    def pump(self):
        for x in self:
            if x.process is not None and x.process.poll() is not None:
                self.bury(x)
            if x.wanted and x.process is None and time.monotonic() >= x.due:
                if len(self.trouble) > 20:
                    raise Failed("instances do not stay alive")
                x.start()

    def sleep(self, seconds):
        until = time.monotonic() + seconds
        while True:
            self.pump()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(TURN_S, left))

    def until(self, condition, seconds, what):
        """Waits for condition(); Failed when it does not come."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                raise Failed(f"hung: {what} within {seconds} s")
            self.sleep(0.1)
        return time.monotonic() - began


def announced(instance):
    """It has partitions (each lane says so once)."""
    return bool(re.search(r"group '[^']*' reads ", instance.said()))

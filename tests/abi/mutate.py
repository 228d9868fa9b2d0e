#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Spoilt modules and the real commands: none of them may crash `lrhost list`, `run` or `verify`.

    mutate.py [NUMBER [SEED]]      1000 files and seed 1; BUILD says where lrhost is

What is spoilt is what describes the file: ELF header, program headers, dynamic section, notes, and the
length; not the machine code, whose deeds are its author's. (tests/unit/test_elfmutate.c does the same to
the loader alone.) The files are those of two modules, one of which brings a library of its own by
$ORIGIN, and of that library.

`list` is given all of them, `run` and `verify` those that get as far as being loaded and one in
twenty of the others. Every file must get its lines in the list or a sentence, and every process an
exit code of the table with a sentence. A loader that dies in `list` costs nothing but a sentence,
too, which counts as a crash here. Controls: modules that crash, and end the process, are counted.

Files are written under umask 0002 below the system's temporary folder. What a group may write is
refused for root: that is looked at first, then the group's right is taken away. Started by root, every
other part is done by a user without rights, whose own group may write, which is in order.
"""
import concurrent.futures
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

BUILD = os.environ.get("BUILD", "build")
LRHOST = os.path.abspath(os.path.join(BUILD, "lrhost"))
PLUGINS = os.path.join(BUILD, "tests", "plugins")
WORKERS = len(os.sched_getaffinity(0))
CHUNK = 250
SLOW = 10 if os.environ.get("SLOW") else 1
# Exit codes of lrhost; glibc ends a process that it cannot serve with 127, a sanitizer with 1.
CODES = {0, 64, 65, 69, 70, 75, 77, 78}
WORDS = [0, 1, 2**64 - 1, 2**63, 0x7FFFFFFF, 0xFFFFFFF, 0x1000, 2**40]

PIPELINE = """[pipeline]
name = {name}
guarantee = at_most_once
[source]
plugin = generator
features = 1
count = 1
[sink]
plugin = null
[monitor]
plugin = {path}
"""


class Base:
    """A good file, and where in it it describes itself."""

    def __init__(self, file_name):
        with open(os.path.join(PLUGINS, file_name), "rb") as file:
            self.bytes = file.read()
        table, = struct.unpack_from("<Q", self.bytes, 32)
        number, = struct.unpack_from("<H", self.bytes, 56)
        self.areas = [(0, 64), (table, 56 * number)]
        for i in range(number):
            kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", self.bytes, table + 56 * i)
            if kind in (2, 4):  # PT_DYNAMIC, PT_NOTE
                self.areas.append((offset, size))

    def spoilt(self, dice):
        data = bytearray(self.bytes)
        for _ in range(1 + dice.randrange(3)):
            spoil(data, dice, *dice.choice(self.areas))
        if dice.randrange(10) == 0:
            del data[dice.randrange(len(data)):]
        return bytes(data)


def base36(number, digits):
    return "".join("0123456789abcdefghijklmnopqrstuvwxyz"[number // 36**i % 36]
                   for i in reversed(range(digits)))


class Bases:
    def __init__(self):
        self.good, self.origin, self.helper = Base("good.so"), Base("origin.so"), Base("libhelper.so")

    def write(self, i, seed, folder):
        """Spoilt module number i, somewhere below `folder`: its path. Its own name becomes its
        file's, of the same length, so that nothing else moves."""
        dice = random.Random(seed * 1000003 + i)  # each on its own, so that one can be repeated
        kind = ("good", "origin", "helper")[i % 3]
        if kind == "good":
            name = "g" + base36(i, 3)
            data = self.good.spoilt(dice).replace(b"good", name.encode())
        else:
            name = "o" + base36(i, 5)
            folder = os.path.join(folder, name)
            os.mkdir(folder)
            spoilt = (self.origin if kind == "origin" else self.helper).spoilt(dice)
            data = (spoilt if kind == "origin" else self.origin.bytes).replace(b"origin", name.encode())
            save(os.path.join(folder, "libhelper.so"),
                 spoilt if kind == "helper" else self.helper.bytes)
        path = os.path.join(folder, name + ".so")
        save(path, data)
        return path


def save(path, data):
    with open(path, "wb") as file:
        file.write(data)


def spoil(data, dice, at, size):
    """A byte, a bit, or a word: a limit, a small step, a page, or a word from nearby."""
    place = at + dice.randrange(size)
    how = dice.randrange(4)
    if how == 0:
        data[place] = dice.randrange(256)
        return
    if how == 1:
        data[place] ^= 1 << dice.randrange(8)
        return
    width, form = dice.choice([(4, "<I"), (8, "<Q")])
    place -= (place - at) % width
    word, = struct.unpack_from(form, data, place)
    kind = dice.randrange(5)
    if kind == 0:
        word = dice.choice(WORDS)
    elif kind == 1:
        word += 8 * (1 + dice.randrange(8))
    elif kind == 2:
        word -= 8 * (1 + dice.randrange(8))
    elif kind == 3:
        word += dice.choice([0x1000, -0x1000])
    else:
        word, = struct.unpack_from(form, data, at + dice.randrange(size // width) * width)
    struct.pack_into(form, data, place, word % 2 ** (8 * width))


NOBODY = 65534
OTHER = threading.local()  # what makes the commands of a part another user's


def call(arguments, search=None):
    """Exit code and what was said; None for a process that did not end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LRHOST_")}
    environment["LC_ALL"] = "C"
    if search:
        environment["LRHOST_PLUGIN_PATH"] = search
    try:
        done = subprocess.run([LRHOST, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              env=environment, timeout=60 * SLOW, check=False,
                              **getattr(OTHER, "user", {}))
    except subprocess.TimeoutExpired:
        return None, ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


class Counts:
    def __init__(self):
        self.shown = self.refused = self.runs = self.verified = 0
        self.crashes = []

    def crash(self, what, said):
        self.crashes.append(f"{what}: {said.strip()[-400:]}")


def list_all(paths, counts):
    """Those whose module got as far as being loaded."""
    search = ":".join(sorted({os.path.dirname(p) for p in paths}))
    code, said = call(["list"], search)
    loaded = []
    if code != 0:
        counts.crash(f"list: exit {code}", said)
    shown = set(re.findall(r"^monitor +(\S+) ", said, re.M))
    refused = dict(re.findall(r"^- +(/\S*) +cannot be loaded: (\S.*)$", said, re.M))
    for path in paths:
        sentence = refused.get(path, "")
        if os.path.basename(path)[:-3] in shown:
            counts.shown += 1
            loaded.append(path)
        elif not sentence:
            counts.crash(f"list: {path}", "neither shown nor refused")
        elif "its process" in sentence or "is not done with" in sentence:
            counts.crash(f"list: {path}", sentence)
        else:
            counts.refused += 1
            if re.search(r": (cannot be loaded|calls itself|declines|holds|plugin|monitor)", sentence):
                loaded.append(path)
    return loaded


def run_one(path):
    with open(path + ".ini", "w", encoding="ascii") as file:
        file.write(PIPELINE.format(name=os.path.basename(path)[:-3], path=path))
    return judge("run", path, *call(["run", path + ".ini"]), "stopped")


def verify_one(path):
    return judge("verify", path, *call(["verify", path]), "")


def judge(command, path, code, said, ending):
    """None, or what is wrong: no exit code of ours, no sentence, an end that nobody announced."""
    if code in CODES and "ended by SIG" not in said and said.strip() and (code or ending in said):
        return None
    return f"{command}: {path}: exit {code}", said


def has_verify():
    return bool(re.search(r"lrhost verify", call(["--help"])[1]))


def look(paths, counts, dice, verify):
    """Spoilt modules through all commands."""
    loaded = list_all(paths, counts)
    others = [p for p in paths if p not in set(loaded) and dice.randrange(20) == 0]
    for path in loaded + others:
        wrong = run_one(path)
        counts.runs += 1
        if wrong:
            counts.crash(*wrong)
    for path in (loaded[:4] + others) if verify else []:
        wrong = verify_one(path)
        counts.verified += 1
        if wrong:
            counts.crash(*wrong)


def as_other():
    """How subprocess becomes the user without rights; {}: not from here, or it may not run lrhost."""
    if os.geteuid() != 0:
        return {}
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        subprocess.run([LRHOST, "--version"], check=True, stdout=subprocess.DEVNULL, **user)
    except (OSError, subprocess.SubprocessError):
        print("a user without rights cannot run this lrhost: all parts are root's")
        return {}
    return user


def chunk(bases, work, number, first, seed, verify, other):
    counts = Counts()
    folder = os.path.join(work, f"{first:06d}")
    os.mkdir(folder)
    paths = [bases.write(i, seed, folder) for i in range(first, first + number)]
    if os.geteuid() == 0:
        # What a group may write is not for root, whatever is in it.
        code, said = call(["describe", paths[0]])
        if code != 77 or "chmod g-w" not in said:
            counts.crash(f"describe as root: exit {code}", said)
        if other and first // CHUNK % 2 == 1:
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", folder], check=True)
            OTHER.user = other
        else:
            subprocess.run(["chmod", "-R", "g-w", folder], check=True)
    look(paths, counts, random.Random(first), verify)
    OTHER.user = {}
    if not counts.crashes:
        shutil.rmtree(folder)
    return counts


def controls(work):
    """Modules that do crash: the counting must count them."""
    folder = os.path.join(work, "controls")
    os.mkdir(folder)
    paths = [os.path.join(folder, name + ".so") for name in ("crashing", "aborting", "exiting")]
    for path in paths:
        shutil.copy(os.path.join(PLUGINS, os.path.basename(path)), path)
    subprocess.run(["chmod", "-R", "g-w", folder], check=True)
    counts = Counts()
    list_all(paths, counts)
    return len(counts.crashes) == len(paths) and all(run_one(path) for path in paths)


def main(number, seed):
    os.umask(0o002)
    work = tempfile.mkdtemp(prefix="lrhost-mutate.")
    os.chmod(work, 0o755)
    bases = Bases()
    verify, other = has_verify(), as_other()
    if not controls(work):
        print(f"FAIL: a module that crashes is not counted as a crash; see {work}")
        return 1
    total = Counts()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        parts = [pool.submit(chunk, bases, work, min(CHUNK, number - i), i, seed, verify, other)
                 for i in range(0, number, CHUNK)]
        for part in concurrent.futures.as_completed(parts):
            for key in ("shown", "refused", "runs", "verified"):
                setattr(total, key, getattr(total, key) + getattr(part.result(), key))
            total.crashes += part.result().crashes
    print(f"{number} files: {total.shown} shown, {total.refused} refused with a sentence, "
          f"{total.runs} runs, {total.verified} verified{'' if verify else ' (no verify here)'}, "
          f"{len(total.crashes)} crashes")
    if total.crashes:
        print("\n".join(total.crashes[:20]) + f"\nthe files are in {work}")
        return 1
    shutil.rmtree(work)
    if not total.shown or not total.refused or total.shown + total.refused != number:
        print("FAIL: nothing was shown or nothing refused, or a file was lost")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*[int(a) for a in (sys.argv[1:] + ["1000", "1"][len(sys.argv) - 1:])]))

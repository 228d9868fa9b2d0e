# SPDX-License-Identifier: MIT
"""Where the programs are, and how they are called. BUILD says where the build is."""
import ctypes
import os
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
LRHOST = os.path.join(BUILD, "lrhost")
OURS = os.path.join(BUILD, "tests", "chaos")
TIED = {"start_new_session": True}  # Ctrl-C is for the driver, which then ends the others in order
libc = ctypes.CDLL(None)


class Skip(Exception):
    """This cannot be done here; the text says why."""


class Failed(Exception):
    """An attack found something; the text says what."""


def die_with_parent():
    """In a child before exec: the kernel ends it with us, even when we are killed."""
    libc.prctl(1, signal.SIGKILL)


def need_programs():
    for path in (LRHOST, *(os.path.join(OURS, name) for name in ("observe", "watch", "ask"))):
        if not os.path.exists(path):
            raise Skip(f"{os.path.relpath(path, ROOT)} is not built (make chaos-build)")


def ask(servers, *words, check=True):
    """The output of tests/chaos/ask; '' when it failed and that is fine."""
    done = subprocess.run([os.path.join(OURS, "ask"), servers, *map(str, words)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=180)
    if done.returncode and check:
        raise RuntimeError(done.stderr.strip() or f"ask {words}: exit {done.returncode}")
    return done.stdout if done.returncode == 0 else ""


def observe(servers, given, written, *options):
    """What tests/chaos/observe counted, as {name: number}, and what it named."""
    done = subprocess.run([os.path.join(OURS, "observe"), servers, given, written, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=600, errors="replace")
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"observe: exit {done.returncode}")
    pairs = (pair.split("=") for pair in done.stdout.split())
    return {name: int(value) for name, value in pairs}, done.stderr

# SPDX-License-Identifier: MIT
"""A newer librdkafka than the system's: the one inside the confluent-kafka wheel of PyPI.

It is fetched once by pip and stays beside the broker's jars, under the name that lrhost asks for
(librdkafka.so.1), so LD_LIBRARY_PATH is all that it takes.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

from programs import Skip

WHEEL = "2.11.1"


def need_newer():
    """The folder to put into LD_LIBRARY_PATH."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "lrhost", f"librdkafka-{WHEEL}")
    library = os.path.join(folder, "librdkafka.so.1")
    if os.path.exists(library):
        return folder
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        if subprocess.call([sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                            "--only-binary", ":all:", "-d", fresh, f"confluent-kafka=={WHEEL}"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           stdin=subprocess.DEVNULL):
            raise Skip(f"confluent-kafka {WHEEL}, which holds a newer librdkafka, "
                       "could not be fetched by pip")
        with zipfile.ZipFile(glob.glob(os.path.join(fresh, "*.whl"))[0]) as wheel:
            wheel.extractall(fresh)
        found = glob.glob(os.path.join(fresh, "confluent_kafka.libs", "*"))
        main = [x for x in found if os.path.basename(x).startswith("librdkafka-")]
        if not main:
            raise Skip(f"confluent-kafka {WHEEL} holds no librdkafka")
        for path in found:  # what it needs lies beside it
            shutil.copy(path, folder)
        shutil.copy(main[0], library + ".new")
        os.rename(library + ".new", library)
    return folder


def version(folder):
    """As the library says it; asked in another process, since a library cannot be unloaded."""
    code = ("import ctypes,sys; k=ctypes.CDLL(sys.argv[1]); "
            "k.rd_kafka_version_str.restype=ctypes.c_char_p; "
            "print(k.rd_kafka_version_str().decode())")
    done = subprocess.run([sys.executable, "-c", code, os.path.join(folder, "librdkafka.so.1")],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "LD_LIBRARY_PATH": folder})
    if done.returncode:
        raise Skip(f"librdkafka of confluent-kafka {WHEEL} cannot be loaded here: "
                   f"{done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()


def is_used(process, folder):
    """Does this process have the library mapped?"""
    with open(f"/proc/{process.pid}/maps", encoding="utf-8") as maps:
        return os.path.realpath(folder) in maps.read()



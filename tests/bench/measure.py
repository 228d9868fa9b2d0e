# SPDX-License-Identifier: MIT
"""What the benchmarks read of the machine (from /proc) and of topics (from the broker)."""
import ctypes
import os
import time

TICK = os.sysconf("SC_CLK_TCK")


def machine():
    """Seconds since the start: busy, stolen, all."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, idle, iowait, irq, soft, steal = map(int, stat.readline().split()[1:9])
    busy = user + nice + system + irq + soft
    return [t / TICK for t in (busy, steal, busy + steal + idle + iowait)]


def cpu_of(pid, reaped=False):
    """CPU seconds of a process, all its threads, and on demand its children that have ended."""
    if int(pid) == 0:
        return 0
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15 if reaped else 13])) / TICK


def memory_of(pid):
    """KiB resident: now, and at most so far."""
    found = {"VmHWM": 0, "VmRSS": 0}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            key, _, value = line.partition(":")
            if key in found:
                found[key] = int(value.split()[0])
    return found["VmRSS"], found["VmHWM"]


class Tree:
    """A process and all that it starts. Who belongs to it is looked up every half second, for a
    JVM has a file for each of dozens of threads; what ends in between is in its parent's time."""

    LOOK_UP_S = 0.5

    def __init__(self, root):
        self.root = root
        self.known, self.looked_up = [root], 0

    def pids(self):
        now = time.monotonic()
        if now < self.looked_up + self.LOOK_UP_S:
            return self.known
        found = [self.root]
        for pid in found:
            try:
                for thread in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as children:
                        found += map(int, children.read().split())
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has ended meanwhile
        self.known, self.looked_up = found, now
        return found

    def _sum(self, figure, zero):
        total = zero
        for pid in self.pids():
            try:
                total = [a + b for a, b in zip(total, figure(pid))]
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total

    def cpu(self):
        """Seconds so far, those of what has ended and was waited for included."""
        return self._sum(lambda pid: [cpu_of(pid, reaped=True)], [0])[0]

    def memory(self):
        return self._sum(memory_of, [0, 0])


class _Partition(ctypes.Structure):
    _fields_ = [("topic", ctypes.c_char_p), ("partition", ctypes.c_int32),
                ("offset", ctypes.c_int64), ("metadata", ctypes.c_void_p),
                ("metadata_size", ctypes.c_size_t), ("opaque", ctypes.c_void_p),
                ("err", ctypes.c_int), ("private", ctypes.c_void_p)]


class _List(ctypes.Structure):
    _fields_ = [("cnt", ctypes.c_int), ("size", ctypes.c_int),
                ("elems", ctypes.POINTER(_Partition))]


class Ends:
    """The end offsets of topics, by librdkafka: one request for all partitions of a topic."""

    LATEST = -1

    def __init__(self, servers):
        self.servers = servers
        self.lib = ctypes.CDLL("librdkafka.so.1")
        for name in ("conf_new", "new"):
            getattr(self.lib, "rd_kafka_" + name).restype = ctypes.c_void_p
        self.lib.rd_kafka_topic_partition_list_new.restype = ctypes.POINTER(_List)
        self.lib.rd_kafka_topic_partition_list_add.restype = ctypes.POINTER(_Partition)
        self.client = self._open()

    def _open(self):
        text = ctypes.create_string_buffer(512)
        conf = ctypes.c_void_p(self.lib.rd_kafka_conf_new())
        if self.lib.rd_kafka_conf_set(conf, b"bootstrap.servers", self.servers.encode(), text,
                                      ctypes.c_size_t(512)):
            raise RuntimeError(text.value.decode())
        client = ctypes.c_void_p(self.lib.rd_kafka_new(1, conf, text, ctypes.c_size_t(512)))
        if not client:
            raise RuntimeError(text.value.decode())
        return client

    def sum(self, topic, partitions=10):
        """A topic that was just made may have no leaders yet, so it is asked for again; and by
        another client, since one has been seen to take it for missing for good."""
        for tries in range(400):
            if tries % 40 == 39:
                self.lib.rd_kafka_destroy(self.client)
                self.client = self._open()
            code, found = self._ask(topic, partitions)
            if not code and not any(err for err, _ in found):
                return sum(offset for _, offset in found)
            time.sleep(0.02)
        raise RuntimeError(f"end offsets of {topic}: error {code}, {found}")

    def _ask(self, topic, partitions):
        asked = self.lib.rd_kafka_topic_partition_list_new(partitions)
        for i in range(partitions):
            partition = self.lib.rd_kafka_topic_partition_list_add(asked, topic.encode(), i)
            partition.contents.offset = self.LATEST
        code = self.lib.rd_kafka_offsets_for_times(self.client, asked, 10000)
        found = [(asked.contents.elems[i].err, asked.contents.elems[i].offset)
                 for i in range(partitions)]
        self.lib.rd_kafka_topic_partition_list_destroy(asked)
        return code, found

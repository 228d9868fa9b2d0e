# SPDX-License-Identifier: MIT
"""A real Apache Kafka cluster of one or three KRaft nodes, to be killed.

The jars are those of tests/kafka/broker.sh. Every node is broker and controller. A node's
processes end with this one, whatever happens (PR_SET_PDEATHSIG).
"""
import base64
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid

from programs import HERE, TIED, Skip, ask, die_with_parent

VERSIONS = ("4.1.0", "3.9.0")
FIRST = VERSIONS[0]
# A node that was killed is let in again only when its old registration has run out; Kafka's
# default is 9 s. Shorter, so that an attack holds more faults.
SESSION = ["broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"]


def need_jars(version):
    """The folder of the broker's jars. Raises Skip when they cannot be had."""
    done = subprocess.run([os.path.join(HERE, "..", "kafka", "broker.sh"), "jars"],
                          env={**os.environ, "KAFKA_VERSION": version}, stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True)
    if done.returncode:
        raise Skip(done.stdout.strip().removeprefix("skipped: ") or "broker.sh has no jars")
    return done.stdout.strip()


def free_ports(n, host="127.0.0.1"):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind((host, 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Node:
    """One JVM: its folder, its properties, its process."""

    def __init__(self, cluster, number, port, controller_port):
        self.cluster = cluster
        self.number = number
        self.port = port
        self.controller_port = controller_port
        self.dir = os.path.join(cluster.dir, f"node{number}")
        self.process = None

    def write(self, extra):
        """extra: {listener name: (host, port)} beside the one on 127.0.0.1"""
        c = self.cluster
        n = len(c.nodes)
        heap = {"PLAINTEXT": ("127.0.0.1", self.port), **extra}
        spots = ",".join(f"{name}://{host}:{port}" for name, (host, port) in heap.items())
        copies = min(n, 3)
        voters = ",".join(f"{x.number}@127.0.0.1:{x.controller_port}" for x in c.nodes)
        lines = [
            "process.roles=broker,controller",
            f"node.id={self.number}",
            f"controller.quorum.voters={voters}",
            f"listeners={spots},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners={spots}",
            "listener.security.protocol.map=" + ",".join(
                f"{name}:PLAINTEXT" for name in [*heap, "CONTROLLER"]),
            "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT",
            f"log.dirs={self.dir}/data",
            f"default.replication.factor={copies}",
            f"min.insync.replicas={max(1, copies - 1)}",
            f"offsets.topic.replication.factor={copies}",
            "offsets.topic.num.partitions=4",
            f"transaction.state.log.replication.factor={copies}",
            f"transaction.state.log.min.isr={max(1, copies - 1)}",
            "transaction.state.log.num.partitions=4",
            "group.initial.rebalance.delay.ms=0",
            "auto.create.topics.enable=false",
            "log.cleaner.enable=true",
        ] + SESSION + c.properties
        if not c.version.startswith("3."):
            lines += [f"share.coordinator.state.topic.replication.factor={copies}",
                      f"share.coordinator.state.topic.min.isr={max(1, copies - 1)}"]
        os.makedirs(self.dir, exist_ok=True)
        with open(f"{self.dir}/server.properties", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        with open(f"{self.dir}/log4j2.properties", "w", encoding="ascii") as file:
            file.write("rootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\n"
                       "appender.out.type=Console\nappender.out.name=out\n"
                       "appender.out.layout.type=PatternLayout\n"
                       "appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m%n\n")

    def java(self, heap, *words):
        """As broker.sh: the JVM of a test does not live long. Without the archive it does without."""
        return ["java", *heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                f"-XX:SharedArchiveFile={self.cluster.libs}/classes.jsa",
                f"-Dlog4j2.configurationFile={self.dir}/log4j2.properties",
                "-cp", f"{self.cluster.libs}/*", *words]

    def format(self):
        made = os.path.join(self.cluster.libs, "formatted")  # by broker.sh, of node 1
        if len(self.cluster.nodes) == 1 and os.path.isdir(made):
            shutil.copytree(made, f"{self.dir}/data")
            return
        with open(f"{self.dir}/broker.log", "a", encoding="ascii") as log:
            subprocess.run(self.java([], "kafka.tools.StorageTool", "format", "-t",
                                     self.cluster.id, "-c", f"{self.dir}/server.properties"),
                           stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=True)

    def launch(self):
        heap = ["-Xms128m", f"-Xmx{512 if len(self.cluster.nodes) == 1 else 384}m"]
        with open(f"{self.dir}/broker.log", "a", encoding="ascii") as log:
            self.process = subprocess.Popen(
                self.java(heap, "kafka.Kafka", f"{self.dir}/server.properties"), stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent, **TIED)

    def is_open(self):
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def await_up(self, seconds=60):
        """Seconds until it took connections."""
        began = time.monotonic()
        while not self.is_open():
            if self.process.poll() is not None:
                raise RuntimeError(f"the broker ended, see {self.dir}/broker.log")
            if time.monotonic() - began > seconds:
                raise RuntimeError(f"the broker did not start, see {self.dir}/broker.log")
            time.sleep(0.05)
        return time.monotonic() - began

    def kill(self, number=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class Cluster:
    """n nodes below a folder of its own. properties: further lines for all of them."""

    def __init__(self, folder, n=1, version=FIRST, properties=(), hosts=None):
        self.libs = need_jars(version)
        self.dir = os.path.abspath(folder)
        self.version = version
        self.properties = list(properties)
        # A leading '-' would be taken for an option.
        self.id = "c" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        self.hosts = hosts or {}  # listener name -> address, for other network namespaces
        self.nodes = [None] * n
        self.servers_at = {}

    @property
    def servers(self):
        return ",".join(f"127.0.0.1:{x.port}" for x in self.nodes)

    def start(self):
        for attempt in range(3):  # somebody may take a port before the broker does
            shutil.rmtree(self.dir, ignore_errors=True)
            ports = free_ports(2 * len(self.nodes))
            n = len(self.nodes)
            self.nodes = [Node(self, i + 1, ports[2 * i], ports[2 * i + 1]) for i in range(n)]
            extra = {}
            for name, host in self.hosts.items():
                extra[name] = (host, free_ports(1, host)[0])
                self.servers_at[name] = f"{host}:{extra[name][1]}"
            for node in self.nodes:
                node.write(extra)
                node.format()
            for node in self.nodes:
                node.launch()
            try:
                for node in self.nodes:
                    node.await_up()
                self.await_brokers(n)
                return self
            except RuntimeError:
                self.stop()
                if attempt == 2:
                    raise
        return self

    def await_brokers(self, n, seconds=60):
        began = time.monotonic()
        while True:
            told = ask(self.servers, "up", check=False)
            if told and int(told) >= n:
                return
            if time.monotonic() - began > seconds:
                raise RuntimeError(f"{told.strip() or 0} of {n} brokers are up, see {self.dir}")
            time.sleep(0.1)

    def leader(self, topic, partition):
        for line in ask(self.servers, "leaders", topic).splitlines():
            number, broker = map(int, line.split())
            if number == partition:
                return next((x for x in self.nodes if x.number == broker), None)
        return None

    def stop(self):
        for node in self.nodes:
            if node and node.process and node.process.poll() is None:
                node.process.send_signal(signal.SIGCONT)
                node.kill()

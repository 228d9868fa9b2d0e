# SPDX-License-Identifier: MIT
"""Two network namespaces as two hosts, each with a cable (a veth pair) to this one.

Addresses are 10.213.X.0/30; names carry our process number, so that runs do not meet. close()
takes everything away; what a killed run left behind goes with the next one.
"""
import os
import re
import shutil
import subprocess

from programs import Skip

PREFIX = "lrchaos"


def ip(*words, check=True):
    done = subprocess.run(["ip", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True)
    if check and done.returncode:
        raise Skip(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Host:
    def __init__(self, name, number):
        self.name = name
        self.listener = f"HOST{name.upper()}"
        self.space = f"{PREFIX}-{os.getpid()}-{name}"
        self.cable = f"lrc{os.getpid()}{name}0"  # at most 15 characters
        self.far = f"lrc{os.getpid()}{name}1"
        self.address = f"10.213.{number}.1"  # ours, where the broker listens
        self.prefix = ["ip", "netns", "exec", self.space]
        ip("netns", "add", self.space)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", self.far)
        ip("link", "set", self.far, "netns", self.space)
        ip("addr", "add", f"{self.address}/30", "dev", self.cable)
        ip("link", "set", self.cable, "up")
        for words in (["addr", "add", f"10.213.{number}.2/30", "dev", self.far],
                      ["link", "set", self.far, "up"], ["link", "set", "lo", "up"]):
            ip("-n", self.space, *words)

    def cut(self):
        ip("link", "set", self.cable, "down")

    def mend(self):
        ip("link", "set", self.cable, "up")


class Hosts:
    """The setup of an attack: .hosts, .listeners for the cluster, close()."""

    def __init__(self):
        if os.geteuid() != 0:
            raise Skip("network namespaces need root")
        if not shutil.which("ip"):
            raise Skip("no ip (iproute2) to make network namespaces with")
        self.remove_stale()
        self.hosts = []
        try:
            number = 2 * (os.getpid() % 125)
            for i, name in enumerate("ab"):
                self.hosts.append(Host(name, number + i))
        except Skip:
            self.close()
            raise
        self.listeners = {x.listener: x.address for x in self.hosts}

    @staticmethod
    def remove_stale():
        for space in re.findall(PREFIX + r"-(\d+)-([ab])", ip("netns", "list", check=False)):
            if not os.path.exists(f"/proc/{space[0]}"):
                ip("netns", "del", f"{PREFIX}-{space[0]}-{space[1]}", check=False)

    def close(self):
        for name in "ab":
            ip("link", "del", f"lrc{os.getpid()}{name}0", check=False)
            ip("netns", "del", f"{PREFIX}-{os.getpid()}-{name}", check=False)

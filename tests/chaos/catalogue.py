# SPDX-License-Identifier: MIT
"""The attacks: what is done to which cluster, and what must hold."""
from dataclasses import dataclass
from typing import Callable, Optional

import attacks_broker as broker
import attacks_data as data
import attacks_group as group
import attacks_kill as kill
import attacks_soak as soaking
import controls
from cluster import FIRST, VERSIONS
from hosts import Hosts

ONCE, LEAST, MOST = "exactly_once", "at_least_once", "at_most_once"
FAULTS, LIFE, CONTROLS = "faults", "life", "controls"
NOTHING = "0 lost, 0 duplicated"


@dataclass
class Attack:
    name: str
    what: str
    bar: str
    run: Callable  # (run), or (run, what setup made)
    part: str
    nodes: int = 1
    version: str = FIRST
    setup: Optional[Callable] = None  # makes what must be there before the cluster; has close()


def over(function, *words):
    """The function with its further words, for an Attack."""
    return lambda run, *made: function(run, *words, *made)


ATTACKS = [
    Attack("broker-killed", "the broker killed and restarted", NOTHING, broker.broker_killed, FAULTS),
    Attack("broker-frozen", "the broker stopped for 5 s", NOTHING, broker.broker_frozen, FAULTS),
    Attack("kill9-once-streaming", "kill -9 over two instances, streaming", NOTHING,
           over(kill.kill9, ONCE, "streaming"), FAULTS),
    Attack("kill9-once-microbatch", "kill -9 over two instances, microbatch", NOTHING,
           over(kill.kill9, ONCE, "microbatch"), FAULTS),
    Attack("kill9-least-streaming", "the same at_least_once, streaming",
           "0 lost, duplicates within what was in flight",
           over(kill.kill9, LEAST, "streaming"), FAULTS),
    Attack("kill9-least-microbatch", "the same at_least_once, microbatch",
           "0 lost, duplicates within what was in flight",
           over(kill.kill9, LEAST, "microbatch"), FAULTS),
    Attack("kill9-most", "kill -9 over two instances, at_most_once",
           "0 duplicated; losses are counted",
           over(kill.kill9, MOST, "streaming", (50, 8)), FAULTS),
    Attack("instance-frozen", "an instance stopped for 9 s, longer than its session", NOTHING,
           over(kill.frozen, ONCE), FAULTS),
    Attack("joins-once", "instances join and leave under load", NOTHING + ", order kept",
           over(group.joins_and_leaves, ONCE), LIFE),
    Attack("joins-least", "the same at_least_once", NOTHING + ", order kept",
           over(group.joins_and_leaves, LEAST), LIFE),
    Attack("joins-cooperative", "the same exactly_once, with the cooperative assignor",
           NOTHING + ", order kept",
           over(group.joins_and_leaves, ONCE, "cooperative-sticky"), LIFE),
    Attack("sigterm-once", "SIGTERM at random moments, idle lanes included",
           NOTHING + ", each ends in time", over(group.sigterm, ONCE), LIFE),
    Attack("sigterm-least", "the same at_least_once", NOTHING + ", each ends in time",
           over(group.sigterm, LEAST), LIFE),
    Attack("rolling-static", "rolling update of three, then one fewer; static members", NOTHING,
           over(group.rolling, ONCE, "static"), LIFE),
    Attack("rolling-dynamic", "the same with dynamic members", NOTHING,
           over(group.rolling, ONCE, "dynamic"), LIFE),
    Attack("grow", "10 -> 12 partitions under load, start = latest", NOTHING,
           over(group.grow, ONCE), LIFE),
    Attack("malformed", "1 % of the records cannot be read, kills on top",
           "each of them a dead letter with its origin, all others a result",
           over(data.malformed, ONCE), LIFE),
    Attack("full-disk", "the file of results on a full disk, then there is room",
           "0 lost, 0 torn lines", data.full_disk, LIFE),
    Attack("retention", "records are deleted before they were read",
           "exit 65 and their number; on_lost_offsets goes on and reports them",
           data.retention, LIFE),
    Attack("soak", "a steady load for a long time", "memory does not grow",
           soaking.soak, LIFE),
    Attack("control-auto-commit", "wrong on purpose: commits what was read", "caught",
           controls.auto_commit, CONTROLS),
    Attack("control-early-settle", "wrong on purpose: delivered when handed over", "caught",
           controls.early_settle, CONTROLS),
    Attack("control-outside", "wrong on purpose: positions outside of the transaction", "caught",
           controls.outside, CONTROLS),
    Attack("control-no-rewind", "wrong on purpose: no rewind after an abort", "caught",
           controls.no_rewind, CONTROLS),
    Attack("control-aborts", "the same aborts, with the rewind", NOTHING,
           controls.aborts, CONTROLS),
    Attack("control-leak", "wrong on purpose: each record leaves 256 bytes behind", "caught",
           controls.leak, CONTROLS),
    Attack("newer-librdkafka", "kill -9 with the librdkafka of a newer release", NOTHING,
           kill.kill9_newer, FAULTS),
    Attack("cut-off", "a host cut off from the network, and back", NOTHING,
           over(group.cut_off, ONCE), FAULTS, setup=Hosts),
    Attack("older-kafka", f"kill -9 on Kafka {VERSIONS[1]}", NOTHING,
           kill.kill9_older_kafka, FAULTS, version=VERSIONS[1]),
    Attack("three-brokers", "three brokers; leaders and coordinators killed in turn", NOTHING,
           broker.three_brokers, FAULTS, nodes=3),
    Attack("torture", "kill -9 over two instances, and the broker killed once", NOTHING,
           kill.torture, "torture"),
    Attack("torture-control", "wrong on purpose: commits what was read", "caught",
           controls.auto_commit, "torture"),
]

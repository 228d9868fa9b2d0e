# SPDX-License-Identifier: MIT
"""A job under load for a long time: what it holds in memory must not grow."""
from statistics import median

from attacks_group import await_members

WARM_S = 10  # prefetch queues and arenas fill up
SLACK = 1.05, 2048  # what may be more: a factor, and KiB


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def soak(run):
    """The last third of the time against the second one; the first is for warming up."""
    seconds, rate = run.size((600, 80_000), (30, 40_000))
    run.topics()
    job = run.fleet.add("soaked", run.job("exactly_once"))
    await_members(run)
    run.load(seconds * rate, rate)
    run.fleet.sleep(WARM_S)
    samples = []
    while run.generator.running():
        run.fleet.sleep(1)
        samples.append(resident_kib(job.process.pid))
    run.finish()
    third = len(samples) // 3
    middle, last = median(samples[third:2 * third]), median(samples[2 * third:])
    run.figures.update({"records": run.records, "seconds": seconds,
                        "resident, second third": f"{middle / 1024:.1f} MiB",
                        "last third": f"{last / 1024:.1f} MiB",
                        "peak": f"{max(samples) / 1024:.1f} MiB"})
    if last > middle * SLACK[0] + SLACK[1]:
        run.failures.append(f"memory grew from {middle} to {last} KiB")

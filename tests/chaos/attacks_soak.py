# SPDX-License-Identifier: MIT
"""A job under load for a long time: what it holds in memory must not grow."""
from statistics import median

from attacks_group import await_members

# Resident memory moves by what the client prefetches, within the job's bound, and a busy machine
# fills that late: the long form sees a byte per record, the short one a record that is not given
# back (some 60 MiB in a third of its time).
SLACK_LONG = 1.05, 2048  # what may be more: a factor, and KiB
SLACK_SHORT = 1.05, 20480


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def grown(run, job, seconds, rate, warm):
    """KiB by which memory grew beyond the slack: the last third of the time after the warming up
    against the second one."""
    await_members(run)
    run.load(seconds * rate, rate)
    run.fleet.sleep(warm)
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
    factor, kib = run.size(SLACK_LONG, SLACK_SHORT)
    return last - (middle * factor + kib)


def soak(run):
    seconds, rate = run.size((600, 80_000), (30, 40_000))
    run.topics()
    job = run.fleet.add("soaked", run.job("exactly_once"))
    if grown(run, job, seconds, rate, warm=10) > 0:
        run.failures.append("memory grew")

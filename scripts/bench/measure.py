#!/usr/bin/env python3
"""Runs a command and tells what it cost, with everything that it started.

    measure.py [--runs N] --output FOLDER COMMAND…

FOLDER is removed before each run. Prints the median run (by CPU time) as one tab-separated line: CPU seconds (user and
system, the whole process tree), wall seconds, peak memory in megabytes. Memory is the sum of the processes' proportional
set sizes, read ten times a second, and at least the largest process's own peak. CPU time is what the system says of
children that were waited for, and at least the sum of what each process had used when it was last seen: PySpark's
workers are never waited for. Linux only.
"""

import argparse
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

SAMPLE_SECONDS = 0.1
PR_SET_CHILD_SUBREAPER = 36
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def adopt_orphans() -> None:
    """Makes this process the parent of descendants whose parent ends, so that none is missed (a JVM outlives its starter)."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants() -> dict[int, float]:
    """CPU seconds that each process below this one has used itself."""
    children: dict[int, list[int]] = {}
    cpu = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name, which may hold anything) state parent … user-time system-time
            pid, rest = int(path.parent.name), path.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        children.setdefault(int(rest[1]), []).append(pid)
        cpu[pid] = (int(rest[11]) + int(rest[12])) / TICKS_PER_SECOND
    found, open_ones = {}, [os.getpid()]
    while open_ones:
        new = children.get(open_ones.pop(), [])
        found.update((pid, cpu[pid]) for pid in new)
        open_ones += new
    return found


def memory(pid: int) -> int:
    """Proportional set size in bytes; what processes share is counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Watch(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self.cpu_of: dict[int, float] = {}
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(SAMPLE_SECONDS):
            found = descendants()
            self.cpu_of.update(found)
            self.peak = max(self.peak, sum(map(memory, found)))


def cpu_seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def wait_for_all() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def measure(command: list[str]) -> tuple[float, float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    watch = Watch()
    watch.start()
    started = time.monotonic()
    # Answers go to stderr: stdout is for the one line.
    status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
    wall = time.monotonic() - started
    wait_for_all()
    watch.done.set()
    watch.join()
    if status != 0:
        sys.exit(f"error: `{' '.join(command)}` ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The largest child of all runs so far, which is right for the median of equal runs.
    peak = max(watch.peak, after.ru_maxrss * 1024)
    cpu = max(cpu_seconds(after) - cpu_seconds(before), sum(watch.cpu_of.values()))
    return cpu, wall, peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    adopt_orphans()
    runs = []
    for _ in range(arguments.runs):
        shutil.rmtree(arguments.output, ignore_errors=True)
        arguments.output.mkdir(parents=True)
        runs.append(measure(arguments.command))
    cpu, wall, peak = sorted(runs)[len(runs) // 2]
    print(f"{cpu:.3f}\t{wall:.3f}\t{peak:.1f}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs a command and prints what it cost, tab-separated: CPU seconds, wall seconds, and in megabytes the peak of its own memory and
the peak of own memory and mapped files together. Pages of mapped files are the system's to take back; its own memory is not. Linux only.
"""

import os
import subprocess
import sys
import time

SAMPLE_SECONDS = 0.1


def resident(pid: int) -> tuple[int, int]:
    """Own and mapped kilobytes of a process; zeros once it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            fields = dict(line.split(":", 1) for line in file)
        kilobytes = {name: int(fields[name].split()[0]) for name in ("RssAnon", "RssFile", "RssShmem")}
    except (FileNotFoundError, KeyError, ProcessLookupError):
        return 0, 0
    return kilobytes["RssAnon"], kilobytes["RssFile"] + kilobytes["RssShmem"]


def main() -> None:
    start = time.monotonic()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    own = both = 0
    while process.poll() is None:
        anonymous, mapped = resident(process.pid)
        own, both = max(own, anonymous), max(both, anonymous + mapped)
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        sys.exit(f"{sys.argv[1]} ended with {process.returncode}")
    times = os.times()
    cpu = times.children_user + times.children_system
    print(f"{cpu:.1f}\t{time.monotonic() - start:.1f}\t{own / 1024:.0f}\t{both / 1024:.0f}")


if __name__ == "__main__":
    main()

"""Runs a program and notes its peak memory: peak.py FOLDER PROGRAM [ARGUMENT]…

A line of kilobytes is added to FOLDER/<name of the program>. Signals go on to the program, and its end is this one's.
"""

import os
import signal
import sys
from pathlib import Path

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    folder, program = Path(sys.argv[1]), sys.argv[2]
    child = os.posix_spawn(program, sys.argv[2:], os.environ)
    for each in SIGNALS:
        signal.signal(each, lambda number, _: os.kill(child, number))
    _, status, usage = os.wait4(child, 0)
    folder.mkdir(parents=True, exist_ok=True)
    # One short write: several programs may end at once.
    with (folder / Path(program).name).open("ab", buffering=0) as notes:
        notes.write(b"%d\n" % usage.ru_maxrss)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes about BYTES of reviews to stdout, made of one file of them.

    etl_repeat.py TRAIN.csv BYTES           headerless "polarity","title","text", one line a row

Every round takes all lines, beginning at another one, with the number of the round before every title: no two rows are
the same, and the same arguments give the same bytes.
"""

import sys
from itertools import count
from pathlib import Path

# Bytes of `"2","`: the title begins after them.
BEFORE_TITLE = 5
STEP = 7919


def main() -> None:
    lines = Path(sys.argv[1]).read_bytes().splitlines(keepends=True)
    left, out = int(sys.argv[2]), sys.stdout.buffer
    for number in count():
        prefix = b"%d " % number
        start = number * STEP % len(lines)
        for line in lines[start:] + lines[:start]:
            row = line[:BEFORE_TITLE] + prefix + line[BEFORE_TITLE:]
            out.write(row)
            left -= len(row)
            if left <= 0:
                return


if __name__ == "__main__":
    main()

"""Writes a CSV file of about BYTES, the same reviews over and over, each time with another number before them: no two rows are the same.

large_file.py REVIEWS.csv BYTES FILE        # prints how many reviews it has
"""

import csv
import sys
from itertools import count
from pathlib import Path


def main() -> None:
    with Path(sys.argv[1]).open(newline="") as lines:
        texts = [" ".join(row["text"].replace('"', '""').split()) for row in csv.DictReader(lines)]
    left, ends = int(sys.argv[2]), [f'{text}"\n'.encode() for text in dict.fromkeys(texts)]
    with Path(sys.argv[3]).open("wb") as file:
        file.write(b"text\n")
        for number in count():
            prefix = b'"%d ' % number
            file.write(prefix + prefix.join(ends))
            left -= sum(map(len, ends)) + len(prefix) * len(ends)
            if left <= 0:
                print((number + 1) * len(ends))
                return


if __name__ == "__main__":
    main()

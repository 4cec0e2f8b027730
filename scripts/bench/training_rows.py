#!/usr/bin/env python3
"""Prints as many labelled reviews as are asked for, as headerless CSV of label and text: training_rows.py TRAIN.CSV ROWS

Each is made of two real ones of the same label, the first half of one and the second half of the other, so that texts are as
long as real ones and hardly any comes twice.
"""

import csv
import random
import sys

SEED = 1


def main() -> None:
    path, rows = sys.argv[1], int(sys.argv[2])
    by_label: dict[str, list[tuple[str, str]]] = {}
    with open(path, newline="", encoding="utf-8") as file:
        for label, title, text in csv.reader(file):
            words = f"{title} {text}".split()
            middle = len(words) // 2
            by_label.setdefault(label, []).append((" ".join(words[:middle]), " ".join(words[middle:])))
    rng = random.Random(SEED)
    labels = [label for label, halves in by_label.items() for _ in halves]
    out = csv.writer(sys.stdout)
    out.writerow(["label", "text"])
    for _ in range(rows):
        label = rng.choice(labels)
        halves = by_label[label]
        out.writerow([label, f"{rng.choice(halves)[0]} {rng.choice(halves)[1]}"])


if __name__ == "__main__":
    main()

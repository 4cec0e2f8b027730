#!/usr/bin/env python3
"""Writes the reviews of drift.sh: what a model is trained on, more of the same, and uploads that differ in one thing each.

    drift_inputs.py DATA FOLDER

DATA holds polarity/train.csv.zst with train.sources.txt.zst, which names the shop or category of each row, and es/cuba_hotels_es_dev.csv.zst.
Reviews of baby products are kept for the upload of another category.
"""

import csv
import io
import random
import subprocess
import sys
from pathlib import Path

SEED = 1
TRAINING_SHARE = 0.6
ROWS = (200, 2_000, 8_000)
OTHER_CATEGORY = "baby_"
SPANISH_SHARE = 0.2
FLIPPED_SHARE = 0.3
STARS = {"1": "1", "2": "1", "4": "2", "5": "2"}

Row = list[str]


def unpacked(path: Path) -> io.StringIO:
    data = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    return io.StringIO(data.decode("utf-8"), newline="")


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("label", "title", "text"))
        writer.writerows(rows)


def spanish(data: Path) -> list[Row]:
    rows = csv.DictReader(unpacked(data / "es/cuba_hotels_es_dev.csv.zst"))
    return [[STARS[row["Class"]], row["Title"], row["Opinion"]] for row in rows if row["Class"] in STARS]


def main(data: Path, folder: Path) -> None:
    rng = random.Random(SEED)
    sources = unpacked(data / "polarity/train.sources.txt.zst").read().split("\n")
    usual: list[Row] = []
    other: list[Row] = []
    for row, source in zip(csv.reader(unpacked(data / "polarity/train.csv.zst")), sources, strict=False):
        row[2] = row[2].replace("\\n", " ")
        (other if source.startswith(OTHER_CATEGORY) else usual).append(row)
    hotels = spanish(data)
    for rows in (usual, other, hotels):
        rng.shuffle(rows)
    cut = int(len(usual) * TRAINING_SHARE)
    train, rest = usual[:cut], usual[cut:]
    write(folder / "train.csv", train)
    write(folder / "rest.csv", rest)
    for rows in ROWS:
        same = rng.sample(rest, rows)
        write(folder / f"same-{rows}.csv", same)
        write(folder / f"category-{rows}.csv", other[:rows])
        foreign = int(rows * SPANISH_SHARE)
        mixed = rng.sample(rest, rows - foreign) + hotels[:foreign]
        rng.shuffle(mixed)
        write(folder / f"spanish-{rows}.csv", mixed)
        flip = set(rng.sample(range(rows), int(rows * FLIPPED_SHARE)))
        flipped = [[str(3 - int(row[0])), *row[1:]] if at in flip else row for at, row in enumerate(same)]
        write(folder / f"flipped-{rows}.csv", flipped)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

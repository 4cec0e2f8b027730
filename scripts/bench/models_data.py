#!/usr/bin/env python3
"""Writes one data set of models.sh as train.csv and test.csv, the very texts that everybody trains and is measured on.

    models_data.py DATA NAME FOLDER         NAME: polarity, english or spanish

`polarity` comes split. Of the five-star sets a fifth of the texts is drawn for the test; a text that occurs twice is
written once, or not at all where its ratings differ, as `tamiz-retrain` has it: so nobody has more rows than the others.
"""

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HEADER = ("label", "title", "text")
TEST_SHARE = 0.2
SEED = 1

Row = tuple[int, str, str]


def unpacked(path: Path) -> io.StringIO:
    data = subprocess.run(["zstd", "-dcq", path], capture_output=True, check=True).stdout
    return io.StringIO(data.decode("utf-8"), newline="")


def table(path: Path, rating: str, title: str, text: str) -> Iterator[Row]:
    """Rows of a CSV file; those without a rating or a text are left out."""
    for row in csv.DictReader(unpacked(path)):
        if row[rating] and row[text].strip():
            yield int(float(row[rating])), row[title] or "", row[text]


def english(data: Path) -> Iterator[Row]:
    """Books of 2023, books of the older review dump, electronics."""
    for part in sorted((data / "jsonl_2023_books").glob("*.jsonl.gz")):
        with gzip.open(part, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                if row["text"].strip():
                    yield int(row["rating"]), row["title"] or "", row["text"]
    yield from table(data / "pds/amazon_us_books_reviews.csv.zst", "star_rating", "review_headline", "review_body")
    yield from table(data / "small/datafiniti_may19.csv.zst", "reviews.rating", "reviews.title", "reviews.text")


def spanish(data: Path) -> Iterator[Row]:
    """Hotels."""
    yield from table(data / "es/cuba_hotels_es_dev.csv.zst", "Class", "Title", "Opinion")


def polarity(data: Path, part: str) -> Iterator[Row]:
    """Negative and positive reviews; a line break is written as the two characters \\n in the original."""
    for label, title, text in csv.reader(unpacked(data / f"polarity/{part}.csv.zst")):
        yield int(label), title, text.replace("\\n", " ")


def distinct(rows: Iterator[Row]) -> dict[str, Row]:
    """Each text once, by its words in lower case; without those that are rated in two ways."""
    first: dict[str, Row] = {}
    contradicted = set()
    for label, title, text in rows:
        key = " ".join(f"{title} {text}".lower().split())
        if first.setdefault(key, (label, title, text))[0] != label:
            contradicted.add(key)
    return {key: row for key, row in first.items() if key not in contradicted}


def draw(key: str) -> float:
    """A number in [0, 1) that the text and the seed decide."""
    return int.from_bytes(hashlib.sha256(f"{SEED} {key}".encode()).digest()[:8]) / 2**64


def write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        # Line breaks mean nothing to any model, and end a text for fastText.
        writer.writerows((label, " ".join(title.split()), " ".join(text.split())) for label, title, text in rows)


def main() -> None:
    data, name, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    csv.field_size_limit(1 << 30)
    folder.mkdir(parents=True, exist_ok=True)
    if name == "polarity":
        for part in ("train", "test"):
            write(folder / f"{part}.csv", list(polarity(data, part)))
        return
    rows = distinct({"english": english, "spanish": spanish}[name](data))
    write(folder / "train.csv", [row for key, row in rows.items() if draw(key) >= TEST_SHARE])
    write(folder / "test.csv", [row for key, row in rows.items() if draw(key) < TEST_SHARE])


if __name__ == "__main__":
    main()

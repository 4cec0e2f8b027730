#!/usr/bin/env python3
"""Writes the inputs of etl.sh.

    etl_inputs.py TRAIN.csv FOLDER ROWS     headerless "polarity","title","text", one line a row

all.csv and all.jsonl hold every row, some.csv the first ROWS, few.csv the first 10,000, one.csv and one.jsonl only the first: what a program costs
before it does anything. sizes.tsv: name, rows, bytes of title and text joined with a space.
"""

import csv
import json
import sys
from pathlib import Path


def write(path: Path, lines: list[str], rows: list[list[str]]) -> None:
    path.with_suffix(".csv").write_text("".join(lines), encoding="utf-8", newline="")
    with path.with_suffix(".jsonl").open("w", encoding="utf-8", newline="") as file:
        for label, title, text in rows:
            file.write(json.dumps({"label": int(label), "title": title, "text": text}, ensure_ascii=False) + "\n")


def main() -> None:
    source, folder, num_rows = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    csv.field_size_limit(1 << 30)
    with source.open(encoding="utf-8", newline="") as file:
        lines = file.readlines()
    rows = list(csv.reader(lines))
    if len(rows) != len(lines):
        sys.exit(f"error: {source} holds {len(rows)} rows in {len(lines)} lines; one line a row is needed")
    sizes = []
    for name, count in [("all", len(rows)), ("some", num_rows or len(rows)), ("few", 10_000), ("one", 1)]:
        write(folder / name, lines[:count], rows[:count])
        num_bytes = sum(len(f"{title} {text}".encode()) for _, title, text in rows[:count])
        sizes.append(f"{name}\t{len(rows[:count])}\t{num_bytes}\n")
    (folder / "sizes.tsv").write_text("".join(sizes))


if __name__ == "__main__":
    main()

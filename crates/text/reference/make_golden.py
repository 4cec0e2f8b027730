"""Writes ../tests/golden/*.jsonl: rows of the Python reference that the tests hold tamiz-text to, exactly.

    python3.11 -m venv /tmp/reference && /tmp/reference/bin/pip install -r requirements.txt
    /tmp/reference/bin/python make_golden.py FOLDER        # the golden files, from texts that may be passed on
    /tmp/reference/bin/python make_golden.py --rows FILE   # any CSV of (label, title, body) as JSON Lines on stdout, for
                                                           # `cargo run --release --example compare -- rows.jsonl`
                                                           # (`--language es`: a CSV of (title, body, …) in Spanish)

FOLDER holds the texts that ship with VADER (`*_GroundTruth.txt`: id, score, text; MIT) and UCI's
`amazon_cells_labelled.txt` (text, label; CC BY 4.0). Plain files or `.zst` (needs the `zstd` command).
"""

import argparse
import csv
import io
import json
import random
import subprocess
import sys
from pathlib import Path

from nasty_rows import NASTY_ENGLISH, NASTY_SPANISH, RULE_WORDS
from reference import HERE, analyse, compound

GOLDEN = HERE.parent / "tests" / "golden"

# File, column of the text, and how many rows: spread evenly, so that the choice is the same each time.
SOURCES = [
    ("amazonReviewSnippets_GroundTruth.txt", 2, 150),
    ("movieReviewSnippets_GroundTruth.txt", 2, 150),
    ("tweets_GroundTruth.txt", 2, 200),
    ("nytEditorialSnippets_GroundTruth.txt", 2, 100),
    ("amazon_cells_labelled.txt", 0, 100),
]


def read(path):
    """Text of a file that may be compressed, and may be Latin-1."""
    if not path.exists():
        path = path.with_name(path.name + ".zst")
    raw = (
        subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
        if path.suffix == ".zst"
        else path.read_bytes()
    )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def write(name, rows):
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with open(GOLDEN / name, "w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            print(json.dumps(row, ensure_ascii=True), file=out)


def real_rows(folder):
    for name, column, count in SOURCES:
        lines = [line for line in read(folder / name).split("\n") if line.strip()]
        step = len(lines) // count
        for line in lines[: step * count : step]:
            yield analyse(line.split("\t")[column].rstrip("\r"))


def rule_rows(count):
    """Words of VADER's rules in any order, with the score alone: nobody writes so, and every rule meets every other."""
    chance = random.Random(2014)
    for _ in range(count):
        text = " ".join(chance.choices(RULE_WORDS, k=chance.randrange(40)))
        yield {"text": text, "compound": compound(text)}


def rows_of_csv(path, language):
    csv.field_size_limit(1 << 30)
    if path.suffix == ".zst":
        lines = (
            subprocess.run(["zstd", "-dc", path], check=True, capture_output=True)
            .stdout.decode("utf-8")
            .splitlines(keepends=True)
        )
    else:
        lines = io.StringIO(path.read_text(encoding="utf-8"), newline="")
    for record in csv.reader(lines):
        title, body = (record[1], record[2]) if language == "en" else (record[0], record[1])
        yield analyse(f"{title} {body}".strip(), language)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--language", default="en")
    args = parser.parse_args()
    if args.rows:
        for row in rows_of_csv(args.folder, args.language):
            print(json.dumps(row))
        return
    write("real.jsonl", real_rows(args.folder))
    write("nasty.jsonl", [analyse(text) for text in NASTY_ENGLISH])
    write("spanish.jsonl", [analyse(text, "es") for text in NASTY_SPANISH])
    write("rules.jsonl", rule_rows(1000))


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the sentences of a CoNLL file as Parquet, with a `text` and its `entities` each.

extraction_rows.py TRAIN.conll OUT.parquet
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq
from conll import read_sentences, spans


def entities(sentence: list[tuple[str, str]]) -> list[dict[str, str | int]]:
    found: list[dict[str, str | int]] = []
    last = "O"
    for (start, end), (_, label) in zip(spans(sentence), sentence, strict=True):
        begins, _, kind = label.partition("-")
        if begins == "B" or (begins == "I" and not last.endswith(f"-{kind}")):
            found.append({"kind": kind, "start": start, "end": end})
        elif begins == "I":
            found[-1]["end"] = end
        last = label
    return found


def main() -> None:
    source, out = sys.argv[1:]
    sentences = read_sentences(source)
    texts = [" ".join(word for word, _ in sentence) for sentence in sentences]
    pq.write_table(pa.table({"text": texts, "entities": [entities(sentence) for sentence in sentences]}), out)


if __name__ == "__main__":
    main()

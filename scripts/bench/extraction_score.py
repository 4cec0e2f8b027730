#!/usr/bin/env python3
"""Prints the table of extraction.sh: F1 of entities by seqeval's definition (CoNLL 2003's).

    extraction_score.py MODEL DEV.conll PREDICTIONS=TITLE…

The sentences are compared word by word with what stands in the folders of predictions, one row a sentence in the same order, and
with what transformers' own pipeline finds (aggregation strategy `first`).
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
from conll import labels_of, read_sentences
from seqeval.metrics import f1_score, precision_score, recall_score
from transformers import pipeline
from transformers.utils import logging


def of_pipeline(model: str, texts: list[str]) -> list[list[tuple[str, int, int]]]:
    pipe = pipeline("token-classification", model=model, aggregation_strategy="first", device="cpu")
    found = pipe(texts, batch_size=32)
    return [[(entity["entity_group"], entity["start"], entity["end"]) for entity in row] for row in found]


def of_tamiz(folder: str, texts: list[str]) -> list[list[tuple[str, int, int]]]:
    rows = [row for part in sorted(Path(folder).glob("*.parquet")) for row in pq.read_table(part).to_pylist()]
    if [row["text"] for row in rows] != texts:
        sys.exit(f"error: {folder} does not hold the sentences in their order")
    return [[(entity["kind"], entity["start"], entity["end"]) for entity in row["entities"]] for row in rows]


def main() -> None:
    model, dev, *folders = sys.argv[1:]
    logging.disable_progress_bar()
    sentences = read_sentences(dev)
    texts = [" ".join(word for word, _ in sentence) for sentence in sentences]
    gold = [[label for _, label in sentence] for sentence in sentences]
    found = {"transformers pipeline, f32": of_pipeline(model, texts)}
    for folder in folders:
        path, _, title = folder.partition("=")
        found[title] = of_tamiz(path, texts)
    print("| | F1 | precision | recall |")
    print("|---|---:|---:|---:|")
    for title, rows in found.items():
        labels = [labels_of(sentence, entities) for sentence, entities in zip(sentences, rows, strict=True)]
        scores = [measure(gold, labels) for measure in (f1_score, precision_score, recall_score)]
        print(f"| {title} | " + " | ".join(f"{score:.4f}" for score in scores) + " |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Trains fastText on the reviews of clean shards and labels them again.

    ngram_peer.py SHARDS FOLDER RUNS

Prints one tab-separated line: reviews, CPU-seconds of `predict` on a list of texts, and of `test`, which reads a file, compares
labels and keeps nothing: its fastest way through. The median of RUNS each.
"""

import resource
import statistics
import sys
from pathlib import Path

import fasttext
import pyarrow.parquet as pq


def cost(work) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    shards, folder, runs = sys.argv[1:]
    texts, labels = [], []
    for shard in sorted(Path(shards).glob("*.parquet")):
        table = pq.read_table(shard, columns=["text", "label"])
        # fastText ends a text at a line feed.
        texts += [text.replace("\n", " ") for text in table["text"].to_pylist()]
        labels += table["label"].to_pylist()
    lines = Path(folder) / "fasttext.txt"
    lines.write_text(
        "".join(f"__label__{label} {text}\n" for label, text in zip(labels, texts, strict=True)), encoding="utf-8"
    )
    model = fasttext.train_supervised(str(lines), wordNgrams=2, epoch=1, dim=16, thread=1, verbose=0)
    predict = statistics.median(cost(lambda: model.predict(texts)) for _ in range(int(runs)))
    test = statistics.median(cost(lambda: model.test(str(lines))) for _ in range(int(runs)))
    print(f"{len(texts)}\t{predict:.3f}\t{test:.3f}")


if __name__ == "__main__":
    main()

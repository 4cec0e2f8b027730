#!/usr/bin/env python3
"""Prints the table of inference.sh from what it left in its folder.

    inference_table.py FOLDER

Peers count labelling alone; of Tamiz the whole program counts, from Parquet to Parquet, less what the same program costs on one
review.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

PEERS = {
    "pipeline": "transformers pipeline, f32, batches of 32",
    "sorted": "PyTorch, f32, sorted",
    "sorted-bf16": "PyTorch, bf16, sorted",
    "onnx": "ONNX Runtime, f32, sorted",
    "onnx-int8": "ONNX Runtime, dynamic int8, sorted",
}
TAMIZ = {"f32": "Tamiz, f32", "bf16": "**Tamiz, bf16**"}


def column(folder: Path, name: str) -> list:
    return [
        value
        for part in sorted(folder.glob("*.parquet"))
        for value in pq.read_table(part, columns=[name])[name].to_pylist()
    ]


def peer(folder: Path, kind: str) -> tuple[float, float, list[float]]:
    first, *rest = (folder / f"{kind}.tsv").read_text().splitlines()
    seconds, cpu, _ = map(float, first.split("\t"))
    return seconds, cpu, [float(line.split("\t")[1]) for line in rest]


def tamiz(folder: Path, precision: str) -> tuple[float, float, list[float]]:
    costs = [(folder / f"tamiz-{precision}-{name}.tsv").read_text().split("\t") for name in ("run", "one")]
    cpu, seconds = (float(costs[0][at]) - float(costs[1][at]) for at in (0, 1))
    scores = column(folder / f"predictions-{precision}-run" / "predictions", "scores")
    return seconds, cpu, [row[1] for row in scores]


def main() -> None:
    folder = Path(sys.argv[1])
    labels = column(folder / "run" / "shards", "label")
    rows = {title: peer(folder, kind) for kind, title in PEERS.items()}
    rows |= {title: tamiz(folder, precision) for precision, title in TAMIZ.items()}
    reference = rows[PEERS["pipeline"]][2]
    best = rows[TAMIZ["bf16"]][0]
    print(
        "| | reviews/s | reviews per CPU-s | Tamiz bf16 is | same class as the pipeline | largest difference | accuracy |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for title, (seconds, cpu, scores) in rows.items():
        count = len(scores)
        same = sum((a > 0.5) == (b > 0.5) for a, b in zip(scores, reference, strict=True)) / count
        difference = max(abs(a - b) for a, b in zip(scores, reference, strict=True))
        accuracy = sum((score > 0.5) + 1 == label for score, label in zip(scores, labels, strict=True)) / count
        print(
            f"| {title} | {count / seconds:.0f} | {count / cpu:.0f} | {seconds / best:.1f} times | {same:.1%} | {difference:.1e} | {accuracy:.1%} |"
        )


if __name__ == "__main__":
    main()

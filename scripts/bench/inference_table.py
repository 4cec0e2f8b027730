#!/usr/bin/env python3
"""Prints the table of inference.sh from what it left in its folder.

    inference_table.py FOLDER

Peers count labelling alone; of Tamiz the whole program counts, from Parquet to Parquet, less what the same program costs on one
review.
"""

import math
import sys
import tomllib
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
    folder = folder / "whole"
    costs = [(folder / f"tamiz-{precision}-{name}.tsv").read_text().split("\t") for name in ("run", "one")]
    cpu, seconds = (float(costs[0][at]) - float(costs[1][at]) for at in (0, 1))
    scores = column(folder / f"predictions-{precision}-run" / "predictions", "scores")
    return seconds, cpu, [row[1] for row in scores]


def cosine(scores: list[float], reference: list[float]) -> float:
    """Of the logits' differences, which is all that two classes' probabilities tell of them."""
    rows = [[math.log(score / (1 - score)) for score in some] for some in (scores, reference)]
    dot = lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))  # noqa: E731
    return dot(*rows) / math.sqrt(dot(rows[0], rows[0]) * dot(rows[1], rows[1]))


def print_costs(per_cpu_second: dict[str, float]) -> None:
    """What a million reviews cost on an instance of this kind of processor, where each vCPU does what a core did here, by the prices
    of configs/prices.toml."""
    name = "c7i.xlarge" if "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8") else "c7a.xlarge"
    instance = tomllib.loads(Path("configs/prices.toml").read_text(encoding="utf-8"))["instances"][name]
    print("\n| a million reviews | hours of an instance | US dollars |\n|---|---:|---:|")
    for title, rate in per_cpu_second.items():
        hours = 1e6 / (rate * instance["vcpus"]) / 3600
        print(
            f"| {title} on {name} ({instance['vcpus']} vCPUs) | {hours:.2f} | {hours * instance['usd_per_hour']:.2f} |"
        )


def main() -> None:
    folder = Path(sys.argv[1])
    labels = column(folder / "run" / "shards", "label")
    rows = {title: peer(folder, kind) for kind, title in PEERS.items()}
    rows |= {title: tamiz(folder, precision) for precision, title in TAMIZ.items()}
    reference = rows[PEERS["pipeline"]][2]
    best = rows[TAMIZ["bf16"]][0]
    print(
        "| | reviews/s | reviews per CPU-s | Tamiz bf16 is | same class as the pipeline | largest difference | cosine of logits | accuracy |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for title, (seconds, cpu, scores) in rows.items():
        count = len(scores)
        same = sum((a > 0.5) == (b > 0.5) for a, b in zip(scores, reference, strict=True)) / count
        difference = max(abs(a - b) for a, b in zip(scores, reference, strict=True))
        accuracy = sum((score > 0.5) + 1 == label for score, label in zip(scores, labels, strict=True)) / count
        print(
            f"| {title} | {count / seconds:.0f} | {count / cpu:.0f} | {seconds / best:.1f} times | {same:.1%} | {difference:.1e} | {cosine(scores, reference):.5f} | {accuracy:.1%} |"
        )
    print_costs({title: len(rows[title][2]) / rows[title][1] for title in (PEERS["pipeline"], *TAMIZ.values())})


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Prints the table of cuda.sh from what it left in its folder.

    cuda_table.py FOLDER

Useful work is counted on the tokens of the reviews, none of them padding: of each layer 2 · (4 · hidden² + 2 · hidden · intermediate)
operations a token in its four products, and 4 · hidden · length in attention, for a review's own length.
"""

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
from transformers import AutoTokenizer

MAX_TOKENS = 512
PEERS = {
    "pipeline": "transformers pipeline, bf16, sorted",
    "sorted": "PyTorch, bf16, sorted, padded",
    "varlen": "PyTorch, bf16, tokens end to end",
}


def flops_of(folder: Path, texts: list[str]) -> tuple[int, int]:
    """Tokens of all texts, and operations."""
    config = json.loads((folder / "model" / "config.json").read_text())
    layers, hidden, wide = (config[name] for name in ("num_hidden_layers", "hidden_size", "intermediate_size"))
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    lengths = [len(row) for row in tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]]
    products = 2 * (4 * hidden**2 + 2 * hidden * wide) * sum(lengths)
    attention = 4 * hidden * sum(length**2 for length in lengths)
    return sum(lengths), layers * (products + attention)


def scores(folder: Path) -> list[float]:
    parts = sorted((folder / "predictions").glob("*.parquet"))
    return [row[1] for part in parts for row in pq.read_table(part, columns=["scores"])["scores"].to_pylist()]


def main() -> None:
    folder = Path(sys.argv[1])
    read = lambda name: json.loads((folder / f"{name}.json").read_text())  # noqa: E731
    texts = read("texts")
    tokens, flops = flops_of(folder, texts)
    ceiling = read("ceiling")
    peak = ceiling["flops"]
    print(f"{ceiling['device']}; a product of bf16 matrices: {peak / 1e12:.1f} TFLOP/s. {len(texts)} reviews,")
    print(f"{tokens / len(texts):.0f} tokens each, {flops / len(texts) / 1e9:.1f} GFLOP each.\n")
    rows = []
    for name, title in PEERS.items():
        if (folder / f"{name}.json").stat().st_size > 0:
            found = read(name)
            rows.append((f"{title} (batches of {found['batch']})", found["seconds"]))
    whole = json.loads((folder / "tamiz-run" / "timings" / "inference-00000.json").read_text())
    device = read("device-rate")
    rows.append(("**Tamiz, from Parquet to Parquet**", whole["seconds"]))
    rows.append(("Tamiz, the device alone", device["seconds"]))
    print("| | reviews/s | tokens/s | TFLOP/s on useful tokens | share of the ceiling | Tamiz is |")
    print("|---|---:|---:|---:|---:|---:|")
    for title, seconds in rows:
        rate = flops / seconds
        print(
            f"| {title} | {len(texts) / seconds:,.0f} | {tokens / seconds:,.0f} | {rate / 1e12:.1f} | {rate / peak:.1%} | {seconds / whole['seconds']:.2f} times |"
        )
    print(
        f"\nTamiz: {device['workings']}; device busy {whole['device_busy_seconds'] / whole['seconds']:.1%} of the time."
    )
    for precision in ("f32", "bf16"):
        pairs = list(zip(scores(folder / f"check-{precision}"), scores(folder / "check-cpu"), strict=True))
        difference = max(abs(a - b) for a, b in pairs)
        same = sum((a > 0.5) == (b > 0.5) for a, b in pairs) / len(pairs)
        print(
            f"{precision} on the device against f32 on the CPU, {len(pairs)} reviews: within {difference:.1e}, same class {same:.2%}."
        )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Labels the reviews of clean shards as a peer does, and writes what it found.

    inference_peer.py MODEL SHARDS OUT.tsv KIND ROWS THREADS

KIND: pipeline (transformers' own, 32-bit floats, batches of 32 in the file's order), sorted (PyTorch, the longest first),
sorted-bf16, onnx (ONNX Runtime, sorted), onnx-int8 (the same, dynamically quantised). Of ROWS reviews, the first of the shards.
OUT.tsv: seconds of labelling, CPU-seconds of it, rows; then a line a review: label, probability of the second class.
Loading the model is not counted, tokenising is.
"""

import resource
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
from transformers.utils import logging

MAX_TOKENS = 256
BATCH = 32


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def by_pipeline(model: str):
    pipe = pipeline("text-classification", model=model, dtype=torch.float32, device="cpu", top_k=None)
    positive = pipe.model.config.id2label[1]

    def label(texts: list[str]) -> list[float]:
        found = pipe(texts, batch_size=BATCH, truncation=True, max_length=MAX_TOKENS)
        return [next(score["score"] for score in row if score["label"] == positive) for row in found]

    return label


def by_batches(model: str, scores_of):
    """Sorted by length in characters, longest first; `scores_of` answers logits of a padded batch."""
    tokenizer = AutoTokenizer.from_pretrained(model)

    def label(texts: list[str]) -> list[float]:
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        out = [0.0] * len(texts)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                batch = tokenizer(
                    [texts[row] for row in rows],
                    padding=True,
                    truncation=True,
                    max_length=MAX_TOKENS,
                    return_tensors="pt",
                )
                scores = torch.softmax(scores_of(batch).float(), -1)[:, 1].tolist()
                for row, score in zip(rows, scores, strict=True):
                    out[row] = score
        return out

    return label


def by_torch(model: str, dtype: torch.dtype):
    network = AutoModelForSequenceClassification.from_pretrained(model, dtype=dtype).eval()
    return by_batches(model, lambda batch: network(**batch).logits)


def by_onnx(model: str, threads: int, int8: bool):
    import onnx
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = Path(model) / "model.onnx"
    names = ["input_ids", "attention_mask", "token_type_ids"]
    if not path.exists():
        network = AutoModelForSequenceClassification.from_pretrained(model, attn_implementation="eager").eval()
        example = AutoTokenizer.from_pretrained(model)(
            ["a first review", "and another one"], padding=True, return_tensors="pt"
        )
        rows, tokens = torch.export.Dim("rows", min=1, max=512), torch.export.Dim("tokens", min=2, max=512)
        shapes = {name: {0: rows, 1: tokens} for name in names}
        # The older exporter gives other results on other inputs.
        program = torch.onnx.export(
            network, kwargs={name: example[name] for name in names}, dynamic_shapes=shapes, dynamo=True
        )
        program.save(str(path))
    if int8:
        quantised = path.with_name("model-int8.onnx")
        if not quantised.exists():
            exported = onnx.load(str(path))
            # Shapes that the exporter wrote down, and the quantiser takes for contradictions.
            exported.graph.ClearField("value_info")
            quantize_dynamic(exported, str(quantised), weight_type=QuantType.QInt8)
        path = quantised
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = {entry.name for entry in session.get_inputs()}

    def scores_of(batch) -> torch.Tensor:
        return torch.from_numpy(session.run(None, {name: batch[name].numpy() for name in names if name in wanted})[0])

    return by_batches(model, scores_of)


def main() -> None:
    model, shards, out, kind, rows, threads = sys.argv[1:]
    logging.disable_progress_bar()
    torch.set_num_threads(int(threads))
    texts = []
    for shard in sorted(Path(shards).glob("*.parquet")):
        texts += pq.read_table(shard, columns=["text"]).column("text").to_pylist()
    texts = texts[: int(rows)]
    label = {
        "pipeline": lambda: by_pipeline(model),
        "sorted": lambda: by_torch(model, torch.float32),
        "sorted-bf16": lambda: by_torch(model, torch.bfloat16),
        "onnx": lambda: by_onnx(model, int(threads), int8=False),
        "onnx-int8": lambda: by_onnx(model, int(threads), int8=True),
    }[kind]()
    label(texts[:64])
    cpu, started = cpu_seconds(), time.monotonic()
    found = label(texts)
    seconds, cpu = time.monotonic() - started, cpu_seconds() - cpu
    with open(out, "w", encoding="utf-8") as file:
        file.write(f"{seconds}\t{cpu}\t{len(texts)}\n")
        file.writelines(f"{int(score > 0.5) + 1}\t{score}\n" for score in found)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures what cuda.sh compares Tamiz with, on the same device. Prints one JSON object.

    cuda_peer.py KIND DEVICE MODEL TEXTS.json

KIND: ceiling (a product of bf16 matrices, 8,192 each way), pipeline (transformers', bf16, texts sorted by length, the best
batch size of several), sorted (the model itself, bf16, sorted, SDPA over padded batches, the best batch size), varlen (the same
layers over tokens laid end to end, batches of 16,384 tokens, attention by torch.nn.attention.varlen, as text-embeddings-inference
and sentence-transformers with FlashAttention do it). Tokenising is counted, loading is not; the best of three passes.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
from transformers.utils import logging

MAX_TOKENS = 512
BATCHES = (32, 64, 128, 256, 512)
VARLEN_TOKENS = 16_384
PASSES = 3


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def best_seconds(run, device: str) -> float:
    run()
    seconds = []
    for _ in range(PASSES):
        wait(device)
        started = time.perf_counter()
        run()
        wait(device)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def ceiling(device: str) -> dict:
    size = 8192 if device == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    repeats = 10

    def run() -> None:
        for _ in range(repeats):
            a @ b

    return {"flops": 2 * size**3 * repeats / best_seconds(run, device)}


def of_best_batch(label, texts: list[str], device: str) -> dict:
    """`label` takes texts and a batch size."""
    few = sorted(texts[:: max(1, len(texts) // 2_000)], key=len, reverse=True)
    speeds = {batch: len(few) / best_seconds(lambda batch=batch: label(few, batch), device) for batch in BATCHES}
    batch = max(speeds, key=speeds.get)
    ordered = sorted(texts, key=len, reverse=True)
    return {
        "rows": len(texts),
        "seconds": best_seconds(lambda: label(ordered, batch), device),
        "batch": f"{batch} texts",
    }


def by_pipeline(device: str, model: str, texts: list[str]) -> dict:
    pipe = pipeline("text-classification", model=model, dtype=torch.bfloat16, device=device, top_k=None)
    options = {"truncation": True, "max_length": MAX_TOKENS}
    return of_best_batch(lambda some, batch: pipe(some, batch_size=batch, **options), texts, device)


def by_batches(device: str, model: str, texts: list[str]) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForSequenceClassification.from_pretrained(model, dtype=torch.bfloat16).to(device).eval()
    options = {"padding": True, "truncation": True, "max_length": MAX_TOKENS, "return_tensors": "pt"}

    @torch.inference_mode()
    def label(some: list[str], batch: int) -> list[list[float]]:
        scores = [
            network(**tokenizer(some[start : start + batch], **options).to(device, non_blocking=True)).logits
            for start in range(0, len(some), batch)
        ]
        return torch.cat(scores).float().softmax(-1).tolist()

    return of_best_batch(label, texts, device)


def by_varlen(device: str, model: str, texts: list[str]) -> dict:
    from torch.nn.attention.varlen import varlen_attn

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForSequenceClassification.from_pretrained(model, dtype=torch.bfloat16).to(device).eval()
    bert, config = network.bert, network.config
    heads, size = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    joined = []
    for layer in bert.encoder.layer:
        parts = [getattr(layer.attention.self, name) for name in ("query", "key", "value")]
        joined.append((torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])))

    def forward(ids: list[list[int]]) -> torch.Tensor:
        lengths = [len(row) for row in ids]
        starts = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
        tokens = torch.tensor([token for row in ids for token in row])
        places = torch.tensor([place for length in lengths for place in range(length)])
        starts, tokens, places = (
            tensor.pin_memory().to(device, non_blocking=True) for tensor in (starts, tokens, places)
        )
        tables = bert.embeddings
        hidden = tables.word_embeddings(tokens) + tables.position_embeddings(places)
        hidden = tables.LayerNorm(hidden + tables.token_type_embeddings.weight[0])
        for layer, (weight, bias) in zip(bert.encoder.layer, joined, strict=True):
            queries, keys, values = F.linear(hidden, weight, bias).view(-1, 3, heads, size).unbind(1)
            attended = varlen_attn(queries, keys, values, starts, starts, max(lengths), max(lengths))
            out = layer.attention.output
            hidden = out.LayerNorm(out.dense(attended.reshape(-1, heads * size)) + hidden)
            hidden = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(hidden))) + hidden)
        return network.classifier(torch.tanh(bert.pooler.dense(hidden[starts[:-1]])))

    @torch.inference_mode()
    def label() -> list[list[float]]:
        rows = tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        rows.sort(key=len, reverse=True)
        scores, batch, tokens = [], [], 0
        for row in rows:
            if tokens + len(row) > VARLEN_TOKENS:
                scores.append(forward(batch))
                batch, tokens = [], 0
            batch.append(row)
            tokens += len(row)
        scores.append(forward(batch))
        return torch.cat(scores).float().softmax(-1).tolist()

    return {"rows": len(texts), "seconds": best_seconds(label, device), "batch": f"{VARLEN_TOKENS} tokens"}


def main() -> None:
    kind, device, model, path = sys.argv[1:]
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    with open(path, encoding="utf-8") as file:
        texts = json.load(file)
    found = {
        "ceiling": lambda: ceiling(device),
        "pipeline": lambda: by_pipeline(device, model, texts),
        "sorted": lambda: by_batches(device, model, texts),
        "varlen": lambda: by_varlen(device, model, texts),
    }[kind]()
    found["device"] = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    print(json.dumps(found))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the model that inference.sh measures with: MiniLM (all-MiniLM-L6-v2) with a head that tells good from bad.

    inference_model.py MINILM_FOLDER SHARDS_FOLDER OUT_FOLDER

The encoder's weights stay as they are; the head's last layer is fitted (LBFGS) to the labels of some reviews. OUT_FOLDER is what
`save_pretrained` writes, in 32-bit floats.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

ROWS = 2_000
MAX_TOKENS = 256


def pooled(model, tokenizer, texts: list[str]) -> torch.Tensor:
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    out = torch.zeros(len(texts), model.config.hidden_size)
    with torch.inference_mode():
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            batch = tokenizer(
                [texts[row] for row in rows], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
            )
            out[rows] = model.bert(**batch).pooler_output
    return out.clone()


def main() -> None:
    source, shards, out = sys.argv[1:]
    names = {"id2label": {0: "negative", 1: "positive"}, "label2id": {"negative": 0, "positive": 1}}
    model = BertForSequenceClassification.from_pretrained(source, **names).eval()
    tokenizer = AutoTokenizer.from_pretrained(source)
    table = (
        pq.read_table(sorted(Path(shards).glob("*.parquet"))[0], columns=["text", "label"]).slice(0, ROWS).to_pydict()
    )
    features = pooled(model, tokenizer, table["text"])
    labels = torch.tensor([label - 1 for label in table["label"]])
    weights = 1.0 / torch.bincount(labels, minlength=2)
    head = model.classifier
    optimiser = torch.optim.LBFGS(head.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (
            torch.nn.functional.cross_entropy(head(features), labels, weight=weights)
            + 1e-4 * head.weight.square().sum()
        )
        loss.backward()
        return loss

    optimiser.step(closure)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()

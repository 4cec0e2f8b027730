#!/usr/bin/env python3
"""Writes what PyTorch makes of three training steps on the tiny models, to which the tests hold Tamiz.

    pip install -r requirements.txt
    make_training_golden.py FOLDER              (crates/models/tests/golden)

For each model `training.json`: the loss and the length of the gradient of each step, of the first step for every parameter the
gradient's length and its first numbers, and the loss on the first step's rows afterwards. No dropout; AdamW at a rate of 1e-3 with a
decay of 0.01 but for biases and norms; gradients cut to a length of 1; class n weighs 1 + n/2. Row r is of class 7r, and of words token t
is of class 7r + t, modulo the number of classes; every third token is no word's first and has none.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification
from transformers.utils import logging

SEQUENCES = ["bert-stars", "distilbert-polarity", "roberta-topics"]
TOKENS = ["bert-entities", "distilbert-entities", "roberta-entities"]
NO_TARGET = -100
STEPS = [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]
FIRST_NUMBERS = 4


def decays(name: str) -> bool:
    return not (name.endswith("bias") or "norm" in name.lower())


def targets_of(row: int, tokens: int, classes: int, of_tokens: bool) -> list[int]:
    if not of_tokens:
        return [row * 7 % classes]
    return [NO_TARGET if token % 3 == 2 else (row * 7 + token) % classes for token in range(tokens)]


def main() -> None:
    root = Path(sys.argv[1])
    logging.disable_progress_bar()
    for name in SEQUENCES + TOKENS:
        kind = AutoModelForTokenClassification if name in TOKENS else AutoModelForSequenceClassification
        rows = json.loads((root / name / "expected.json").read_text(encoding="utf-8"))
        config = json.loads((root / name / "config.json").read_text(encoding="utf-8"))
        dropouts = {key: 0.0 for key in config if "dropout" in key}
        model = kind.from_pretrained(root / name, dtype=torch.float32, **dropouts).train()
        classes = len(config["id2label"])
        weights = torch.tensor([1 + n / 2 for n in range(classes)])
        parameters = dict(model.named_parameters())
        groups = [
            {"params": [value for key, value in parameters.items() if decays(key) == kind], "weight_decay": decay}
            for kind, decay in [(True, 0.01), (False, 0.0)]
        ]
        optimiser = torch.optim.AdamW(groups, lr=1e-3)

        def loss_of(step: list[int], rows=rows, model=model, weights=weights, name=name) -> torch.Tensor:
            logits = torch.cat(
                [
                    model(
                        input_ids=torch.tensor([rows[row]["ids"]]), attention_mask=torch.ones(1, len(rows[row]["ids"]))
                    ).logits.reshape(-1, len(weights))
                    for row in step
                ]
            )
            targets = [
                target
                for row in step
                for target in targets_of(row, len(rows[row]["ids"]), len(weights), name in TOKENS)
            ]
            return torch.nn.functional.cross_entropy(logits, torch.tensor(targets), weight=weights)

        steps, gradients = [], {}
        for step in STEPS:
            optimiser.zero_grad()
            loss = loss_of(step)
            loss.backward()
            if not gradients:
                gradients = {
                    key: {"length": value.grad.norm().item(), "first": value.grad.flatten()[:FIRST_NUMBERS].tolist()}
                    for key, value in parameters.items()
                    if value.grad is not None
                }
            length = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item()
            optimiser.step()
            steps.append({"rows": step, "loss": loss.item(), "length": length})
        with torch.no_grad():
            after = loss_of(STEPS[0]).item()
        out = {"steps": steps, "gradients": gradients, "after": after}
        (root / name / "training.json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

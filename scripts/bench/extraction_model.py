#!/usr/bin/env python3
"""Trains the model that extraction.sh measures with: MiniLM with a head for the entities of WNUT17.

    extraction_model.py MINILM_FOLDER TRAIN.conll OUT_FOLDER

The first token of each word carries its class, the others none, as is usual. OUT_FOLDER is what `save_pretrained` writes.
"""

import sys

import torch
from conll import read_sentences
from transformers import AutoTokenizer, BertForTokenClassification, get_linear_schedule_with_warmup

EPOCHS = 4
BATCH = 32
LEARNING_RATE = 2e-4
SEED = 1
IGNORED = -100


def batches(sentences, tokenizer, index, generator):
    order = torch.randperm(len(sentences), generator=generator).tolist()
    for start in range(0, len(order), BATCH):
        rows = [sentences[row] for row in order[start : start + BATCH]]
        batch = tokenizer(
            [[word for word, _ in row] for row in rows],
            is_split_into_words=True,
            padding=True,
            truncation=True,
            max_length=128,
            return_tensors="pt",
        )
        labels = torch.full_like(batch["input_ids"], IGNORED)
        for at, row in enumerate(rows):
            last = None
            for token, word in enumerate(batch.word_ids(at)):
                if word is not None and word != last:
                    labels[at, token] = index[row[word][1]]
                last = word
        yield batch, labels


def main() -> None:
    source, train, out = sys.argv[1:]
    torch.manual_seed(SEED)
    sentences = read_sentences(train)
    names = ["O", *sorted({label for sentence in sentences for _, label in sentence} - {"O"})]
    index = {name: at for at, name in enumerate(names)}
    model = BertForTokenClassification.from_pretrained(source, id2label=dict(enumerate(names)), label2id=index)
    tokenizer = AutoTokenizer.from_pretrained(source)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    steps = EPOCHS * -(-len(sentences) // BATCH)
    schedule = get_linear_schedule_with_warmup(optimiser, steps // 10, steps)
    generator = torch.Generator().manual_seed(SEED)
    model.train()
    for _ in range(EPOCHS):
        for batch, labels in batches(sentences, tokenizer, index, generator):
            loss = model(**batch, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
    model.eval().save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()

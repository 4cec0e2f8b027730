#!/usr/bin/env python3
"""Makes the model that cuda.sh measures with: BERT-base (12 layers of 768, Devlin et al. 2018) with random weights.

    cuda_model.py TOKENIZER_FOLDER OUT_FOLDER

How fast it is does not depend on what the weights are; the tokenizer is that of the folder.
"""

import sys

import torch
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification
from transformers.utils import logging


def main() -> None:
    source, out = sys.argv[1:]
    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(source)
    torch.manual_seed(1)
    names = {"id2label": {0: "negative", 1: "positive"}, "label2id": {"negative": 0, "positive": 1}}
    BertForSequenceClassification(BertConfig(vocab_size=len(tokenizer), **names)).save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()

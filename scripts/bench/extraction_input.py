#!/usr/bin/env python3
"""Writes the sentences of a CoNLL file as JSON Lines with a `text` each.

extraction_input.py DEV.conll OUT.jsonl
"""

import json
import sys

from conll import read_sentences

source, out = sys.argv[1:]
with open(out, "w", encoding="utf-8") as file:
    for sentence in read_sentences(source):
        file.write(json.dumps({"text": " ".join(word for word, _ in sentence)}, ensure_ascii=False) + "\n")

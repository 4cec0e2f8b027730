#!/usr/bin/env python3
"""Makes the tiny random encoders that the tests hold Tamiz to, with what PyTorch and transformers say of each.

    pip install -r requirements.txt
    make_tiny_models.py FOLDER              (crates/models/tests/golden)

Each folder is what `save_pretrained` writes, and `expected.json`: for every text the token ids of its first window and the
logits in 32-bit floats, `[classes]` for a sequence and `[tokens][classes]` for tokens. The weights are random, wide enough that
every part of the network moves the logits; the tokenizers are trained on the sentences below, which breaks ties otherwise each time:
every run makes other models.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    DistilBertForTokenClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaForTokenClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
)

TEXTS = [
    "Great book, I could not put it down!",
    "Terrible. It broke after two days and nobody answered my mail.",
    "",
    "ok",
    "The hotel in Zürich was fine, but the café's coffee wasn't: €4.50 for cold water…",
    "La habitación era muy pequeña y el personal, antipático. ¡No volvería jamás!",
    "😀😀 👍🏽",
    "I bought this for my niece in New York; Anna said   it's the best toy\tof 2021.\n\nFive stars.",
    "battery battery battery battery battery battery battery battery battery battery battery battery battery battery "
    "life is short, and the screen scratches when you so much as look at it, which I did, twice, before lunch.",
    "Buy it.",
]

MAX_POSITIONS = 40
SIZES = {"vocab_size": 260, "initializer_range": 0.35}
BERT_SIZES = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": MAX_POSITIONS,
}
KINDS = ["O", "B-person", "I-person", "B-location", "I-location"]


def word_piece() -> PreTrainedTokenizerFast:
    """As BERT's and DistilBERT's: lower case, accents stripped, split at punctuation."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=260, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXTS[:6] + TEXTS[7:], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    # What some folders carry and nobody wants: cut and padded to a fixed length.
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


# Both RoBERTas' special tokens, in the order of their ids, and what each is for.
ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
ROBERTA_NAMES = {
    "pad_token": "<pad>",
    "unk_token": "<unk>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "bos_token": "<s>",
    "eos_token": "</s>",
}


def byte_pairs() -> PreTrainedTokenizerFast:
    """As RoBERTa's: pairs of bytes, a space belongs to the word behind it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=ROBERTA_SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ROBERTA_NAMES)


def unigrams() -> PreTrainedTokenizerFast:
    """As XLM-RoBERTa's: SentencePiece unigrams."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=260, special_tokens=ROBERTA_SPECIAL, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **ROBERTA_NAMES)


def names(labels: list[str]) -> dict:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: index for index, label in enumerate(labels)}}


def bert(**more) -> BertConfig:
    return BertConfig(**SIZES, **BERT_SIZES, **more)


def distilbert(**more) -> DistilBertConfig:
    sizes = {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 40, "max_position_embeddings": MAX_POSITIONS}
    return DistilBertConfig(**SIZES, **sizes, **more)


def roberta(kind=RobertaConfig, vocab_size=320, **more):
    """Positions count from the padding token's id + 1, so that two are never used."""
    sizes = (
        SIZES
        | BERT_SIZES
        | {"vocab_size": vocab_size, "max_position_embeddings": MAX_POSITIONS + 2, "type_vocab_size": 1}
    )
    return kind(**sizes, pad_token_id=1, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5, **more)


def cases() -> dict:
    stars = names([f"{n} star{'s' * (n > 1)}" for n in range(1, 6)])
    polarity = names(["NEGATIVE", "POSITIVE"])
    topics = names(["price", "quality", "service"])
    xlm_roberta = lambda **more: roberta(XLMRobertaConfig, 260, **more)  # noqa: E731
    return {
        "bert-stars": (BertForSequenceClassification, bert(**stars), word_piece, torch.float32),
        "bert-entities": (
            BertForTokenClassification,
            bert(hidden_act="relu", **names(KINDS)),
            word_piece,
            torch.float32,
        ),
        "distilbert-polarity": (DistilBertForSequenceClassification, distilbert(**polarity), word_piece, torch.float32),
        "distilbert-entities": (
            DistilBertForTokenClassification,
            distilbert(**names(KINDS)),
            word_piece,
            torch.float16,
        ),
        "roberta-topics": (
            RobertaForSequenceClassification,
            roberta(problem_type="multi_label_classification", **topics),
            byte_pairs,
            torch.bfloat16,
        ),
        "roberta-entities": (
            RobertaForTokenClassification,
            roberta(hidden_act="gelu_new", **names(KINDS)),
            byte_pairs,
            torch.float32,
        ),
        "xlm-roberta-regression": (
            XLMRobertaForSequenceClassification,
            xlm_roberta(problem_type="regression", num_labels=1),
            unigrams,
            torch.float32,
        ),
        "xlm-roberta-entities": (
            XLMRobertaForTokenClassification,
            xlm_roberta(**names(KINDS)),
            unigrams,
            torch.float32,
        ),
    }


def expected(model, tokenizer) -> list[dict]:
    rows = []
    for text in TEXTS:
        cut = tokenizer(text, truncation=True, max_length=MAX_POSITIONS, padding=False, return_tensors="pt")
        whole = tokenizer(text, truncation=False, padding=False)
        ids = cut["input_ids"]
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
        truncated = len(whole["input_ids"]) > ids.shape[1]
        rows.append({"text": text, "ids": ids[0].tolist(), "truncated": truncated, "logits": logits.tolist()})
    return rows


def rename_norms(path: Path) -> None:
    """As BERT's first release called them, and transformers still saves what came from there."""
    tensors = load_file(path)
    old = lambda name: name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")  # noqa: E731
    save_file({old(name): tensor for name, tensor in tensors.items()}, path)


def main() -> None:
    root = Path(sys.argv[1])
    for name, (kind, config, make_tokenizer, dtype) in cases().items():
        torch.manual_seed(len(name))
        tokenizer = make_tokenizer()
        config.vocab_size = max(config.vocab_size, len(tokenizer))
        model = kind(config).eval()
        for parameter in model.parameters():
            # Biases and norms begin at 0 and 1, where a mistake with them would not show.
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
        model = model.to(dtype)
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        shards = "20KB" if name == "xlm-roberta-entities" else "1GB"
        model.save_pretrained(folder, max_shard_size=shards)
        if name == "bert-entities":
            rename_norms(folder / "model.safetensors")
        tokenizer.save_pretrained(folder)
        for extra in ["tokenizer_config.json", "special_tokens_map.json"]:
            (folder / extra).unlink(missing_ok=True)
        rows = expected(model.to(torch.float32), tokenizer)
        (folder / "expected.json").write_text(json.dumps(rows, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

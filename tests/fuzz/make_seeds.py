#!/usr/bin/env python3
"""Makes the files under seeds/ that are not written by hand: packed files, Parquet, weights, and cuts of files of this repository.

    make_seeds.py    # needs pyarrow (infra/checks/requirements.txt)

They are checked in, so only a change of a format needs this.
"""

import gzip
import json
import pathlib
import struct

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
SEEDS = HERE / "seeds"
GOLDEN = REPOSITORY / "crates/models/tests/golden"
UPLOADS = REPOSITORY / "tests/data/uploads"

#: Tokens of the encoders: more than any seed of a tokenizer has, so that some may be added.
VOCABULARY = 288
HIDDEN = 4
POSITIONS = 16
#: Rows of the n-gram model's table, the fewest there may be.
BUCKETS = 256


def write(target: str, name: str, content: bytes | str) -> None:
    """Writes a seed of a target."""
    path = SEEDS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def reviews() -> None:
    """The first lines of real uploads."""
    films = gzip.decompress((UPLOADS / "films.csv.gz").read_bytes()).splitlines(keepends=True)
    write("csv", "films", b"".join(films[:6]))
    phones = (UPLOADS / "phones.jsonl").read_bytes().splitlines(keepends=True)
    write("json_lines", "phones", b"".join(phones[:6]))
    write("csv", "not-a-table", (UPLOADS / "invoice.csv").read_bytes())
    for name, encoding in [("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")]:
        write("csv", name, '\ufefflabel,text\n1,niño 😁\n7,two\n2,"three\r\nlines"\n'.encode(encoding))
    lines = [
        json.loads(line)
        for line in (REPOSITORY / "crates/text/tests/golden/nasty.jsonl").read_text("utf-8").splitlines()
    ]
    texts = [line["text"] for line in lines][:20]
    for number, text in enumerate(texts):
        write("text", f"nasty-{number:02}", text[:400])


def packed() -> None:
    """Behind four bytes: how the target is to pack the rest (0 gzip, 1 zstd, 2 not at all), members, harm, growth."""
    table = b"label,text\n2,one\n9,two\n1,three\n"
    zstd = pyarrow.Codec("zstd").compress(table, asbytes=True)
    first, second = gzip.compress(table[:15], mtime=0), gzip.compress(table[15:], mtime=0)
    for name, how, content in [
        ("gzip-made", (0, 1, 0, 0), table),
        ("zstd-made", (1, 1, 0, 0), table),
        ("gzip-bomb", (0, 0, 0, 255), table),
        ("zstd-bomb", (1, 2, 0, 255), table),
        ("gzip-cut", (0, 1, 90, 243), table),
        ("zstd-cut", (1, 1, 40, 243), table),
        ("gzip-damaged", (0, 3, 200, 241), table),
        ("zstd-damaged", (1, 3, 200, 241), table),
        ("gzip", (2, 0, 0, 0), first + gzip.compress(b"", mtime=0) + second),
        ("gzip-with-a-tail", (2, 0, 0, 0), first + second + b"no member of it"),
        ("zstd", (2, 0, 0, 0), zstd + zstd),
        ("zstd-skippable", (2, 0, 0, 0), b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstd),
    ]:
        write("packing", name, bytes(how) + content)


def parquet() -> None:
    """Small tables in each codec and layout."""
    table = pyarrow.table(
        {
            "Rating": pyarrow.array([5.0, 9.0, None, 1.0]),
            "unread": pyarrow.array([b"a", b"b", b"c", None]),
            "reviewText": pyarrow.array(['one\n"1"', "two", "three", None]),
            "vote": pyarrow.array([1, 2, 3, 4], pyarrow.int32()),
            "timestamp": pyarrow.array([0, 1, None, 1_436_400_000_000], pyarrow.timestamp("ms")),
        }
    )
    few = pyarrow.table(
        {"text": ["one", "two", "one"], "helpful": pyarrow.array([[2, 3], None, []], pyarrow.list_(pyarrow.int64()))}
    )
    for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
        save(f"table-{codec}", table if codec == "none" else few, compression=codec)
    save("pages-2", table, compression="none", data_page_version="2.0", store_schema=False)
    save(
        "deltas",
        few,
        compression="none",
        use_dictionary=False,
        store_schema=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY"},
    )
    save("without-statistics", few, compression="none", write_statistics=False, store_schema=False)
    other = pyarrow.table(
        {"text": pyarrow.array(["a", "b"]).dictionary_encode(), "verified": [True, None], "label": [1, 2]}
    )
    save("dictionary", other, compression="none", row_group_size=1, store_schema=False)


def save(name: str, table: pyarrow.Table, **options: object) -> None:
    """Writes a table as a seed."""
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, **options)
    write("parquet", name, sink.getvalue().to_pybytes())


def weights(shapes: dict[str, list[int]], kind: str = "F32") -> bytes:
    """safetensors of some numbers."""
    header, content = {}, b""
    for name, shape in shapes.items():
        count = 1
        for size in shape:
            count *= size
        numbers = b"".join(struct.pack("<f", (at * 37 % 19 - 9) / 16) for at in range(count))
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(content), len(content) + len(numbers)]}
        content += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content


def ngram() -> None:
    """A model of ours."""
    labels = [{"value": 1, "name": "negative"}, {"value": 2, "name": "positive"}]
    config = {
        "format_version": 1,
        "architecture": "ngram",
        "labels": labels,
        "featuriser": {
            "tokens": "words-1",
            "hash": "fnv1a64-fmix64",
            "ngrams": 2,
            "buckets": BUCKETS,
            "max_tokens": 64,
        },
        "dimensions": 1,
    }
    holdout = {"rows": 2, "accuracy": 0.5, "macro_f1": 0.5, "classes": {}, "confusion": {}}
    metrics = {"architecture": "ngram", "labels": labels, "train_rows": 3, "holdout": holdout}
    write("model_folder", "ngram-config", "c" + json.dumps(config, indent=1))
    shapes = {"embedding.weight": [BUCKETS, 1], "linear.bias": [2], "linear.weight": [2, 1]}
    write("model_folder", "ngram-weights", b"w" + weights(shapes))
    write("model_folder", "ngram-metrics", "m" + json.dumps(metrics))
    write("model_folder", "sums", "s" + f"{'0' * 64}  config.json\n{'1' * 64}  model.safetensors\n")
    write("model_folder", "pointer", "p" + json.dumps({"version": "1", "digest": "0" * 64}))


def encoders() -> None:
    """A DistilBERT that classifies texts and a BERT that finds entities."""
    sizes = {"vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS}
    classifier = {
        "architectures": ["DistilBertForSequenceClassification"],
        "dim": HIDDEN,
        "n_layers": 1,
        "n_heads": 2,
        "hidden_dim": HIDDEN,
        "activation": "gelu",
        "id2label": {"0": "1 star", "1": "5 stars"},
        **sizes,
    }
    tagger = {
        "architectures": ["BertForTokenClassification"],
        "hidden_size": HIDDEN,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": HIDDEN,
        "hidden_act": "relu",
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "id2label": {"0": "O", "1": "B-person", "2": "I-person"},
        **sizes,
    }
    square, row = [HIDDEN, HIDDEN], [HIDDEN]
    pair = lambda name, shape: {f"{name}.weight": shape, f"{name}.bias": shape[:1]}  # noqa: E731
    tables = {"word_embeddings.weight": [VOCABULARY, HIDDEN], "position_embeddings.weight": [POSITIONS, HIDDEN]}
    shapes = {f"distilbert.embeddings.{name}": shape for name, shape in tables.items()}
    shapes |= pair("distilbert.embeddings.LayerNorm", row)
    for part in ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2"]:
        shapes |= pair(f"distilbert.transformer.layer.0.{part}", square)
    for part in ["sa_layer_norm", "output_layer_norm"]:
        shapes |= pair(f"distilbert.transformer.layer.0.{part}", row)
    shapes |= pair("pre_classifier", square) | pair("classifier", [2, HIDDEN])
    write("model_folder", "classifier-config", "C" + json.dumps(classifier, indent=1))
    write("model_folder", "classifier-weights", b"W" + weights(shapes))
    index = {"metadata": {}, "weight_map": dict.fromkeys(shapes, "model.safetensors")}
    write("model_folder", "classifier-index", "I" + json.dumps(index))

    tables["token_type_embeddings.weight"] = [2, HIDDEN]
    shapes = {f"bert.embeddings.{name}": shape for name, shape in tables.items()}
    shapes |= pair("bert.embeddings.LayerNorm", row)
    dense = [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
    ]
    for part in [*dense, "output.dense"]:
        shapes |= pair(f"bert.encoder.layer.0.{part}", square)
    for part in ["attention.output.LayerNorm", "output.LayerNorm"]:
        shapes |= pair(f"bert.encoder.layer.0.{part}", row)
    shapes |= pair("classifier", [3, HIDDEN])
    write("model_folder", "tagger-config", "T" + json.dumps(tagger, indent=1))
    write("model_folder", "tagger-weights", b"V" + weights(shapes))


def tokenizers() -> None:
    """A tokenizer of each kind."""
    golden = {"wordpiece": "bert-stars", "byte-level": "roberta-topics", "unigram": "xlm-roberta-entities"}
    for name, folder in golden.items():
        tokenizer = json.loads((GOLDEN / folder / "tokenizer.json").read_text("utf-8"))
        write("tokenizer", name, json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")))
    few = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "great": 4, "a": 5, "##n": 6}
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}},
    }
    words = {
        "version": "1.0",
        "added_tokens": [
            {
                "id": 2,
                "content": "[CLS]",
                "special": True,
                "single_word": False,
                "lstrip": True,
                "rstrip": False,
                "normalized": False,
            }
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "StripAccents"}],
        },
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\s+"}, "behavior": "Removed", "invert": False},
        "post_processor": template,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": few, "unk_token": "[UNK]"},
    }
    write("tokenizer", "words", json.dumps(words))
    words["normalizer"] = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": None,
        "lowercase": True,
    }
    words["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    words["model"] = {
        "type": "Unigram",
        "unk_id": 1,
        "vocab": [[token, -float(at)] for token, at in few.items()],
        "byte_fallback": False,
    }
    write("tokenizer", "pieces", json.dumps(words))


for make in [reviews, packed, parquet, ngram, encoders, tokenizers]:
    make()

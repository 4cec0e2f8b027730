#!/usr/bin/env python3
"""The original design's cleaning: pandas, NLTK and vaderSentiment, a column at a time.

    etl_pandas.py IN.csv OUT_FOLDER         headerless polarity,title,text

Writes a Parquet file (zstd) with clean text, tokens, content tokens, stems, compound and sentiment. The steps are those that
Tamiz is held to, crates/text/reference/reference.py, which has to be on PYTHONPATH.
"""

import sys

import pandas as pd
from reference import STEMMERS, STOP_WORDS, clean, compound, tokenize


def sentiment(score: float) -> str:
    return "Positivo" if score >= 0.05 else "Negativo" if score <= -0.05 else "Neutral"


def add_columns(frame: pd.DataFrame) -> pd.DataFrame:
    frame["clean_text"] = frame["text"].apply(clean)
    frame["tokens"] = frame["clean_text"].apply(tokenize)
    frame["content_tokens"] = frame["tokens"].apply(lambda tokens: [t for t in tokens if t not in STOP_WORDS["en"]])
    frame["stems"] = frame["content_tokens"].apply(lambda tokens: [STEMMERS["en"].stem(t) for t in tokens])
    frame["compound"] = frame["text"].apply(compound)
    frame["sentiment"] = frame["compound"].apply(sentiment)
    return frame


def main() -> None:
    source, folder = sys.argv[1:]
    frame = pd.read_csv(source, names=["label", "title", "text"], keep_default_na=False)
    frame["text"] = frame["title"] + " " + frame["text"]
    add_columns(frame).to_parquet(f"{folder}/clean.parquet", compression="zstd")


if __name__ == "__main__":
    main()

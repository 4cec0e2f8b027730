#!/usr/bin/env python3
"""The original design's cleaning: pandas, NLTK and vaderSentiment, a column at a time.

    etl_pandas.py IN.csv OUT_FOLDER [--language]         headerless polarity,title,text

Writes a Parquet file (zstd) with clean text, tokens, content tokens, stems, compound and sentiment; with --language also the
language, which the original's data dictionary names, as langdetect finds it. The steps are those that
Tamiz is held to, crates/text/reference/reference.py, which has to be on PYTHONPATH.
"""

import argparse

import pandas as pd
from langdetect import DetectorFactory, LangDetectException, detect
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


def language(text: str) -> str:
    try:
        return detect(text)
    except LangDetectException:  # A text without a letter.
        return "und"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("source")
    arguments.add_argument("folder")
    arguments.add_argument("--language", action="store_true")
    arguments = arguments.parse_args()
    frame = pd.read_csv(arguments.source, names=["label", "title", "text"], keep_default_na=False)
    frame["text"] = frame["title"] + " " + frame["text"]
    add_columns(frame)
    if arguments.language:
        DetectorFactory.seed = 0
        frame["language"] = frame["text"].apply(language)
    frame.to_parquet(f"{arguments.folder}/clean.parquet", compression="zstd")


if __name__ == "__main__":
    main()

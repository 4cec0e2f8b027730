#!/usr/bin/env python3
"""The peers of the n-gram model: TF-IDF and logistic regression (scikit-learn), as the original design had it.

    peer_tfidf.py TRAIN.csv TEST.csv        headerless "polarity","title","text"

Prints one tab-separated line a model: name, rows trained on, rows tested, accuracy, macro-F1, CPU seconds of
training, megabytes on disk.
"""

import csv
import pickle
import resource
import sys

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline


def read(path: str) -> tuple[list[str], list[str]]:
    """Labels and texts of a file; a line break is written as the two characters \\n in it."""
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = [(label, f"{title} {body}".replace("\\n", " ")) for label, title, body in csv.reader(file)]
    return [label for label, _ in rows], [text for _, text in rows]


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def models():
    """Name and untrained pipeline of each peer."""
    yield (
        "TF-IDF 5k words + logistic regression",
        make_pipeline(TfidfVectorizer(max_features=5_000), LogisticRegression(max_iter=300, C=4)),
    )
    yield (
        "TF-IDF 1,2-grams + logistic regression, class-balanced",
        make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
            LogisticRegression(max_iter=300, C=4, class_weight="balanced"),
        ),
    )


def main() -> None:
    train_path, test_path = sys.argv[1:]
    (labels, texts), (truth, test_texts) = read(train_path), read(test_path)
    for name, model in models():
        started = cpu_seconds()
        model.fit(texts, labels)
        trained = cpu_seconds() - started
        predicted = model.predict(test_texts)
        figures = (
            name,
            len(texts),
            len(truth),
            f"{accuracy_score(truth, predicted):.4f}",
            f"{f1_score(truth, predicted, average='macro'):.4f}",
            f"{trained:.1f}",
            f"{len(pickle.dumps(model)) / 1e6:.1f}",
        )
        print(*figures, sep="\t", flush=True)


if __name__ == "__main__":
    main()

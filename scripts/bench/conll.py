"""Sentences of labelled words, one `word<TAB>label` a line, with a line of white space between sentences."""

from pathlib import Path

Sentence = list[tuple[str, str]]


def read_sentences(path: str) -> list[Sentence]:
    sentences: list[Sentence] = [[]]
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        word, _, label = line.rstrip("\r").partition("\t")
        if word.strip():
            sentences[-1].append((word, label.strip()))
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def spans(sentence: Sentence) -> list[tuple[int, int]]:
    """First character of each word and the one behind the last, in the words joined by spaces."""
    found, at = [], 0
    for word, _ in sentence:
        found.append((at, at + len(word)))
        at += len(word) + 1
    return found


def labels_of(sentence: Sentence, entities: list[tuple[str, int, int]]) -> list[str]:
    """The words' labels that entities (kind, first character, end) amount to."""
    labels = ["O"] * len(sentence)
    for kind, start, end in entities:
        inside = [at for at, (first, last) in enumerate(spans(sentence)) if first < end and start < last]
        for at in inside:
            labels[at] = f"{'B' if at == inside[0] else 'I'}-{kind}"
    return labels

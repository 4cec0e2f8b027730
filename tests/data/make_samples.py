#!/usr/bin/env python3
"""Makes the sample files beside this script from their published sources. They are checked in, so only a change of the split needs this.

    make_samples.py FOLDER     # holds the files named in NOTICE.md, as published

Every text is real. What goes to `train/` and what goes to `uploads/` is decided by a hash of the review (all
sentences of one review fall on the same side), so the uploads are reviews that the demo's model never saw. A
sentence whose readers did not agree on a side (mean score between -0.5 and 0.5) stays without a label.
"""

import csv
import gzip
import hashlib
import io
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent


def share(group: str) -> float:
    """A number in [0, 1) that depends on the group's name alone."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32


def graded(folder: pathlib.Path, name: str) -> list[tuple[str, int | None, str]]:
    """(review, polarity or none, text) of a file of `id TAB mean human score TAB text`."""
    rows = []
    for line in (folder / name).read_text("utf-8").splitlines():
        identity, score, text = line.split("\t", 2)
        polarity = 2 if float(score) >= 0.5 else 1 if float(score) <= -0.5 else None
        rows.append((f"{name}/{identity.split('_')[0]}", polarity, text))
    return rows


def labelled(folder: pathlib.Path, name: str) -> list[tuple[str, int | None, str]]:
    """(review, polarity, text) of a file of `text TAB 0 or 1`."""
    rows = [line.rsplit("\t", 1) for line in (folder / name).read_text("utf-8").splitlines()]
    return [(f"{name}/{text}", int(side) + 1, text.strip()) for text, side in rows]


def table(rows: list[tuple[str, int | None, str]]) -> bytes:
    """CSV with the columns label and text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["label", "text"])
    writer.writerows([label or "", text] for _, label, text in rows)
    return out.getvalue().encode()


def json_lines(rows: list[tuple[str, int | None, str]]) -> list[bytes]:
    """One object a line, as Amazon Reviews 2023 names its fields; fields that the source lacks stay absent."""
    return [json.dumps({"label": label, "text": text}, ensure_ascii=False).encode() for _, label, text in rows]


def compress(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    shops = graded(folder, "amazonReviewSnippets_GroundTruth.txt")
    films = graded(folder, "movieReviewSnippets_GroundTruth.txt")
    phones = labelled(folder, "amazon_cells_labelled.txt")

    train = (
        [r for r in shops if share(r[0]) >= 0.25]
        + [r for r in films if share(r[0]) >= 0.3]
        + [r for r in phones if share(r[0]) >= 0.5]
    )
    train = [r for r in train if r[1] is not None]
    (HERE / "train/reviews.csv.gz").write_bytes(compress(table(train)))

    uploads = HERE / "uploads"
    electronics = table([r for r in shops if share(r[0]) < 0.25])
    broken = b'2,"a comma, but no quotes around it, makes more fields than the header",oops,again\n1,\nexcellent,"the label is a word"\n'
    (uploads / "electronics.csv.gz").write_bytes(compress(electronics + broken))
    (uploads / "films.csv.gz").write_bytes(compress(table([r for r in films if share(r[0]) < 0.3])))
    lines = json_lines([r for r in phones if share(r[0]) < 0.5])
    lines[100:100] = [
        b'{"label": 2, "text": "the line ends before the object do',
        b'{"label": 1}',
        b'["an array", "is no review"]',
    ]
    (uploads / "phones.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    # A file of another kind under a name that promises reviews: the smallest PDF.
    (uploads / "invoice.csv").write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    )


if __name__ == "__main__":
    main()

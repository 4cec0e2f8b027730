"""Writes ../tests/redaction/labelled.jsonl: real review sentences with personal data planted in them, and with what only looks like it.

    python3 -m venv /tmp/redaction && /tmp/redaction/bin/pip install -r requirements-redaction.txt
    /tmp/redaction/bin/python make_redaction_set.py

The sentences are those of tests/data (its NOTICE.md names sources and licences). What is planted is made up by Faker
and by the patterns below, valid in form; the seed is fixed, so the same file comes out every time. Three parts:

planted   one thing of a kind in a sentence, with or without words that announce it
hard      things that are no personal data: prices, dates, ISBN, ASIN, order numbers, versions, codes that fail their check
natural   every sentence of tests/data with an `@`, a `://` or five digits close together, labelled by hand, and some
          lines of other public texts (digits changed)

Each line: text, spans as [first byte, byte after the last, kind] in UTF-8, and the case it was made for.
"""

import csv
import gzip
import io
import json
import random
import re
from pathlib import Path

from faker import Faker
from redaction_cases import ANNOUNCED, BARE_PHONES, HARD, NATURAL, NATURAL_LABELS, PHONES, URLS

ROOT = Path(__file__).resolve().parents[3]
OUT = ROOT / "crates/text/tests/redaction/labelled.jsonl"
SEED = 1
PLANTED_A_KIND = 100
PLANTED_PHONES = 250
HARD_A_CASE = 10

ENDINGS = [".", ".", ",", "!", ")", "", "", " ", ":", ";", "?", '"', "...", "<br />"]


def sentences() -> list[str]:
    """Every text of the sample data once, in a fixed order."""
    found = []
    for name in ["train/reviews.csv.gz", "uploads/electronics.csv.gz", "uploads/films.csv.gz"]:
        with gzip.open(ROOT / "tests/data" / name) as file:
            found += [row["text"] for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")) if row["text"]]
    for line in (ROOT / "tests/data/uploads/phones.jsonl").read_text("utf-8").splitlines():
        match = re.fullmatch(r'\{"label": ., "text": "(.*)"\}', line)
        found += [json.loads(f'"{match[1]}"')] if match else []
    return sorted(set(found))


def digits(pattern: str, rng: random.Random) -> str:
    """`#` becomes a digit, `%` one from 2 to 9, `[...]` one of the characters."""
    pattern = re.sub(r"\[(.*?)\]", lambda match: rng.choice(match[1]), pattern)
    return "".join(
        str(rng.randrange(10)) if c == "#" else str(rng.randrange(2, 10)) if c == "%" else c for c in pattern
    )


class Planter:
    def __init__(self, texts: list[str]):
        self.rng = random.Random(SEED)
        self.texts = texts
        self.fakers = {locale: Faker(locale) for locale in ["en_US", "es_ES", "en_GB", "de_DE", "fr_FR"]}
        for faker in self.fakers.values():
            faker.seed_instance(SEED)

    def fake(self) -> Faker:
        return self.fakers[self.rng.choice(["en_US", "en_US", "es_ES", "es_ES", "en_GB", "de_DE", "fr_FR"])]

    def email(self) -> str:
        faker = self.fake()
        make = self.rng.choice([faker.ascii_email, faker.ascii_free_email, faker.ascii_company_email])
        address = make()
        local, host = address.split("@")
        styles = [address] * 6 + [
            address.upper(),
            f"{local}+{self.rng.randrange(99)}@{host}",
            f"{local.title()}@{host}",
        ]
        return self.rng.choice(styles)

    def phone(self) -> str:
        if self.rng.random() < 0.4:
            faker = self.fakers[self.rng.choice(["en_US", "es_ES"])]
            # Faker's extensions and its few Spanish numbers with 900 premium prefixes are forms like any other.
            return faker.phone_number().split("x")[0]
        return digits(self.rng.choice(PHONES + BARE_PHONES), self.rng)

    def card(self) -> str:
        kind = self.rng.choice(["visa16", "visa16", "mastercard", "mastercard", "amex", "discover", "diners", "jcb16"])
        number = self.fakers["en_US"].credit_card_number(kind)
        while (
            kind == "jcb16" and not "3528" <= number[:4] <= "3589"
        ):  # Faker begins some with 35 that JCB does not give out
            number = self.fakers["en_US"].credit_card_number(kind)
        groups = {15: [4, 6, 5], 14: [4, 6, 4]}.get(len(number), [4, 4, 4, 4])
        sign = self.rng.choice([None, None, " ", " ", "-"])
        if sign is None or len(number) > 16:
            return number
        starts = [sum(groups[:place]) for place in range(len(groups))]
        return sign.join(number[start : start + length] for start, length in zip(starts, groups, strict=True))

    def iban(self) -> str:
        iban = self.fake().iban() if self.rng.random() < 0.5 else self.fakers["es_ES"].iban()
        spaced = " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
        return self.rng.choice([iban, iban, spaced, spaced, spaced.replace(" ", "-"), iban.lower()])

    def ip(self) -> str:
        faker = self.fakers["en_US"]
        return self.rng.choice([faker.ipv4_public, faker.ipv4_public, faker.ipv4_private, faker.ipv6])()

    def url_credentials(self) -> str:
        faker = self.fake()
        password = self.rng.choice([faker.password(special_chars=False), "s3cr3t", "p%40ss", "pass@word!"])
        host = self.rng.choice([faker.domain_name(), faker.ipv4_public(), "localhost:8080"])
        return self.rng.choice(URLS).format(user=faker.user_name(), password=password, host=host)

    def plant(self, kind: str) -> dict:
        value = getattr(self, kind)()
        text = self.rng.choice(self.texts)
        lead = self.rng.choice(ANNOUNCED[kind])
        ending = (
            self.rng.choice(ENDINGS)
            if kind != "url_credentials"
            else self.rng.choice(["", "", " ", "<br />", ".", ","])
        )
        return row(*self.insert(text, lead, value, ending), kind, f"planted {kind}")

    def insert(self, text: str, lead: str, value: str, ending: str) -> tuple[str, str, str]:
        """Before, the value, after: between two words of the text, or at one of its ends."""
        words = text.split(" ")
        place = self.rng.choice([0, len(words), self.rng.randrange(len(words) + 1)])
        before, after = " ".join(words[:place]), " ".join(words[place:])
        # A line break is often lost where reviews are gathered; then the words run together.
        glue = "" if place and lead == "" and before[-1:] in ".!" and self.rng.random() < 0.3 else " "
        before = before + glue + lead if before else lead
        return before, value, f"{ending} {after}" if after else ending

    def hard(self, case: str) -> dict:
        pattern = self.rng.choice(HARD[case])
        value = pattern(self.rng) if callable(pattern) else digits(pattern, self.rng)
        before, value, after = self.insert(self.rng.choice(self.texts), "", value, self.rng.choice(ENDINGS[:8]))
        return {"text": before + value + after, "spans": [], "case": f"hard {case}"}


def row(before: str, value: str, after: str, kind: str, case: str) -> dict:
    start = len(before.encode())
    return {"text": before + value + after, "spans": [[start, start + len(value.encode()), kind]], "case": case}


def natural(texts: list[str]) -> list[dict]:
    close = re.compile(r"@|://|\d(?:\D{0,3}\d){4}")
    rows = []
    for text in [text for text in texts if close.search(text)] + NATURAL:
        spans = []
        for value, kind in NATURAL_LABELS.items():
            if value in text:
                start = len(text[: text.index(value)].encode())
                spans.append([start, start + len(value.encode()), kind])
        rows.append({"text": text, "spans": sorted(spans), "case": "natural"})
    return rows


def main() -> None:
    texts = sentences()
    plain = [text for text in texts if not re.search(r"\d|@", text) and 20 < len(text) < 200]
    planter = Planter(plain)
    rows = [
        planter.plant(kind) for kind in ANNOUNCED for _ in range(PLANTED_PHONES if kind == "phone" else PLANTED_A_KIND)
    ]
    rows += [planter.hard(case) for case in HARD for _ in range(HARD_A_CASE)]
    rows += natural(texts)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    print(f"{len(rows)} rows in {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

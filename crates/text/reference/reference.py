"""Text processing of the original design, in Python: what tamiz-text is held to."""

import html
import re
import sys
from pathlib import Path

from nltk.stem.snowball import SnowballStemmer
from nltk.tokenize import NLTKWordTokenizer
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

assert sys.version_info[:2] == (3, 11), "the reference is defined under Python 3.11"

URL = re.compile(r"https?://\S+|www\.\S+")
MENTION = re.compile(r"@\w+")
TAG = re.compile(r"<.*?>")
PUNCTUATION = re.compile(r"[^\w\s]")
SPACE = re.compile(r"\s+")

HERE = Path(__file__).parent
STOP_WORDS = {
    "en": set((HERE / "stopwords_en.txt").read_text(encoding="utf-8").split()),
    "es": set((HERE / "stopwords_es.txt").read_text(encoding="utf-8").split()),
}
STEMMERS = {"en": SnowballStemmer("english"), "es": SnowballStemmer("spanish")}

_tokenizer = NLTKWordTokenizer()
_vader = SentimentIntensityAnalyzer()


def clean(text):
    text = html.unescape(TAG.sub("", MENTION.sub("", URL.sub("", text))))
    return SPACE.sub(" ", PUNCTUATION.sub("", text)).strip().lower()


def tokenize(cleaned):
    return _tokenizer.tokenize(cleaned)


def compound(text):
    return _vader.polarity_scores(text)["compound"]


def analyse(text, language="en"):
    """One row as the golden files hold it."""
    cleaned = clean(text)
    tokens = tokenize(cleaned)
    content = [token for token in tokens if token not in STOP_WORDS[language]]
    return {
        "text": text,
        "language": language,
        "clean": cleaned,
        "tokens": tokens,
        "content": content,
        "stems": [STEMMERS[language].stem(token) for token in content],
        "compound": compound(text) if language == "en" else None,
    }

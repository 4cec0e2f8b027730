"""What two runs of the same input must have in common: every byte but what the clock decides, and so the price.

The price tells of attempts that were repeated, too, which the undisturbed run has none of.
"""

import contextlib
import json
import re

# Fields of JSON objects that tell when something was and what it costs.
OF_THE_CLOCK = {"at", "cost", "usd"}
# The mark of a measurement: so many rows in so many seconds. It covers the attempts that came to their end.
MEASUREMENT = "device_busy_seconds"
# The same in the words of the report and of a model's card.
CLOCK_IN_WORDS = re.compile(
    rb"\d+ jobs? on [^,<]*, [\d,]+ rows a second each, the device busy \d+% of the time"
    rb"|[\d.]+ US dollars.*?the report itself not counted\)\.( \d+ attempts? had to be repeated, for [^<]*\.)?"
    rb"|Decided [\d-]+ [\d:]+ UTC"
)
# Notes of how long a job was busy; one that found all its shards labelled by an attempt before it leaves none.
TIMINGS = "/timings/"
# Names that begin with the time.
TIMED_NAME = re.compile(r"(history/)[\d-]+/\d+Z-|(promotions/)\w+Z-")


def comparable(objects: dict[str, bytes]) -> dict[str, bytes]:
    """The part of each object that may not differ, by the part of its name that may not."""
    kept = {key: body for key, body in objects.items() if TIMINGS not in key}
    return {TIMED_NAME.sub(r"\1\2", key): comparable_part(key, body) for key, body in kept.items()}


def comparable_part(key: str, body: bytes) -> bytes:
    """An object's body without what the clock decides."""
    if key.endswith(".json"):
        # What rotted may be no JSON any more.
        with contextlib.suppress(ValueError):
            return json.dumps(without_clock(json.loads(body)), sort_keys=True, indent=1).encode()
    if key.endswith((".html", ".md")):
        return CLOCK_IN_WORDS.sub(b"", body)
    return body


def without_clock(value: object) -> object:
    """A JSON value without the fields of the clock."""
    if isinstance(value, dict) and MEASUREMENT in value:
        return MEASUREMENT
    if isinstance(value, dict):
        return {name: without_clock(each) for name, each in value.items() if name not in OF_THE_CLOCK}
    if isinstance(value, list):
        return [without_clock(each) for each in value]
    return value

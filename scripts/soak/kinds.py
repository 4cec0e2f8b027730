"""The kinds of faults. A seed draws one: which stage, at which of its requests, how often, how long, which byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from desk import Desk

STAGES = ("dispatcher", "etl", "inference", "monitor", "retrain")
# Those of which a machine can be taken away while they work.
ON_SPOT = ("inference", "retrain")
SLOWEST_KILL_SECONDS = 0.6
# The SDKs try a request of S3 six times: what is more is left to the retries of Batch.
REPEATS = (1, 1, 2, 3, 8)
# How a mail may say that an object is not what it was.
DAMAGE = "checksum|digest|damaged|SHA-?256|failed to read shard"


@dataclass
class Undisturbed:
    """What the draws know of the undisturbed run and retraining."""

    # Requests to S3 by role, "" for all methods: ("EtlRole", "GET") and so on.
    requests: dict[tuple[str, str], int]
    run_id: str
    inputs: list[str]
    shards: list[str]
    # Files of the model in use.
    model: list[str]


@dataclass
class Fault:
    """One fault, drawn. `stage` is the stage that it strikes first."""

    stage: str
    words: str
    # For the local AWS; a rule that holds requests waits for `strike`.
    rules: list[dict] = field(default_factory=list)
    # What is done before anything begins, and undone at the end.
    before: Callable[[Desk], object] | None = None
    after: Callable[[Desk], object] | None = None
    # What is done when a request is held: while it is, or so many seconds after it went on. Answers whether it struck.
    strike: Callable[[Desk], bool] | None = None
    pause: float = 0
    # Stages on a full disk.
    full_disk: tuple[str, ...] = ()
    # The object that it damages for good, with the short name of its bucket.
    damaged: str = ""
    # What the mail must say of the cause, where nothing can finish: a regular expression.
    cause: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of faults: `may_fail` where no program can finish."""

    draw: Callable[[random.Random, Undisturbed], Fault]
    may_fail: bool = False


def role(stage: str) -> str:
    """A part of the name of a stage's role."""
    return f"{stage.capitalize()}Role"


def at_some_request(draw: random.Random, known: Undisturbed, stage: str, method: str = "") -> dict:
    """A rule for one of the requests to S3 that a stage makes."""
    number = draw.randrange(known.requests[role(stage), method])
    return {"service": "s3", "role": role(stage), "method": method, "after": number}


def ending(stage: str, signal: str) -> Kind:
    """Ends jobs of a stage: by a signal from inside, or with the host that they run on."""

    def draw(draw: random.Random, known: Undisturbed) -> Fault:
        rule = at_some_request(draw, known, stage) | {"hold": True}
        pause = draw.choice([0, 0, draw.uniform(0, SLOWEST_KILL_SECONDS)])
        wish: dict = {"job": f"^{stage}-", "n": draw.choice([1, 1, 10])}
        if signal != "host":
            wish |= {"statusReason": None, "warn": signal == "SIGTERM"}
        words = f"{signal} of {stage} at request {rule['after']}" + (f" and {pause:.2f} s" if pause else "")
        return Fault(stage, words, [rule], strike=lambda desk: bool(desk.admin("kill", wish)), pause=pause)

    return Kind(draw)


def function_killed(draw: random.Random, known: Undisturbed) -> Fault:
    rule = at_some_request(draw, known, "dispatcher") | {"hold": True}
    words = f"SIGKILL of dispatcher at request {rule['after']}"
    return Fault("dispatcher", words, [rule], strike=lambda desk: desk.kill_function())


def s3_errors(status: int, code: str) -> Kind:
    """S3 answers with an error, perhaps more often than the SDK asks again."""

    def draw(draw: random.Random, known: Undisturbed) -> Fault:
        stage = draw.choice(STAGES)
        rule = at_some_request(draw, known, stage)
        rule |= {"status": status, "code": code, "count": draw.choice(REPEATS)}
        return Fault(stage, f"{rule['count']} times {status} {code} for {stage} from request {rule['after']}", [rule])

    return Kind(draw)


def broken(method: str, what: str) -> Kind:
    """A request or an answer of S3 that breaks off or gets lost."""

    def draw(draw: random.Random, known: Undisturbed) -> Fault:
        stage = draw.choice([each for each in STAGES if known.requests.get((role(each), method))])
        rule = at_some_request(draw, known, stage, method) | {"count": draw.choice(REPEATS[:4])}
        share = round(draw.random(), 3)
        rule |= {"lost": True} if what == "lost" else {"cut": share}
        words = f"{rule['count']} times {method} {what}" + ("" if what == "lost" else f" at {share}")
        return Fault(stage, f"{words} for {stage} from request {rule['after']}", [rule])

    return Kind(draw)


def flipped(draw: random.Random, known: Undisturbed) -> Fault:
    """An object changes on its way. S3 tells checksums of whole objects only; under a range lies no more than TLS, which is not here."""
    stage, share = draw.choice(STAGES), round(draw.random(), 3)
    rule = at_some_request(draw, known, stage, "GET") | {"flip": share, "whole": True, "count": draw.choice((1, 1, 2))}
    return Fault(stage, f"{rule['count']} times a bit at {share} for {stage} from request {rule['after']}", [rule])


def slow(draw: random.Random, known: Undisturbed) -> Fault:
    stage = draw.choice(STAGES)
    rule = at_some_request(draw, known, stage)
    rule |= {"latency_ms": draw.randrange(100, 3000), "count": draw.choice(REPEATS)}
    return Fault(
        stage, f"{rule['count']} times {rule['latency_ms']} ms for {stage} from request {rule['after']}", [rule]
    )


# Requests that are not for S3: by a stage or by the state machine itself.
SERVICES = (
    ("dispatcher", {"service": "states", "role": "DispatcherRole", "status": 400, "code": "ThrottlingException"}),
    ("dispatcher", {"service": "states", "role": "DispatcherRole", "lost": True, "target": "StartExecution"}),
    ("dispatcher", {"service": "batch", "role": "DispatcherRole", "status": 429, "code": "TooManyRequestsException"}),
    ("monitor", {"service": "batch", "role": "MonitorRole", "status": 429, "code": "TooManyRequestsException"}),
    ("monitor", {"service": "sns", "role": "MonitorRole", "status": 500, "code": "InternalError"}),
    ("monitor", {"service": "sns", "role": "MonitorRole", "status": 503, "code": "ThrottledException"}),
    ("retrain", {"service": "sns", "role": "RetrainRole", "status": 500, "code": "InternalError"}),
    ("etl", {"service": "batch", "role": "local", "path": "submitjob", "status": 429, "code": "TooManyRequestsException"}),
    ("retrain", {"service": "batch", "role": "local", "path": "submitjob", "status": 500, "code": "ServerException"}),
    ("etl", {"service": "s3", "role": "local", "path": r"\.json", "status": 503, "code": "SlowDown"}),
)  # fmt: skip


def service_error(draw: random.Random, _: Undisturbed) -> Fault:
    stage, rule = draw.choice(SERVICES)
    rule = rule | {"count": draw.choice((1, 2, 3))}
    how = "lost" if rule.get("lost") else rule["code"]
    return Fault(stage, f"{rule['count']} times {how} of {rule['service']} for {rule['role']}", [rule])


def twice(_: random.Random, __: Undisturbed) -> Fault:
    return Fault("dispatcher", "the message arrives twice", before=lambda desk: desk.admin("sqs-duplicates", {"p": 1}))


def storm(draw: random.Random, _: Undisturbed) -> Fault:
    """Anything, all the time. What it strikes is drawn by the local AWS, in the order in which requests come."""
    stage = draw.choice(("etl", "retrain"))
    wishes = [
        {"status": 503, "code": "SlowDown"}, {"status": 500}, {"cut": 0.5}, {"latency_ms": 300},
        {"lost": True, "method": "GET"},
    ]  # fmt: skip
    p = draw.choice((0.02, 0.05))
    rules = [{"service": "s3", "role": "Role", "p": p, "count": 50, **each} for each in wishes]
    return Fault(stage, f"each request to S3 fails in one of five ways with p = {p}", rules)


def full_disk(*stages: str) -> Callable[[random.Random, Undisturbed], Fault]:
    """The temporary folder of programs is on a full disk, in every attempt."""

    def draw(draw: random.Random, _: Undisturbed) -> Fault:
        stage = draw.choice(stages)
        return Fault(stage, f"full disk for {stage}", full_disk=(stage,), cause="disk|No space left")

    return draw


def rot_of_input(draw: random.Random, known: Undisturbed) -> Fault:
    key, share = draw.choice(known.inputs), round(draw.random(), 3)

    def rot(desk: Desk) -> None:
        desk.rot("input", key, share)

    return Fault("etl", f"a bit of {key} changed at {share}", before=rot, after=rot, cause=DAMAGE)


def rot_of_model(draw: random.Random, known: Undisturbed) -> Fault:
    key, share = draw.choice(known.model), round(draw.random(), 3)
    words = f"a bit of {key} changed at {share}"
    return Fault(
        "inference", words, before=lambda desk: desk.rot("models", key, share), damaged=f"models/{key}", cause=DAMAGE
    )


def early(draw: random.Random) -> float:
    """A share of a shard's bytes, most often of the first: there lie the columns that are read, behind them those of people."""
    return round(draw.random() ** 3, 3)


def rot_of_shard(draw: random.Random, known: Undisturbed) -> Fault:
    """A shard changes where it lies, or is written over, when the cleaning is done and the labelling has not begun."""
    key, share, over = draw.choice(known.shards), early(draw), draw.random() < 0.3

    def strike(desk: Desk) -> bool:
        desk.rot("staging", key, share)
        if over:
            desk.put("staging", key, desk.objects("staging")[key])
        return True

    rule = {"service": "s3", "role": "local", "method": "GET", "path": f"{known.run_id}/shards.json", "hold": True}
    words = f"a bit of {key.rpartition('/')[2]} changed at {share}" + (" and written anew" if over else "")
    return Fault("inference", words, [rule], strike=strike, damaged=f"staging/{key}", cause=DAMAGE)


def rot_of_rows(draw: random.Random, known: Undisturbed) -> Fault:
    key, share = draw.choice(known.shards), early(draw)
    words = f"a bit of {key.rpartition('/')[2]} changed at {share}"
    return Fault(
        "retrain", words, before=lambda desk: desk.rot("staging", key, share), damaged=f"staging/{key}", cause=DAMAGE
    )


KINDS: dict[str, Kind] = {
    "SIGKILL of dispatcher": Kind(function_killed),
    **{f"SIGKILL of {stage}": ending(stage, "SIGKILL") for stage in STAGES[1:]},
    **{f"SIGTERM of {stage}": ending(stage, "SIGTERM") for stage in STAGES[1:]},
    **{f"host of {stage} taken": ending(stage, "host") for stage in ON_SPOT},
    "S3 answers 500": s3_errors(500, "InternalError"),
    "S3 answers 503 SlowDown": s3_errors(503, "SlowDown"),
    "other services throttle or fail": Kind(service_error),
    "download cut in its body": broken("GET", "cut"),
    "upload cut in its body": broken("PUT", "cut"),
    "answer to an upload lost": broken("PUT", "lost"),
    "bit changed on the way": Kind(flipped),
    "slow answers": Kind(slow),
    "event delivered twice": Kind(twice),
    "all of S3's at once": Kind(storm),
    "full disk, stage that needs none": Kind(full_disk("dispatcher", "etl", "inference", "monitor")),
    "full disk, retrain": Kind(full_disk("retrain"), may_fail=True),
    "input with a wrong checksum": Kind(rot_of_input, may_fail=True),
    "model with a wrong checksum": Kind(rot_of_model, may_fail=True),
    "shard corrupted, before inference": Kind(rot_of_shard, may_fail=True),
    "shard corrupted, before retrain": Kind(rot_of_rows, may_fail=True),
}

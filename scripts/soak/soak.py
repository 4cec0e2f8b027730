"""Disturbs runs and retrainings, one fault each, and compares what comes out with what came out undisturbed.

soak.py STATE --faults N --seed S [--only KIND] [--evidence FOLDER]      # STATE is the folder of a local AWS that has stack and model
"""

import argparse
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from desk import Desk
from kinds import KINDS, STAGES, Fault, Undisturbed, role
from scenes import Labelling, Retraining, Scene, upload
from trial import Seen, differences, faults_found, watch

UPLOADS = Path(__file__).parents[2] / "tests/data/uploads"
# A draw may miss: a job that has ended before the signal comes cannot be killed. Then the same seed draws again.
DRAWS = 6
MOST_TOLD = 4


@dataclass
class Trial:
    """A fault and what came of it."""

    seed: int
    kind: str
    status: str
    wrong: list[str]
    attempts_more: int
    parts_done_again: int
    is_mailed_twice: bool


class Soak:
    """The two scenes, and what they are like undisturbed."""

    def __init__(self, desk: Desk) -> None:
        event = upload(desk, sorted(UPLOADS.iterdir()))
        model = desk.objects("models")
        before = {"staging": {}, "results": {}, "models": model}
        self.labelling = Labelling(desk, before, event)
        run, counts = self._undisturbed(self.labelling)
        after = {bucket: desk.objects(bucket) for bucket in before}
        self.retraining = Retraining(desk, after)
        training, more = self._undisturbed(self.retraining)
        self.seen = {self.labelling: run, self.retraining: training}
        shards = [key for key in after["staging"] if "/shards/" in key]
        version = json.loads(model["reviews/latest.json"])["version"]
        self.known = Undisturbed(
            requests=counts | more,
            run_id=run.executions[0]["name"],
            inputs=[record["s3"]["object"]["key"] for record in json.loads(event)["Records"]],
            shards=shards,
            model=[key for key in model if f"/{version}/" in key],
        )

    def _undisturbed(self, scene: Scene) -> tuple[Seen, dict[tuple[str, str], int]]:
        """A scene twice, once to count its requests and once to see that the clock alone makes a difference."""
        rules = [
            {"service": "s3", "role": role(stage), "method": method, "count": 1_000_000}
            for stage in scene.stages
            for method in ("GET", "PUT", "")
        ]
        first, second = watch(scene, Fault("", "nothing", rules)), watch(scene, Fault("", "nothing"))
        for seen in (first, second):
            if seen.status != "SUCCEEDED":
                sys.exit(f"undisturbed, it ended {seen.status}: {[mail['message'] for mail in seen.mails]}")
        if wrong := differences(second.outputs, first.outputs):
            sys.exit("two undisturbed times differ: " + "; ".join(wrong))
        counts: dict[tuple[str, str], int] = {}
        for rule in first.rules:
            for method in {rule["method"], ""}:
                counts[rule["role"], method] = counts.get((rule["role"], method), 0) + rule["hits"]
        return first, counts

    def disturb(self, seed: int, kind: str, evidence: Path) -> Trial | None:
        """One fault; None where no draw of the seed struck anything."""
        draw = random.Random(seed)
        for _ in range(DRAWS):
            fault = KINDS[kind].draw(draw, self.known)
            scene = self.retraining if fault.stage == "retrain" else self.labelling
            seen = watch(scene, fault)
            if seen.struck:
                break
        else:
            return None
        undisturbed = self.seen[scene]
        wrong = faults_found(scene, fault, seen, undisturbed, KINDS[kind].may_fail)
        more = len(seen.logs) - len(undisturbed.logs)
        say(f"{seed:6}  {kind}: {fault.words}: {seen.status}, {seen.seconds:.0f} s, attempts {more:+}")
        for each in shortened(wrong):
            say(f"        WRONG: {each}")
        if wrong:
            keep(evidence / str(seed), kind, fault, seen, undisturbed, wrong)
        return Trial(seed, kind, seen.status, wrong, max(0, more), seen.parts_done_again, seen.is_mailed_twice)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def shortened(wrong: list[str]) -> list[str]:
    """What is wrong, as far as one wants to read it; the evidence has all of it."""
    more = len(wrong) - MOST_TOLD
    return wrong[:MOST_TOLD] + ([f"and {more} more"] if more > 0 else [])


def keep(folder: Path, kind: str, fault: Fault, seen: Seen, undisturbed: Seen, wrong: list[str]) -> None:
    """Keeps what tells how it came to that: logs, mails, and objects that differ."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, log in seen.logs.items():
        (folder / name).write_text(log)
    for name, outputs in (("found", seen.outputs), ("wanted", undisturbed.outputs)):
        for key, body in outputs.items():
            if seen.outputs.get(key) != undisturbed.outputs.get(key):
                file = folder / name / key
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(body)
    told = {"kind": kind, "fault": fault.words, "wrong": wrong, "rules": seen.rules, "mails": seen.mails}
    told["executions"] = [each["name"] + " " + each["status"] for each in seen.executions]
    (folder / "trial.json").write_text(json.dumps(told, indent=1) + "\n")


def table(trials: list[Trial]) -> list[str]:
    """The trials by kind, as Markdown."""
    lines = [
        "| fault | faults | finished, identical | failed, one mail | wrong | attempts more | finished shards done again | same mail twice |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    groups = [(kind, [each for each in trials if each.kind == kind]) for kind in KINDS]
    for name, group in [*groups, ("**all**", trials)]:
        if group:
            good = [each for each in group if not each.wrong]
            finished = sum(each.status == "SUCCEEDED" for each in good)
            figures = [len(group), finished, len(good) - finished, len(group) - len(good)]
            figures += [sum(each.attempts_more for each in group), sum(each.parts_done_again for each in group)]
            figures.append(sum(each.is_mailed_twice for each in group))
            lines.append(f"| {name} | " + " | ".join(map(str, figures)) + " |")
    return lines


def main() -> int:
    """Prints the table; answers 1 where something was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--faults", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--evidence", type=Path, required=True)
    asked = parser.parse_args()
    soak = Soak(Desk(asked.state))
    requests = {stage: soak.known.requests[role(stage), ""] for stage in STAGES}
    say(f"undisturbed, requests to S3: {requests}")
    trials: list[Trial] = []
    kinds, seed = list(KINDS), asked.seed
    while len(trials) < asked.faults:
        kind = asked.only or kinds[seed % len(kinds)]
        if trial := soak.disturb(seed, kind, asked.evidence):
            trials.append(trial)
        elif asked.faults == 1:
            sys.exit(f"seed {seed} strikes nothing")
        seed += 1
    print("\n".join(table(trials)))
    wrong = [trial for trial in trials if trial.wrong]
    only = f" --only '{asked.only}'" if asked.only else ""
    for trial in wrong:
        print(f"\nseed {trial.seed}, {trial.kind}: {'; '.join(shortened(trial.wrong))}")
        print(f"again: scripts/soak.sh --seed {trial.seed} --faults 1{only}; evidence: {asked.evidence}/{trial.seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

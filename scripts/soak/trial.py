"""One fault: what happened, and whether that is as it should be."""

import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field

from desk import Desk, Objects
from kinds import Fault
from scenes import Scene

# Far beyond what any fault here costs; a bound, not a measurement.
PATIENCE_SECONDS = 240
TICK_SECONDS = 0.05
STAGE_TOLD = re.compile(r"\b(dispatcher|etl|inference|monitor|retrain)", re.IGNORECASE)
# What mails say where they know no more than that something failed, or where the state machine itself has to write them.
NO_CAUSE = re.compile(r"The stage failed outside of its job|No report could be")


@dataclass
class Seen:
    """What came of a scene."""

    executions: list[dict]
    mails: list[dict]
    outputs: Objects
    # Output of every attempt of a job, by the name of its file.
    logs: dict[str, str]
    # Rules of the local AWS, with the number of requests that they struck.
    rules: list[dict] = field(default_factory=list)
    struck: bool = True
    is_over: bool = True
    seconds: float = 0

    @property
    def status(self) -> str:
        """How the execution ended."""
        return self.executions[0]["status"] if self.executions else "never started"

    @property
    def is_mailed_twice(self) -> bool:
        """Whether the same mail went out twice."""
        return len(self.mails) == 2 and len({(mail["subject"], mail["message"]) for mail in self.mails}) == 1

    @property
    def parts_done_again(self) -> int:
        """Labelled shards that were written and then labelled again."""
        lines = (line for log in self.logs.values() for line in log.splitlines() if '"part written"' in line)
        written = Counter(json.loads(line)["shard"] for line in lines)
        return written.total() - len(written)


def watch(scene: Scene, fault: Fault) -> Seen:
    """Plays a scene under a fault."""
    desk = scene.desk
    scene.prepare()
    told, ran, begun = len(desk.admin("mail")), desk.log_names(), time.monotonic()
    flags = fill_disks(desk, fault)
    if fault.before:
        fault.before(desk)
    rules, struck = desk.admin("faults", fault.rules), fault.strike is None
    scene.begin()
    try:
        while not (is_over := scene.is_over()) and time.monotonic() - begun < PATIENCE_SECONDS:
            if fault.strike and not struck and rules[0]["hits"] == 0:
                rules = desk.admin("faults")
                struck = rules[0]["hits"] > 0 and strike(desk, fault)
            scene.nudge()
            time.sleep(TICK_SECONDS)
    finally:
        rules = rules if fault.strike else desk.admin("faults")
        desk.admin("faults", [])
        for flag in flags:
            flag.unlink()
        if fault.after:
            fault.after(desk)
    return Seen(
        executions=desk.executions(),
        mails=desk.admin("mail")[told:],
        outputs=scene.outputs(),
        logs={name: desk.log(name) for name in desk.log_names() - ran},
        rules=rules,
        struck=struck and (not rules or any(rule["hits"] for rule in rules)),
        is_over=is_over,
        seconds=time.monotonic() - begun,
    )


def strike(desk: Desk, fault: Fault) -> bool:
    """Does what a fault does while a request is held, or after it went on."""
    if fault.pause:
        desk.admin("faults", [])
        time.sleep(fault.pause)
    struck = fault.strike(desk)
    desk.admin("faults", [])
    return struck


def fill_disks(desk: Desk, fault: Fault) -> list:
    """Tells launch.sh whose disk is full."""
    folder = desk.state / "soak" / "full-disk"
    folder.mkdir(parents=True, exist_ok=True)
    (desk.state / "soak" / "disk").mkdir(exist_ok=True)
    flags = [folder / f"tamiz-{stage}" for stage in fault.full_disk]
    for flag in flags:
        flag.touch()
    return flags


def faults_found(scene: Scene, fault: Fault, seen: Seen, undisturbed: Seen, may_fail: bool) -> list[str]:
    """What is wrong with how a disturbed scene ended; nothing, where all is well."""
    if not seen.is_over:
        return [f"not over after {PATIENCE_SECONDS} s"]
    wrong = []
    if len(seen.executions) != 1:
        wrong.append(f"{len(seen.executions)} executions")
    subjects = [mail["subject"] for mail in seen.mails]
    # Who is killed between the mail and the mark that it went out mails again: better twice than never.
    if len(subjects) != 1 and not (fault.strike and seen.is_mailed_twice):
        wrong.append(f"{len(subjects)} mails: {subjects}")
    if seen.status == "SUCCEEDED":
        if subjects[:1] != [mail["subject"] for mail in undisturbed.mails]:
            wrong.append(f"another mail: {subjects}")
        return wrong + differences(seen.outputs, undisturbed.outputs, fault.damaged)
    if not may_fail:
        wrong.append(f"ended {seen.status}")
    return wrong + [
        f"the mail does not tell {what}" for mail in seen.mails for what in untold(mail, scene, fault.cause)
    ]


def differences(found: Objects, wanted: Objects, damaged: str = "") -> list[str]:
    """Objects that are not as they were in the undisturbed run, but for the one that the fault itself has damaged."""
    missing = [f"{key} is missing" for key in sorted(wanted.keys() - found.keys())]
    more = [f"{key} is too much" for key in sorted(found.keys() - wanted.keys())]
    shared = sorted((wanted.keys() & found.keys()) - {damaged})
    return missing + more + [f"{key} differs" for key in shared if wanted[key] != found[key]]


def untold(mail: dict, scene: Scene, cause: str) -> list[str]:
    """What a mail of a failure should tell and does not."""
    text = mail["message"]
    told = {
        what: re.search(pattern, f"{mail['subject']}\n{text}", re.MULTILINE) for what, pattern in scene.told.items()
    }
    told |= {
        "the stage": STAGE_TOLD.search(text),
        "the cause": re.search(cause, text, re.IGNORECASE) and not NO_CAUSE.search(text),
    }
    return [what for what, is_told in told.items() if not is_told]

"""Stands for the image of a stage on the local AWS: writes what the scenario says and ends as it says.

Usage: stand_in.py STAGE FOLDER. The folder's `scenario.json` maps a stage to `exits` (one code for each call, the last
repeated; or a code for each array index) and `commits` (what its objects hold, by name). Every call is noted in
`calls.jsonl`. The stages themselves are tested elsewhere: here only the machine around them is.
"""

import json
import os
import sys
from pathlib import Path

import boto3

# The variable with the URI that a stage's objects go under.
OUTPUTS = {"etl": "TAMIZ_OUTPUT", "monitor": "TAMIZ_RESULTS"}


def main(stage: str, folder: Path) -> int:
    """Plays a stage once; answers its exit code."""
    plan = json.loads((folder / "scenario.json").read_text()).get(stage, {})
    code = exit_code(plan.get("exits", [0]), note(stage, folder))
    for name, content in plan.get("commits", {}).items() if code == 0 else []:
        bucket, _, prefix = os.environ[OUTPUTS[stage]].removeprefix("s3://").partition("/")
        body = content if isinstance(content, str) else json.dumps(content)
        boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=body.encode())
    return code


def note(stage: str, folder: Path) -> int:
    """Notes this call and answers how many there were before it."""
    environment = {key: value for key, value in os.environ.items() if key.startswith(("TAMIZ_", "AWS_BATCH_"))}
    calls = folder / "calls.jsonl"
    before = sum(json.loads(line)["stage"] == stage for line in calls.read_text().splitlines())
    with calls.open("a") as log:
        log.write(json.dumps({"stage": stage, "environment": environment}) + "\n")
    return before


def exit_code(exits: list[int] | dict[str, int], before: int) -> int:
    """The code that the scenario has for this call, or for this child of an array."""
    if isinstance(exits, dict):
        return exits.get(os.environ["AWS_BATCH_JOB_ARRAY_INDEX"], 0)
    return exits[min(before, len(exits) - 1)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))

"""Waits until everything uploaded has gone through, with a line a stage; prints the ids of the runs on stdout.

watch.py PROJECT NUM_FILES [SECONDS]      # endpoint and credentials from the environment
"""

import json
import sys
import time

import boto3

RUNNING = "RUNNING"


class Pipeline:
    """The deployed stack, as far as watching it goes."""

    def __init__(self, project: str) -> None:
        stack = boto3.client("cloudformation").describe_stacks(StackName=project)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self._machine = outputs["StateMachineArn"]
        self._staging = outputs["StagingBucket"]
        self._states = boto3.client("stepfunctions")
        self._s3 = boto3.client("s3")

    def claimed(self) -> int:
        """Number of uploads that belong to a run."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._staging, Prefix="claims/")
        return sum(page["KeyCount"] for page in pages)

    def executions(self) -> dict[str, tuple[str, str]]:
        """ARN and status of every execution, by run id."""
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self._machine)
        return {e["name"]: (e["executionArn"], e["status"]) for page in pages for e in page["executions"]}

    def entered(self, arn: str) -> list[str]:
        """States that an execution has entered, in order."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = (event for page in pages for event in page["events"])
        return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]


def watch(pipeline: Pipeline, num_files: int, patience: float) -> dict[str, str]:
    """Prints each state as it is entered; answers the status of every run."""
    started, shown = time.monotonic(), {}
    while time.monotonic() - started < patience:
        executions = pipeline.executions()
        for run, (arn, _) in executions.items():
            states = pipeline.entered(arn)
            for state in states[shown.get(run, 0) :]:
                print(f"  {time.monotonic() - started:5.1f} s  run {run[:8]}  {state}", file=sys.stderr)
            shown[run] = len(states)
        statuses = {run: status for run, (_, status) in executions.items()}
        if pipeline.claimed() >= num_files and RUNNING not in statuses.values():
            return statuses
        time.sleep(0.3)
    sys.exit(f"not through after {patience:.0f} s: {json.dumps(statuses)}")


def main() -> None:
    project, num_files = sys.argv[1], int(sys.argv[2])
    patience = float(sys.argv[3]) if len(sys.argv) > 3 else 300.0
    statuses = watch(Pipeline(project), num_files, patience)
    for run, status in statuses.items():
        print(f"  run {run[:8]}  {status}", file=sys.stderr)
        print(run)


if __name__ == "__main__":
    main()

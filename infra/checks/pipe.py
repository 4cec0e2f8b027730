"""The real programs in the deployed stack: uploads become predictions, a model is retrained, and a run fails."""

import ast
import gzip
import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

from desk import ACCOUNT, Desk

MODEL = "reviews"
PATIENCE_SECONDS = 180


class Pipe(Desk):
    """A local AWS that has the stack and runs the programs of target/release, or of the folder that TAMIZ_BIN names."""

    def __init__(self, root: Path, folder: Path, images: dict[str, list[str]] | None = None) -> None:
        self._root, self._folder = root, folder
        self._programs = Path(os.environ.get("TAMIZ_BIN", root / "target/release"))
        self._start(images or {}, "--bin", self._programs, "--batching-window", "1")

    def train(self) -> None:
        """Registers a model that this machine trains."""
        models = self._folder / "models"
        rows = self._root / "tests/data/train/reviews.csv.gz"
        command = [self._programs / "tamiz", "train", rows, "--models", models, "--name", MODEL]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        for file in sorted(path for path in models.rglob("*") if path.is_file()):
            self.put("models", str(file.relative_to(models)), file.read_bytes())

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Writes an object as a person."""
        self.client("s3").put_object(Bucket=f"tamiz-{bucket}-{ACCOUNT}", Key=key, Body=body, ChecksumAlgorithm="SHA256")

    def upload(self, name: str, body: bytes) -> str:
        """Uploads a file, waits for its run, and answers how that ended."""
        before = self.ended()
        self.put("input", f"incoming/{name}", body)
        return self.next_end(before, name)

    def retrain(self) -> str:
        """Retrains alone, and answers how that ended."""
        before = self.ended()
        machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tamiz-pipeline"
        self.client("stepfunctions").start_execution(stateMachineArn=machine, input=json.dumps({"retrain_only": True}))
        return self.next_end(before, "the retraining")

    def upload_unheard(self, objects: dict[str, bytes]) -> None:
        """Uploads of which no event tells, as while somebody has changed the bucket's notification."""
        s3, bucket = self.client("s3"), {"Bucket": f"tamiz-input-{ACCOUNT}"}
        told = s3.get_bucket_notification_configuration(**bucket)
        s3.put_bucket_notification_configuration(**bucket, NotificationConfiguration={})
        for name, body in objects.items():
            self.put("input", f"incoming/{name}", body)
        s3.put_bucket_notification_configuration(
            **bucket, NotificationConfiguration={"QueueConfigurations": told["QueueConfigurations"]}
        )

    def reconcile(self) -> dict:
        """Compares uploads with runs as the schedule does, and answers what was found."""
        function = self.client("lambda")
        named = {"FunctionName": "tamiz-reconciler"}
        variables = function.get_function_configuration(**named)["Environment"]["Variables"]
        # What was uploaded a second ago is missed at once.
        variables |= {"TAMIZ_OLDER_THAN": "0s"}
        function.update_function_configuration(**named, Environment={"Variables": variables})
        answer = function.invoke(**named, Payload=b"{}")
        found = json.load(answer["Payload"])
        assert "FunctionError" not in answer, found
        return found

    def next_end(self, before: dict[str, str], what: str) -> str:
        """How the next execution ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (fresh := self.ended().items() - before.items()):
            assert time.monotonic() < deadline, f"{what} has not ended"
            time.sleep(0.1)
        return next(iter(fresh))[1]

    def ended(self) -> dict[str, str]:
        """How each execution ended."""
        machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tamiz-pipeline"
        executions = self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
        return {each["name"]: each["status"] for each in executions if each["status"] != "RUNNING"}

    def calls(self) -> list[dict]:
        """What the roles have called."""
        with urllib.request.urlopen(self.endpoint + "/_local/calls") as answer:
            return json.load(answer)

    def statements(self, role: str) -> list[dict]:
        """What a role allows, by its logical name, as it was deployed."""
        iam = self.client("iam")
        [name] = [each["RoleName"] for each in iam.list_roles(MaxItems=1000)["Roles"] if role in each["RoleName"]]
        found = []
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            # moto keeps what CloudFormation gives it as Python writes it.
            found += (ast.literal_eval(document) if isinstance(document, str) else document)["Statement"]
        return found

    def keys(self, bucket: str, part: str) -> list[str]:
        """Keys that hold a text."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=f"tamiz-{bucket}-{ACCOUNT}")
        return [each["Key"] for page in pages for each in page.get("Contents", []) if part in each["Key"]]


def exercise(pipe: Pipe) -> None:
    """What stages do: runs, an upload seen before, a refused event, a forgotten one, retrainings, each way to fail."""
    # There is nothing yet to train on.
    assert pipe.retrain() == "FAILED"
    assert [key.partition("/errors/")[2] for key in pipe.keys("staging", "retrainings/")] == ["retrain-00000.json"]
    [mail] = pipe.mails()
    assert mail["subject"].startswith(f"[tamiz] FAILED retraining of {MODEL}: ")
    assert "scripts/retrain.sh --project tamiz" in mail["message"]
    pipe.train()
    rows = gzip.decompress((pipe._root / "tests/data/train/reviews.csv.gz").read_bytes())
    assert pipe.upload("reviews.csv", rows) == "SUCCEEDED"
    pipe.put("input", "incoming/reviews.csv", rows)
    pipe.wait(lambda: pipe.keys("staging", "/repeats/"), "the same upload again")
    queue = pipe.client("sqs").get_queue_url(QueueName="tamiz-uploads")["QueueUrl"]
    pipe.client("sqs").send_message(QueueUrl=queue, MessageBody="no event")
    pipe.wait(lambda: pipe.keys("staging", "refused/"), "a refusal")
    half = rows[: len(rows) // 2].rpartition(b"\n")[0]
    forget(pipe, half)
    assert pipe.retrain() == "SUCCEEDED"
    # No record of a file that is none of ours can be used.
    assert pipe.upload("invoice.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40) == "FAILED"
    # No model at all; then a pointer to a version that is not there.
    pipe.client("s3").delete_object(Bucket=f"tamiz-models-{ACCOUNT}", Key=f"{MODEL}/latest.json")
    assert pipe.upload("half.csv", half) == "FAILED"
    pipe.put("models", f"{MODEL}/latest.json", json.dumps({"version": "0" * 12, "digest": "0" * 64}).encode())
    assert pipe.upload("again.csv", half) == "FAILED"


def forget(pipe: Pipe, rows: bytes) -> None:
    """Two uploads of which nobody heard, one under a name that no stage can read, and a run whose mark is lost."""
    mark = pipe.keys("staging", "/started.json")[0]
    pipe.client("s3").delete_object(Bucket=f"tamiz-staging-{ACCOUNT}", Key=mark)
    pipe.upload_unheard({"forgotten.csv": rows, "un\tnamed.csv": rows})
    before = pipe.ended()
    found = pipe.reconcile()
    assert {kind: found[kind]["count"] for kind in ("unannounced", "unstarted", "refused")} == {
        "unannounced": 1,
        "unstarted": 0,
        "refused": 1,
    }
    assert pipe.next_end(before, "the forgotten upload") == "SUCCEEDED"
    assert pipe.keys("staging", mark)
    assert [mail for mail in pipe.mails() if "RECONCILED" in mail["subject"]]
    assert pipe.reconcile()["uploads"] == found["uploads"]

"""Uploads many small files at once, waits until the pipeline has come to rest, and counts what became of them.

many_files.py REVIEWS.csv FILES --state FOLDER --peaks FOLDER

REVIEWS.csv has the columns label and text. The state is the local AWS's, which knows its dispatcher; peak.py writes the peaks of the jobs.

Speaks to the local AWS that the environment names. Ends with 1 where a review was lost or labelled twice.
"""

import argparse
import csv
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tamiz-pipeline"
REVIEWS_A_FILE = 5
UPLOADS_AT_ONCE = 8
PAUSE_SECONDS = 5
# As the kernel has it: 15 characters.
DISPATCHER = "tamiz-dispatche"


def client(service: str):
    return boto3.client(service, config=Config(max_pool_connections=2 * UPLOADS_AT_ONCE))


def bucket(name: str) -> str:
    return f"tamiz-{name}-{ACCOUNT}"


def files(reviews: list[str], count: int) -> Iterator[tuple[str, bytes]]:
    """Small files without labels; a number makes each of their reviews a text that no other has."""
    for number in range(count):
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(["text"])
        for row in range(REVIEWS_A_FILE):
            serial = number * REVIEWS_A_FILE + row
            writer.writerow([f"{reviews[serial % len(reviews)]} ({serial})"])
        yield f"incoming/{number // 1000:03}/{number:06}.csv", rows.getvalue().encode()


def upload(reviews: list[str], count: int) -> float:
    """Uploads the files; answers how long it took."""
    s3, begin = client("s3"), time.monotonic()
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as uploads:
        put = [
            uploads.submit(s3.put_object, Bucket=bucket("input"), Key=key, Body=body)
            for key, body in files(reviews, count)
        ]
        for each in put:
            each.result()
    return time.monotonic() - begin


def waiting(queue: str) -> int:
    """Messages that wait in a queue or are in work."""
    sqs = client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def executions() -> list[dict]:
    pages = client("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=MACHINE)
    return [each for page in pages for each in page["executions"]]


def rest(total: int) -> float:
    """Waits until no message waits and no execution is under way; answers how long that took."""
    begin = time.monotonic()
    while True:
        left, runs = waiting("tamiz-uploads"), Counter(each["status"] for each in executions())
        if not left and not runs["RUNNING"] and runs:
            return time.monotonic() - begin
        print(
            f"  {time.monotonic() - begin:5.0f} s: {left} of {total} events wait; runs: {dict(runs)}",
            file=sys.stderr,
            flush=True,
        )
        time.sleep(PAUSE_SECONDS)


def objects(name: str, suffix: str) -> Iterator[tuple[str, dict]]:
    """The JSON objects of runs that end so."""
    s3 = client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket(name), Prefix="runs/"):
        for key in (each["Key"] for each in page.get("Contents", [])):
            if key.endswith(suffix):
                yield key, json.loads(s3.get_object(Bucket=bucket(name), Key=key)["Body"].read())


def lost(count: int) -> list[str]:
    """What is wrong, in words: uploads that are in no run or in two, reviews that were not labelled, runs that failed, letters left."""
    owners = Counter(
        each["key"] for _, manifest in objects("staging", "/manifest.json") for each in manifest["objects"]
    )
    wrong = [f"{key} is in {owners[key]} runs" for key, _ in files(["x"], count) if owners[key] != 1]
    summaries = [summary for _, summary in objects("results", "/summary.json")]
    counts = sum((Counter(summary["counts"]) for summary in summaries), Counter())
    if counts["ok"] != count * REVIEWS_A_FILE or counts["input"] != counts["ok"]:
        wrong.append(f"of {count * REVIEWS_A_FILE} reviews: {dict(counts)}")
    wrong += [f"run {each['name']} {each['status']}" for each in executions() if each["status"] != "SUCCEEDED"]
    if letters := waiting("tamiz-uploads-dead-letters"):
        wrong.append(f"{letters} messages were given up")
    return wrong


def dispatcher_peak(state: Path) -> list[int]:
    """Peak memory in kilobytes of the dispatcher, which is no job but a function that stays."""
    status = (Path("/proc", child.name, "status") for child in (state / "children").iterdir())
    told = [dict(line.split(":", 1) for line in file.read_text().splitlines()) for file in status if file.exists()]
    return [int(each["VmHWM"].split()[0]) for each in told if each["Name"].strip() == DISPATCHER]


def peaks(folder: Path, state: Path) -> list[str]:
    """How often each program ran, and its memory."""
    (folder / "tamiz-dispatcher").write_text("".join(f"{peak}\n" for peak in dispatcher_peak(state)))
    lines = ["| program | processes | median peak MB | highest peak MB |", "|---|---:|---:|---:|"]
    for file in sorted(folder.iterdir()):
        megabytes = sorted(int(line) / 1000 for line in file.read_text().split())
        if not megabytes:
            continue
        lines.append(f"| {file.name} | {len(megabytes)} | {megabytes[len(megabytes) // 2]:.0f} | {megabytes[-1]:.0f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("reviews", type=Path)
    parser.add_argument("files", type=int)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--peaks", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.reviews.open(newline="") as lines:
        reviews = [row["text"] for row in csv.DictReader(lines)]
    uploaded = upload(reviews, arguments.files)
    rested = rest(arguments.files)
    wrong = lost(arguments.files)
    runs = len(executions())
    print(
        f"\n{arguments.files} files of {REVIEWS_A_FILE} reviews, uploaded within {uploaded:.0f} s: "
        f"{runs} runs, at rest {rested:.0f} s later, {'nothing lost' if not wrong else 'WRONG'}.\n"
    )
    print("\n".join(peaks(arguments.peaks, arguments.state)))
    for each in wrong[:20]:
        print(f"WRONG: {each}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

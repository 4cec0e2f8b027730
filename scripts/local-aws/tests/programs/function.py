"""A Lambda function that speaks the Runtime API: what it does with a message is written in the message's body.

It writes every body that it sees into `<folder>/seen` and the bodies of a batch into a line of `<folder>/batches`. It
fails messages that are `fail`, answers nonsense to `nonsense`, reports an error to `error`, and exits on `exit`.
"""

import json
import os
import sys
import urllib.request
from pathlib import Path

API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def post(path: str, body: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{API}/{path}", data=body.encode())).read()


def main() -> None:
    folder = Path(sys.argv[1])
    print(f"function starts: {os.environ.get('GREETING', 'no greeting')}", flush=True)
    while True:
        with urllib.request.urlopen(f"{API}/next") as answer:
            request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
        records = event.get("Records", [])
        with (folder / "seen").open("a") as file:
            file.writelines(f"{record['body']}\n" for record in records)
        bodies = [record["body"] for record in records]
        with (folder / "batches").open("a") as file:
            file.write(" ".join(bodies) + "\n")
        if "exit" in bodies:
            sys.exit(7)
        if "error" in bodies:
            post(f"{request}/error", json.dumps({"errorType": "Asked", "errorMessage": "as asked"}))
            continue
        failures = [{"itemIdentifier": record["messageId"]} for record in records if record["body"] == "fail"]
        if "nonsense" in bodies:
            failures = [{"itemIdentifier": ""}]
        post(f"{request}/response", json.dumps({"batchItemFailures": failures, "echo": event.get("echo")}))


main()

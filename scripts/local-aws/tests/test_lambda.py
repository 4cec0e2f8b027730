"""Lambda: a function from an image, and AWS's rules for the messages that a mapping gives it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import LocalAws, service_role, unique, until

Mapping = Callable[..., str]


@pytest.fixture
def function(aws: LocalAws) -> str:
    return function_of(aws)


def function_of(aws: LocalAws, image: str = "function:1", **variables: str) -> str:
    """The name of a new function with an environment."""
    name = unique("function")
    aws.client("lambda").create_function(
        FunctionName=name,
        PackageType="Image",
        Code={"ImageUri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/tests/{image}"},
        Role=service_role(aws),
        Timeout=10,
        Environment={"Variables": variables},
    )
    return name


@pytest.fixture
def mapping(aws: LocalAws, function: str) -> Iterator[Mapping]:
    """Makes mappings to the function, each from a new queue of which it answers the URL."""
    made = []

    def make(*bodies: str, **more: Any) -> str:
        sqs, url = aws.client("sqs"), aws.queue(VisibilityTimeout="600")
        for body in bodies:
            sqs.send_message(QueueUrl=url, MessageBody=body)
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        more = {"FunctionResponseTypes": ["ReportBatchItemFailures"]} | more
        created = aws.client("lambda").create_event_source_mapping(FunctionName=function, EventSourceArn=arn, **more)
        made.append(created["UUID"])
        return url

    yield make
    for uuid in made:
        aws.client("lambda").delete_event_source_mapping(UUID=uuid)


def seen(aws: LocalAws) -> Counter[str]:
    """How often the function has seen each body."""
    file = aws.folder / "seen"
    return Counter(file.read_text().splitlines()) if file.exists() else Counter()


def left(aws: LocalAws, url: str) -> int:
    """How many messages a queue holds, in flight or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def test_function_answers_an_event(aws: LocalAws, function: str):
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"echo": [1, "å"]}))
    assert json.load(answer["Payload"])["echo"] == [1, "å"]
    assert "FunctionError" not in answer


def test_image_is_found_by_its_digest_too(aws: LocalAws):
    function = function_of(aws, image=f"function@sha256:{'0' * 64}")
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"echo": "here"}))
    assert json.load(answer["Payload"])["echo"] == "here"


def test_error_of_a_function_is_told(aws: LocalAws, function: str):
    event = json.dumps({"Records": [{"body": "error", "messageId": "1"}]})
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=event)
    assert answer["FunctionError"]
    assert json.load(answer["Payload"])["errorMessage"] == "as asked"


def test_function_that_exits_is_started_again(aws: LocalAws, function: str):
    client = aws.client("lambda")
    event = json.dumps({"Records": [{"body": "exit", "messageId": "1"}]})
    crash = client.invoke(FunctionName=function, Payload=event)
    assert json.load(crash["Payload"])["errorType"] == "Runtime.ExitError"
    again = client.invoke(FunctionName=function, Payload=json.dumps({"echo": "back"}))
    assert json.load(again["Payload"])["echo"] == "back"


def test_changed_environment_reaches_the_function(aws: LocalAws, function: str):
    client = aws.client("lambda")
    client.invoke(FunctionName=function, Payload="{}")
    client.update_function_configuration(FunctionName=function, Environment={"Variables": {"GREETING": "hello"}})
    client.invoke(FunctionName=function, Payload="{}")
    log = (aws.state / "lambda" / f"{function}.log").read_text()
    assert log == "function starts: no greeting\nfunction starts: hello\n"


def test_functions_of_one_image_have_a_process_each(aws: LocalAws, function: str):
    other = function_of(aws, GREETING="another")
    for name in (function, other, function, other):
        aws.client("lambda").invoke(FunctionName=name, Payload="{}")
    logs = [(aws.state / "lambda" / f"{name}.log").read_text() for name in (function, other)]
    assert logs == ["function starts: no greeting\n", "function starts: another\n"]


def test_log_of_a_function_reaches_its_group(aws: LocalAws, function: str):
    aws.client("lambda").invoke(FunctionName=function, Payload="{}")
    events = aws.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    assert [event["message"] for event in events] == ["function starts: no greeting"]


def test_batch_gathers_what_comes_within_the_window(aws: LocalAws, mapping: Mapping):
    bodies = [unique("body") for _ in range(25)]
    url = mapping(*bodies, BatchSize=100, MaximumBatchingWindowInSeconds=1)
    until(lambda: left(aws, url) == 0, "all messages are deleted")
    assert [seen(aws)[body] for body in bodies] == [1] * 25
    batches = [set(batch.split()) for batch in (aws.folder / "batches").read_text().splitlines()]
    assert set(bodies) in batches


def test_only_messages_that_are_no_failures_are_deleted(aws: LocalAws, mapping: Mapping):
    good = unique("good")
    url = mapping(good, "fail")
    until(lambda: left(aws, url) == 1, "the good message is deleted")
    failures = seen(aws)["fail"]
    # The other comes back when its visibility ends, and only then.
    assert aws.admin("sqs-expire", {"queue": url.rsplit("/", 1)[-1]}) == {"messages": 1}
    until(lambda: seen(aws)["fail"] == failures + 1, "the failed message is delivered again")
    assert (seen(aws)[good], left(aws, url)) == (1, 1)


@pytest.mark.parametrize("trouble", ["error", "nonsense", "exit"])
def test_batch_that_fails_as_a_whole_keeps_all_its_messages(aws: LocalAws, mapping: Mapping, trouble: str):
    good, before = unique("good"), seen(aws)[trouble]
    url = mapping(good, trouble)
    until(lambda: seen(aws)[trouble] == before + 1 and seen(aws)[good] == 1, "the batch is delivered")
    name = url.rsplit("/", 1)[-1]
    until(lambda: aws.admin("sqs-expire", {"queue": name})["messages"] == 2, "both messages are in flight")
    until(lambda: seen(aws)[good] == 2, "the good message is delivered again")
    assert left(aws, url) == 2


def test_failures_are_ignored_where_the_mapping_does_not_ask_for_them(aws: LocalAws, mapping: Mapping):
    url = mapping("fail", FunctionResponseTypes=[])
    until(lambda: left(aws, url) == 0, "the message is deleted")


def test_message_that_sqs_delivers_twice_is_seen_twice(aws: LocalAws, mapping: Mapping):
    body, url = unique("body"), mapping()
    aws.admin("sqs-duplicates", {"p": 1.0})
    aws.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    aws.admin("sqs-duplicates", {"p": 0.0})
    until(lambda: left(aws, url) == 0, "both are deleted")
    assert seen(aws)[body] == 2

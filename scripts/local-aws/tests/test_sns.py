"""SNS: the mailbox, and what AWS refuses."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from conftest import LocalAws, unique


@pytest.fixture
def topic(aws: LocalAws) -> str:
    arn = aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    aws.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="ops@example.com")
    return arn


def test_mail_is_kept_as_a_file_and_listed(aws: LocalAws, topic: str):
    subject, message = "[tamiz prod] OK run 7f3a: 12,345 reviews", "First line.\n\nDetails: år, 猫."
    aws.client("sns").publish(TopicArn=topic, Subject=subject, Message=message)
    listed = [mail for mail in aws.admin("mail") if mail["topic"] == topic]
    assert [(mail["subject"], mail["message"], mail["to"]) for mail in listed] == [
        (subject, message, "ops@example.com")
    ]
    newest = max((aws.state / "mail").glob("*.txt"))
    assert newest.read_text() == f"Subject: {subject}\nTo: ops@example.com\n\n{message}"


def test_mail_files_are_numbered_in_order(aws: LocalAws, topic: str):
    for number in range(3):
        aws.client("sns").publish(TopicArn=topic, Message=f"mail {number}")
    files = sorted((aws.state / "mail").glob("*.txt"))
    assert [int(file.stem) for file in files] == list(range(1, len(files) + 1))
    assert [file.read_text().splitlines()[-1] for file in files[-3:]] == ["mail 0", "mail 1", "mail 2"]


def test_topic_without_an_address_sends_no_mail(aws: LocalAws):
    arn = aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    aws.client("sns").publish(TopicArn=arn, Message="nobody reads this")
    assert [mail for mail in aws.admin("mail") if mail["topic"] == arn] == []


@pytest.mark.parametrize(
    "subject",
    ["", "x" * 100, "año", "two\nlines", "bell\a", " begins with a space"],
    ids=["empty", "long", "not ascii", "line break", "control character", "space"],
)
def test_subject_that_aws_refuses_is_refused(aws: LocalAws, topic: str, subject: str):
    with pytest.raises(ClientError) as refused:
        aws.client("sns").publish(TopicArn=topic, Subject=subject, Message="text")
    assert refused.value.response["Error"]["Code"] == "InvalidParameter"
    assert [mail for mail in aws.admin("mail") if mail["topic"] == topic] == []


def test_longest_subject_is_accepted(aws: LocalAws, topic: str):
    aws.client("sns").publish(TopicArn=topic, Subject="x" * 99, Message="text")


@pytest.mark.parametrize("message", ["", "x" * (256 * 1024 + 1)], ids=["empty", "too long"])
def test_message_that_aws_refuses_is_refused(aws: LocalAws, topic: str, message: str):
    with pytest.raises(ClientError, match="InvalidParameter"):
        aws.client("sns").publish(TopicArn=topic, Message=message)

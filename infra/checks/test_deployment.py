"""scripts/deploy.sh against the local AWS: what it makes, what it refuses, and what it says when it fails."""

import json

import pytest

from desk import ACCOUNT

BLOCKED = {
    "jobName": "etl-plan-1",
    "jobId": "4c7599ae",
    "jobQueue": f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/tamiz-cpu",
    "statusReason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - no machine is large enough",
}


def statuses(desk) -> dict[str, str]:
    """The status of the stack and of what is nested in it."""
    stacks = desk.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"].split("-")[1] if "-" in each["StackName"] else "": each["StackStatus"] for each in stacks}


def thresholds(desk) -> dict[str, float]:
    alarms = desk.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["Threshold"] for alarm in alarms}


def test_the_stack_has_its_alarms_its_dashboard_and_its_rule(desk, stack):
    names = [alarm["AlarmName"]["Fn::Sub"] for alarm in stack.of_type("AWS::CloudWatch::Alarm").values()]
    assert sorted(thresholds(desk)) == sorted(name.replace("${ProjectName}", "tamiz") for name in names)
    body = json.loads(desk.client("cloudwatch").get_dashboard(DashboardName="tamiz")["DashboardBody"])
    alarms = desk.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert sorted(body["widgets"][0]["properties"]["alarms"]) == sorted(alarm["AlarmArn"] for alarm in alarms)
    assert "${" not in json.dumps(body)
    [rule] = desk.client("events").list_rules(NamePrefix="tamiz-")["Rules"]
    assert (rule["Name"], rule["State"]) == ("tamiz-stuck-jobs", "ENABLED")


def test_a_stuck_job_is_mailed_about(desk):
    seen = len(desk.mails())
    entry = {"Source": "aws.batch", "DetailType": "Batch Job Queue Blocked"}
    others = BLOCKED | {"jobQueue": f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/others"}
    entries = [entry | {"Detail": json.dumps(detail)} for detail in (others, BLOCKED)]
    desk.client("events").put_events(Entries=entries)
    [mail] = desk.wait(lambda: desk.mails()[seen:], "a mail")
    assert "STUCK job etl-plan-1" in mail["message"] and BLOCKED["statusReason"] in mail["message"]
    assert "stuck-jobs in docs/runbook.md" in mail["message"]


def test_one_parameter_changes_what_it_concerns_and_holds_until_the_next_deployment(desk):
    before = thresholds(desk)
    desk.deploy("--image-tag", "one", "--set", "RunCostCeilingUsd=40")
    assert thresholds(desk) == before | {"tamiz-run-cost": 40.0}
    assert statuses(desk)["Watch"] == "UPDATE_COMPLETE" and statuses(desk)["Storage"] == "CREATE_COMPLETE"
    desk.deploy("--image-tag", "one")
    assert thresholds(desk) == before


def test_a_failure_in_a_nested_stack_is_told_with_its_reason_and_taken_back(desk):
    before = thresholds(desk)
    desk.fault(service="monitoring", status=500, code="OutOfOrder", count=1)
    done = desk.try_deploy("--image-tag", "one", "--set", "WastedAttemptsCeiling=3")
    assert done.returncode == 1
    told = done.stderr.split("did not deploy:\n")[1].splitlines()
    assert told[0].startswith("WastedAttemptsAlarm") and "OutOfOrder" in told[0]
    assert told[1].startswith("Watch") and "failed to update: [WastedAttemptsAlarm]" in told[1]
    assert told[2].startswith("It is now UPDATE_ROLLBACK_COMPLETE: what ran before runs.")
    assert len(told) == 3
    assert thresholds(desk) == before
    assert (statuses(desk)[""], statuses(desk)["Watch"]) == ("UPDATE_ROLLBACK_COMPLETE",) * 2
    # The failure of before is not told again.
    desk.fault(service="monitoring", status=500, code="OutAgain", count=1)
    done = desk.try_deploy("--image-tag", "one", "--set", "FailedRowsCeiling=3")
    assert "OutAgain" in done.stderr and "OutOfOrder" not in done.stderr
    desk.deploy("--image-tag", "one", "--set", "WastedAttemptsCeiling=3")
    assert thresholds(desk) == before | {"tamiz-wasted-attempts": 3.0}


def test_a_dry_run_changes_nothing(desk):
    before = statuses(desk), thresholds(desk)
    told = desk.deploy("--dry-run", "--image-tag", "other", "--report-language", "es", "--set", "RunCostCeilingUsd=1")
    assert "ReportLanguage                   es" in told and "RunCostCeilingUsd                1" in told
    assert "plan: nothing was changed" in told
    assert (statuses(desk), thresholds(desk)) == before


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["--report-language", "fr"], "en or es was expected"),
        (["--set", "RunCostCeiling=1"], "infra/template.yaml has no such parameter"),
        (["--set", "RunCostCeilingUsd"], "NAME=VALUE was expected"),
    ],
)
def test_a_usage_error_ends_with_2(desk, arguments, complaint):
    done = desk.try_deploy(*arguments)
    assert done.returncode == 2 and complaint in done.stderr

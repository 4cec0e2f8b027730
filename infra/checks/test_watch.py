"""Alarms, rule and dashboard, against the metrics that are emitted and the page that says what to do."""

import itertools
import json
import re

import pytest

from test_environment import PROGRAMS

# Dimension and metrics of AWS's own namespaces, as its documentation has them.
OF_AWS = {
    "AWS/SQS": (
        "QueueName",
        {
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateAgeOfOldestMessage",
        },
    ),
    "AWS/Lambda": ("FunctionName", {"Invocations", "Errors", "Throttles"}),
    "AWS/States": (
        "StateMachineArn",
        {f"Executions{end}" for end in ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")},
    ),
}
COLUMNS = 24


@pytest.fixture(scope="module")
def alarms(stack) -> dict[str, dict]:
    """Properties of every alarm, by what it is called after the project's name."""
    found = stack.of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"]["Fn::Sub"].removeprefix("${ProjectName}-"): alarm for alarm in found}


@pytest.fixture(scope="module")
def widgets(stack) -> list[dict]:
    body = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    # A number, where the template has a threshold without quotes.
    return json.loads(re.sub(r"(?<=: )\$\{(\w+)\}", r'"\1"', body))["widgets"]


@pytest.fixture(scope="module")
def shown(alarms, widgets) -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of every metric that an alarm or the dashboard names."""
    of_alarms = [
        (a["Namespace"], a["MetricName"], {d["Name"]: d["Value"] for d in a["Dimensions"]}) for a in alarms.values()
    ]
    lines = [line for widget in widgets for line in widget["properties"].get("metrics", [])]
    plain = [[part for part in line if isinstance(part, str)] for line in lines]
    return of_alarms + [(line[0], line[1], dict(zip(line[2::2], line[3::2], strict=True))) for line in plain]


@pytest.fixture(scope="module")
def ours(shown) -> list[tuple[str, dict[str, str]]]:
    return [(name, dimensions) for namespace, name, dimensions in shown if namespace == "Tamiz"]


@pytest.fixture(scope="module")
def page(root) -> str:
    return (root / "docs/metrics.md").read_text()


@pytest.fixture(scope="module")
def units(page) -> dict[str, str]:
    """The unit of every metric of ours."""
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", page, re.MULTILINE))


@pytest.fixture(scope="module")
def runbook(root) -> str:
    return (root / "docs/runbook.md").read_text()


def test_our_metrics_are_in_the_table_and_every_one_is_shown(ours, units):
    assert {name for name, _ in ours} == set(units)


def test_our_metrics_have_the_dimensions_that_are_emitted(page, ours):
    """With one dimension more or less, CloudWatch finds nothing and says nothing."""
    emitted = re.findall(r"`(\w+)`", re.search(r"with the dimensions\s+(.*?):", page, re.DOTALL)[1])
    assert emitted == ["Project", "Stage"]
    for name, dimensions in ours:
        assert sorted(dimensions) == emitted, name
        assert dimensions["Project"] in ({"Ref": "ProjectName"}, "${ProjectName}"), name


def test_a_metric_is_emitted_by_the_stage_that_it_is_looked_for_under(root, ours):
    for name, stage in {(name, dimensions["Stage"]) for name, dimensions in ours}:
        source = "".join(path.read_text() for path in (root / "crates" / stage / "src").rglob("*.rs"))
        assert f"Metric::{name}," in source, f"{stage} does not emit {name}"


@pytest.mark.parametrize("stage", sorted(set(PROGRAMS.values())))
def test_a_stage_emits_under_its_own_name(root, stage):
    source = "".join(path.read_text() for path in (root / "crates" / stage / "src").rglob("*.rs"))
    names = re.findall(r'\bemit\(\s*(?:"(\w+)"|&?Stage::(\w+))', source)
    assert {(text or variant).lower() for text, variant in names} == {stage}


def test_metrics_of_aws_are_named_as_aws_does(shown):
    for namespace, name, dimensions in shown:
        if namespace != "Tamiz":
            dimension, names = OF_AWS[namespace]
            assert name in names and list(dimensions) == [dimension], f"{namespace} {name}"


def test_alarms_look_at_the_resources_of_the_stack(stack):
    """The dimension's value, through parameters and outputs."""
    expected = {"QueueName": {"UploadQueue", "UploadDeadLetterQueue"}, "StateMachineArn": {"StateMachine"}}
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        for dimension in alarm["Dimensions"]:
            if dimension["Name"] in expected:
                assert stack.origin(name, dimension["Value"]) in expected[dimension["Name"]], name
    for stage in ("Dispatcher", "Reconciler"):
        function = stack.properties(f"{stage}Function")["FunctionName"]
        assert stack.properties(f"{stage}ErrorsAlarm")["Dimensions"] == [{"Name": "FunctionName", "Value": function}]


def test_every_alarm_sends_a_mail_and_none_for_missing_data(stack):
    for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
        for action in alarm["AlarmActions"] + alarm.get("OKActions", []):
            assert stack.origin(name, action) == "Topic", name
        assert alarm["AlarmActions"] and alarm["TreatMissingData"] == "notBreaching", name


def test_thresholds_are_in_the_unit_of_their_metric(stack, alarms, units):
    for name, alarm in alarms.items():
        if alarm["Threshold"] == 0:
            continue
        parameter = alarm["Threshold"]["Ref"]
        declared = stack.parameters[parameter]
        suffix = {"Percent": "Percent", "ApproximateAgeOfOldestMessage": "Seconds", "RunCost": "Usd"}
        unit = suffix.get(units.get(alarm["MetricName"])) or suffix.get(alarm["MetricName"], "")
        assert re.search(rf"(Ceiling|Floor){unit}$", parameter), name
        assert (declared.get("MaxValue") == 100) == (unit == "Percent"), parameter
        assert ("Floor" in parameter) == (alarm["ComparisonOperator"] == "LessThanThreshold"), name


def test_an_alarm_comes_before_the_budget_that_fails_the_run(root, stack):
    budget = re.search(r"max_rejected_share = ([\d.]+)", (root / "configs/pipeline.toml").read_text())[1]
    assert stack.parameters["RejectedShareCeilingPercent"]["Default"] < 100 * float(budget)


def test_the_runbook_has_a_section_for_every_alarm_the_rule_and_the_mail_of_a_reconciliation(stack, alarms, runbook):
    rule = stack.properties("StuckJobsRule")
    told = {name: alarm["AlarmDescription"] for name, alarm in alarms.items()}
    told[rule["Name"]["Fn::Sub"].removeprefix("${ProjectName}-")] = rule["Description"]
    assert re.findall(r"^## (.*)", runbook, re.MULTILINE) == [*told, "reconciled"]
    for name, description in told.items():
        assert re.search(rf"Runbook( -|:) {name} in docs/runbook\.md\.$", description), name


def test_every_section_says_what_to_look_at_and_what_mends_it(runbook):
    for section in runbook.split("\n## ")[1:]:
        assert "**Look.**" in section and "**Mend.**" in section and section.count("```") >= 2, section
    assert max(map(len, runbook.splitlines())) <= 140


def test_the_runbook_names_what_exists(root, stack, runbook):
    options = (root / "scripts/deploy.sh").read_text()
    for option in re.findall(r"(?<= )--[a-z-]+", "\n".join(re.findall(r"scripts/deploy\.sh .*", runbook))):
        assert f"  {option} " in options, option
    for name in re.findall(r"--set (\w+)=", runbook):
        assert name in stack.parameters, name
    commands = (root / "crates/cli/src/main.rs").read_text()
    for command in re.findall(r"^tamiz (\w+)", runbook, re.MULTILINE):
        assert f"{command.capitalize()}(" in commands, command


def test_widgets_fill_rows_without_overlap(widgets):
    seen = set()
    for widget in widgets:
        columns, lines = (
            range(widget["x"], widget["x"] + widget["width"]),
            range(widget["y"], widget["y"] + widget["height"]),
        )
        cells = set(itertools.product(columns, lines))
        assert not cells & seen and max(columns) < COLUMNS, widget
        seen |= cells
    assert len(seen) == COLUMNS * (1 + max(y for _, y in seen)), "a hole in the dashboard"


def test_the_dashboard_shows_every_alarm(stack, widgets):
    [widget] = [widget for widget in widgets if widget["type"] == "alarm"]
    assert widget["properties"]["alarms"] == [f"${{{name}.Arn}}" for name in stack.of_type("AWS::CloudWatch::Alarm")]


def test_the_mail_of_a_stuck_job_is_lines_of_text(stack):
    rule = stack.properties("StuckJobsRule")
    queues = rule["EventPattern"]["detail"]["jobQueue"]
    assert [stack.origin("StuckJobsRule", queue) for queue in queues] == ["CpuJobQueue", "GpuJobQueue"]
    [target] = rule["Targets"]
    assert stack.origin("StuckJobsRule", target["Arn"]) == "Topic"
    assert "RoleArn" not in target, "EventBridge publishes to a topic by the topic's policy"
    transformer = target["InputTransformer"]
    lines = [json.loads(line) for line in transformer["InputTemplate"]["Fn::Sub"].split("\n")]
    assert set(re.findall(r"<(\w+)>", " ".join(lines))) == transformer["InputPathsMap"].keys()

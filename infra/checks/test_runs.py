"""The state machine, run by the local AWS through every way that a run can take."""

import json

import pytest

from desk import ACCOUNT


def cleaned(num_shards: int, jobs: int = 0) -> dict:
    """An etl that leaves so many shards, and asks for so many jobs to make them."""
    shards = {"num_shards": num_shards, "array_size": num_shards}
    return {"exits": [0], "commits": {"plan.json": {"array_size": jobs}, "shards.json": shards}}


def reported(verdict: str, retrain: bool = False) -> dict:
    """A monitor with this verdict."""
    return {"exits": [0], "commits": {"summary.json": {"verdict": verdict, "retrain": retrain}}}


SHARDS, ONE_SHARD, NOTHING = cleaned(3), cleaned(1), cleaned(0)
GOOD, GOOD_AND_DUE, BAD = reported("ok"), reported("ok", retrain=True), reported("failed")


def blame(run) -> dict:
    """What the monitor was told of the failure."""
    return json.loads(run.environments("monitor")[-1]["TAMIZ_FAILED_CAUSE"])


def test_one_shard_is_labelled_by_a_plain_job(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": GOOD})
    assert run.status == "SUCCEEDED"
    assert run.stages() == ["etl", "inference", "monitor"]
    [etl], [inference] = run.environments("etl"), run.environments("inference")
    assert len(etl["TAMIZ_USER_KEY"]) == 64
    assert "AWS_BATCH_JOB_ARRAY_INDEX" not in inference
    assert inference["TAMIZ_SHARDS"] == f"s3://tamiz-staging-{ACCOUNT}/runs/{run.run_id}"
    assert inference["TAMIZ_MODEL"] == f"s3://tamiz-models-{ACCOUNT}/reviews/v1"
    assert inference["TAMIZ_OUTPUT"] == f"s3://tamiz-results-{ACCOUNT}/runs/{run.run_id}"


def test_several_shards_are_labelled_by_an_array(desk):
    run = desk.run({"etl": SHARDS, "monitor": GOOD})
    assert run.status == "SUCCEEDED"
    assert sorted(e["AWS_BATCH_JOB_ARRAY_INDEX"] for e in run.environments("inference")) == ["0", "1", "2"]


def test_a_run_without_shards_is_still_reported(desk):
    run = desk.run({"etl": NOTHING, "monitor": BAD})
    assert run.stages() == ["etl", "monitor"]
    assert (run.status, run.error) == ("FAILED", "Tamiz.VerdictFailed")


def test_a_transient_failure_is_tried_again_by_batch(desk):
    run = desk.run({"etl": {**ONE_SHARD, "exits": [75, 143, 0]}, "monitor": GOOD})
    assert run.status == "SUCCEEDED"
    assert run.stages() == ["etl", "etl", "etl", "inference", "monitor"]


@pytest.mark.parametrize("code", [1, 2, 3])
def test_bad_input_is_told_to_the_monitor_at_once(desk, code):
    run = desk.run({"etl": {"exits": [code]}, "monitor": BAD})
    assert (run.status, run.error) == ("FAILED", "Tamiz.StageFailed")
    assert run.stages() == ["etl", "monitor"]
    told = blame(run)
    assert (told["stage"], told["error"]) == ("etl", "States.TaskFailed")
    assert f"exit code {code}" in told["cause"] and f"etl-plan-{run.run_id}" in told["cause"]


def test_one_failed_child_fails_the_array(desk):
    run = desk.run({"etl": SHARDS, "inference": {"exits": {"1": 3}}, "monitor": BAD})
    assert run.status == "FAILED"
    assert blame(run)["stage"] == "inference"
    assert '"FAILED":1' in blame(run)["cause"] and '"SUCCEEDED":2' in blame(run)["cause"]


def test_a_missing_model_is_named(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": BAD}, model=None)
    assert run.stages() == ["etl", "monitor"]
    assert blame(run)["error"].startswith("S3.NoSuchKey")
    assert "register a model first" in blame(run)["cause"]


@pytest.mark.parametrize("missing", ["plan.json", "shards.json"])
@pytest.mark.parametrize("content", [None, "no JSON"])
def test_an_unreadable_object_is_a_failure_of_its_stage(desk, missing, content):
    commits = {name: body for name, body in ONE_SHARD["commits"].items() if name != missing}
    if content is not None:
        commits[missing] = content
    run = desk.run({"etl": {"exits": [0], "commits": commits}, "monitor": BAD})
    assert run.status == "FAILED"
    assert blame(run)["stage"] == "etl" and blame(run)["cause"].endswith(f"/{missing}")


def test_a_large_run_is_cleaned_by_an_array_of_jobs_and_joined(desk):
    run = desk.run({"etl": cleaned(1, jobs=3), "monitor": GOOD})
    assert run.status == "SUCCEEDED"
    assert run.stages() == ["etl"] * 5 + ["inference", "monitor"]
    calls = run.environments("etl")
    assert [call["TAMIZ_STEP"] for call in calls] == ["plan", "split", "split", "split", "join"]
    assert sorted(call["AWS_BATCH_JOB_ARRAY_INDEX"] for call in calls[1:4]) == ["0", "1", "2"]


def test_a_split_that_fails_fails_the_run_before_anything_is_joined(desk):
    run = desk.run({"etl": {**cleaned(1, jobs=2), "exits": [0, 3]}, "monitor": BAD})
    assert run.status == "FAILED"
    assert run.stages()[-1] == "monitor" and blame(run)["stage"] == "etl"
    assert "join" not in [job["TAMIZ_STEP"] for job in run.environments("etl")]


def test_a_monitor_that_cannot_report_is_mailed_about(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": {"exits": [1]}})
    assert run.status == "FAILED"
    assert run.stages() == ["etl", "inference", "monitor", "monitor"]
    [mail] = run.mails
    assert mail["subject"] == f"[tamiz] FAILED run {run.run_id}: no report"
    assert "exit code 1" in mail["message"]


def test_a_verdict_of_failure_fails_the_run_and_retrains_nothing(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": reported("failed", retrain=True)})
    assert (run.status, run.error) == ("FAILED", "Tamiz.VerdictFailed")
    assert "retrain" not in run.stages()
    assert run.cause.endswith(f"s3://tamiz-results-{ACCOUNT}/runs/{run.run_id}/report.html")


def test_a_model_that_is_due_is_retrained(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": GOOD_AND_DUE})
    assert run.status == "SUCCEEDED" and not run.mails
    [retrain] = run.environments("retrain")
    assert retrain["TAMIZ_TRAINING_DATA"] == f"s3://tamiz-staging-{ACCOUNT}/runs"
    assert (retrain["TAMIZ_MODELS"], retrain["TAMIZ_NAME"]) == (f"s3://tamiz-models-{ACCOUNT}", "reviews")


def test_a_failed_retraining_is_told_to_the_monitor_but_does_not_fail_the_run(desk):
    run = desk.run({"etl": ONE_SHARD, "monitor": GOOD_AND_DUE, "retrain": {"exits": [2]}})
    assert run.status == "SUCCEEDED" and not run.mails
    assert run.stages() == ["etl", "inference", "monitor", "retrain", "monitor"]
    assert_told_of_the_retraining(run, "exit code 2")


def test_a_monitor_that_cannot_tell_of_a_retraining_does_not_fail_the_run_either(desk):
    monitor = GOOD_AND_DUE | {"exits": [0, 1]}
    run = desk.run({"etl": ONE_SHARD, "monitor": monitor, "retrain": {"exits": [3]}})
    assert run.status == "SUCCEEDED"
    assert_mailed_without_report(run, "exit code 3")


def test_a_schedule_starts_a_retraining_and_nothing_else(desk):
    desk.deploy("--image-tag", "one", "--set", "RetrainSchedule=cron(0 3 ? * SUN *)")
    schedule = desk.client("scheduler").get_schedule(Name="tamiz-retraining")
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "cron(0 3 ? * SUN *)")
    assert schedule["Target"]["Arn"].endswith(":stateMachine:tamiz-pipeline")
    run = desk.run({}, payload=json.loads(schedule["Target"]["Input"]))
    assert (run.status, run.stages(), run.mails) == ("SUCCEEDED", ["retrain"], [])
    due = desk.run({"etl": ONE_SHARD, "monitor": GOOD_AND_DUE})
    [[alone], [after]] = run.environments("retrain"), due.environments("retrain")
    own = {"AWS_BATCH_JOB_ID", "AWS_BATCH_JOB_ATTEMPT", "TAMIZ_NOTES"}
    assert {key: alone[key] for key in alone.keys() - own} == {key: after[key] for key in after.keys() - own}
    desk.deploy("--image-tag", "one", "--set", "RetrainSchedule=")
    assert schedules(desk) == ["tamiz-reconciliation"]


def test_a_scheduled_retraining_that_fails_is_told_to_the_monitor_and_fails(desk):
    run = desk.run({"retrain": {"exits": [2]}}, payload={"retrain_only": True})
    assert (run.status, run.error) == ("FAILED", "Tamiz.RetrainingFailed")
    assert run.stages() == ["retrain", "monitor"] and not run.mails
    assert_told_of_the_retraining(run, "exit code 2")
    assert "(States.TaskFailed)" in run.cause and "exit code 2" in run.cause


def test_a_monitor_that_cannot_tell_of_a_retraining_is_mailed_about(desk):
    run = desk.run({"retrain": {"exits": [2]}, "monitor": {"exits": [1]}}, payload={"retrain_only": True})
    assert (run.status, run.error) == ("FAILED", "Tamiz.RetrainingFailed")
    assert_mailed_without_report(run, "exit code 2")


def test_deploying_again_changes_nothing(desk):
    before = images(desk)
    assert "StateMachineArn" in desk.deploy("--image-tag", "one")
    assert images(desk) == before


def test_a_new_image_reaches_the_next_run(desk):
    desk.deploy("--image-tag", "two")
    assert {image.rsplit(":")[-1] for image in images(desk)[-4:]} == {"two"}
    assert desk.run({"etl": ONE_SHARD, "monitor": GOOD}).status == "SUCCEEDED"


def test_uploads_are_reconciled_by_the_day_unless_nobody_wants_it(desk):
    schedule = desk.client("scheduler").get_schedule(Name="tamiz-reconciliation")
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 day)")
    function = desk.client("lambda").get_function_configuration(FunctionName="tamiz-reconciler")
    assert schedule["Target"]["Arn"] == function["FunctionArn"]
    desk.deploy("--image-tag", "one", "--set", "ReconcileSchedule=")
    assert schedules(desk) == []
    desk.deploy("--image-tag", "one")


def assert_told_of_the_retraining(run, cause: str) -> None:
    """The monitor hears what failed, and where the job's own note lies."""
    [retrain], monitor = run.environments("retrain"), run.environments("monitor")[-1]
    told = blame(run)
    assert (told["stage"], told["error"]) == ("retrain", "States.TaskFailed")
    assert cause in told["cause"] and f"job retrain-{run.run_id} " in told["cause"]
    place = f"s3://tamiz-staging-{ACCOUNT}/retrainings/{run.run_id}"
    assert (monitor["TAMIZ_RUN"], monitor["TAMIZ_RESULTS"], retrain["TAMIZ_NOTES"]) == (place, place, place)
    assert monitor["TAMIZ_MODELS"] == f"s3://tamiz-models-{ACCOUNT}/reviews"
    assert monitor["TAMIZ_TOPIC_ARN"].endswith(":tamiz-mail")


def assert_mailed_without_report(run, cause: str) -> None:
    """The state machine's own mail: as much as it knows."""
    [mail] = run.mails
    assert mail["subject"] == "[tamiz] FAILED retraining of reviews"
    for told in (cause, "The model in use stays", "No report could be made", f"Execution: {run.run_id}\n"):
        assert told in mail["message"], mail["message"]
    assert mail["message"].endswith("\n    scripts/retrain.sh --project tamiz")


def schedules(desk) -> list[str]:
    return [each["Name"] for each in desk.client("scheduler").list_schedules()["Schedules"]]


def images(desk) -> list[str]:
    """The images of all revisions of all job definitions, oldest first."""
    definitions = desk.client("batch").describe_job_definitions()["jobDefinitions"]
    definitions.sort(key=lambda definition: definition["revision"])
    return [definition["containerProperties"]["image"] for definition in definitions]

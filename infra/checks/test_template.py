"""What the templates must keep to: permissions, data, limits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cloudformation import listed, texts

# Actions for which AWS knows no resource; only they may be allowed on `*`.
WITHOUT_RESOURCES = {
    "batch:DescribeJobs",
    "batch:ListJobs",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}


# Used by a job's role, but called by S3, SNS and the secret's service for it.
NOT_CALLED = {"kms"}

TEMPLATES = sorted(Path(__file__).parents[1].glob("*.yaml"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lint_is_content(path):
    command = [Path(sys.executable).parent / "cfn-lint", path]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_fits_into_one_file_and_one_call(path):
    text = path.read_text()
    assert text.count("\n") < 600, "split it by concern"
    assert len(text.encode()) < 51_200, "CloudFormation validates no larger one"


def statements(stack):
    """Every statement of every policy, with the resource that holds it."""
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, s) for s in policy["PolicyDocument"]["Statement"])
    for kind, key in [
        ("SQS::QueuePolicy", "PolicyDocument"),
        ("SNS::TopicPolicy", "PolicyDocument"),
        ("S3::BucketPolicy", "PolicyDocument"),
        ("KMS::Key", "KeyPolicy"),
    ]:
        for name, resource in stack.of_type(f"AWS::{kind}").items():
            yield from ((name, s) for s in resource[key]["Statement"])


def allowing(stack):
    """Every statement that allows something."""
    return [(name, statement) for name, statement in statements(stack) if statement["Effect"] != "Deny"]


def test_no_statement_allows_a_wildcard_action(stack):
    for name, statement in allowing(stack):
        assert statement["Effect"] == "Allow" and "NotAction" not in statement, name
        assert not [action for action in listed(statement["Action"]) if "*" in action], name


def test_only_actions_without_resources_are_allowed_on_all_of_them(stack):
    for name, statement in allowing(stack):
        # In a key's own policy `*` means that key.
        if "*" in listed(statement["Resource"]) and name not in stack.of_type("AWS::KMS::Key"):
            assert set(listed(statement["Action"])) <= WITHOUT_RESOURCES, name


def test_nobody_outside_the_account_is_trusted(stack):
    for name, statement in allowing(stack):
        principal = statement.get("Principal", {})
        assert principal != "*" and "*" not in listed(principal.get("AWS", [])), name


def test_a_service_acts_for_this_account_only(stack):
    """Or anybody's bucket, alarm or log could use our queue, topic and key through it."""
    for name, statement in allowing(stack):
        if "Service" not in statement.get("Principal", {}):
            continue
        bound = {key: text for test in statement.get("Condition", {}).values() for key, text in test.items()}
        if name == "TopicPolicy" and statement["Sid"] == "MailOfEvents":
            assert not bound, "EventBridge supports no condition in the policy of a topic, and would send nothing"
        else:
            assert any("${AWS::AccountId}" in text or text == "AWS::AccountId" for text in texts(bound)), name


def test_every_job_has_a_role_of_its_own(stack):
    definitions = stack.of_type("AWS::Batch::JobDefinition")
    roles = {name: stack.origin(name, d["ContainerProperties"]["JobRoleArn"]) for name, d in definitions.items()}
    assert roles == {f"{stage}JobDefinition": f"{stage}Role" for stage in ("Etl", "Inference", "Monitor", "Retrain")}


def test_jobs_run_without_root_and_cannot_write_to_their_image(stack):
    for name, definition in stack.of_type("AWS::Batch::JobDefinition").items():
        container = definition["ContainerProperties"]
        assert container["ReadonlyRootFilesystem"] is True, name
        assert container["User"] == "10001:10001", name


def test_buckets_are_private_and_encrypted(stack):
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"], name


def test_what_cannot_be_made_again_outlives_the_stack(stack):
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret"):
        for name in stack.of_type(kind):
            resource = stack.resource(name)
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_every_queue_has_a_dead_letter_queue_or_is_one(stack):
    queues = stack.of_type("AWS::SQS::Queue")
    for name, queue in queues.items():
        assert queue["KmsMasterKeyId"] and ("RedrivePolicy" in queue) != ("RedriveAllowPolicy" in queue), name


def test_image_repositories_bear_the_stages_names(stack):
    names = {r["RepositoryName"]["Fn::Sub"] for r in stack.of_type("AWS::ECR::Repository").values()}
    stages = ("dispatcher", "etl", "inference", "monitor", "retrain")
    assert names == {f"${{ProjectName}}/{stage}" for stage in stages}


def test_image_repositories_scan_what_is_pushed_and_keep_the_newest_under_lasting_tags(stack):
    for name, repository in stack.of_type("AWS::ECR::Repository").items():
        assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}, name
        assert repository["ImageTagMutability"] == "IMMUTABLE", name
        text = repository["LifecyclePolicy"]["LifecyclePolicyText"]["Fn::Sub"]
        [rule] = json.loads(text.replace("${KeptImages}", "20"))["rules"]
        assert rule["action"] == {"type": "expire"}
        assert (rule["selection"]["countType"], rule["selection"]["countNumber"]) == ("imageCountMoreThan", 20), name


def test_every_service_that_a_job_or_its_host_calls_has_an_endpoint(stack):
    """The subnets have no way out: without one, a call waits until it times out."""
    endpoints = {
        endpoint["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}.").split(".")[0]
        for endpoint in stack.of_type("AWS::EC2::VPCEndpoint").values()
    }
    called = set()
    for role in stack.of_type("AWS::IAM::Role").values():
        trusted = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        if trusted == "ecs-tasks.amazonaws.com":
            allowed = [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]
            called |= {action.split(":")[0] for statement in allowed for action in listed(statement["Action"])}
    assert called - NOT_CALLED <= endpoints

"""What the template must keep to: permissions, data, limits."""

import subprocess
import sys
from pathlib import Path

from cloudformation import listed

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


def test_cfn_lint_is_content(root):
    command = [Path(sys.executable).parent / "cfn-lint", root / "infra/template.yaml"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_template_fits_into_one_file_and_one_call(root):
    text = (root / "infra/template.yaml").read_text()
    assert text.count("\n") < 600, "split it by concern"
    assert len(text.encode()) < 51_200, "CloudFormation validates no larger one"


def statements(template):
    """Every statement of every policy, with the resource that holds it."""
    for name, role in template.of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, s) for s in policy["PolicyDocument"]["Statement"])
    for kind, key in [
        ("SQS::QueuePolicy", "PolicyDocument"),
        ("SNS::TopicPolicy", "PolicyDocument"),
        ("KMS::Key", "KeyPolicy"),
    ]:
        for name, resource in template.of_type(f"AWS::{kind}").items():
            yield from ((name, s) for s in resource[key]["Statement"])


def test_no_statement_allows_a_wildcard_action(template):
    for name, statement in statements(template):
        assert statement["Effect"] == "Allow" and "NotAction" not in statement, name
        assert not [action for action in listed(statement["Action"]) if "*" in action], name


def test_only_actions_without_resources_are_allowed_on_all_of_them(template):
    for name, statement in statements(template):
        # In a key's own policy `*` means that key.
        if "*" in listed(statement["Resource"]) and name != "DataKey":
            assert set(listed(statement["Action"])) <= WITHOUT_RESOURCES, name


def test_nobody_outside_the_account_is_trusted(template):
    for name, statement in statements(template):
        principal = statement.get("Principal", {})
        assert principal != "*" and "*" not in listed(principal.get("AWS", [])), name


def test_every_job_has_a_role_of_its_own(template):
    definitions = template.of_type("AWS::Batch::JobDefinition")
    roles = [d["ContainerProperties"]["JobRoleArn"]["Fn::GetAtt"][0] for d in definitions.values()]
    assert len(set(roles)) == len(roles) == 4


def test_jobs_run_without_root_and_cannot_write_to_their_image(template):
    for name, definition in template.of_type("AWS::Batch::JobDefinition").items():
        container = definition["ContainerProperties"]
        assert container["ReadonlyRootFilesystem"] is True, name
        assert container["User"] == "10001:10001", name


def test_buckets_are_private_encrypted_and_outlive_the_stack(template):
    for name, bucket in template.of_type("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"], name
        assert template.body["Resources"][name]["DeletionPolicy"] == "Retain", name


def test_every_queue_has_a_dead_letter_queue_or_is_one(template):
    queues = template.of_type("AWS::SQS::Queue")
    for name, queue in queues.items():
        assert queue["KmsMasterKeyId"] and ("RedrivePolicy" in queue) != ("RedriveAllowPolicy" in queue), name


def test_image_repositories_bear_the_stages_names(template):
    names = {r["RepositoryName"]["Fn::Sub"] for r in template.of_type("AWS::ECR::Repository").values()}
    stages = ("dispatcher", "etl", "inference", "monitor", "retrain")
    assert names == {f"${{ProjectName}}/{stage}" for stage in stages}

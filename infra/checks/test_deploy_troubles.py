"""What scripts/deploy.sh says where it cannot go on: what happened, what is left, and the next command."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import Desk


@pytest.fixture(scope="module")
def desk(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A local AWS that has nothing of ours."""
    desk = Desk(root, tmp_path_factory.mktemp("troubles"))
    yield desk
    desk.stop()


def refused(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = desk.try_deploy("--image-tag", "one", *arguments)
    assert done.returncode == 1, done.stdout
    return done


def test_an_expired_credential_changes_nothing(desk):
    desk.fault(service="sts", status=403, code="ExpiredToken", count=1)
    told = refused(desk).stderr
    assert "the credentials have expired; sign in again" in told and "Nothing was changed." in told
    assert desk.client("s3").list_buckets()["Buckets"] == []


def test_a_bucket_name_of_somebody_else_changes_nothing(desk):
    desk.fault(service="s3", method="HEAD", path="tamiz-staging", status=403, code="403", count=1)
    told = refused(desk).stderr
    assert "the bucket name tamiz-staging-" in told and "choose another --project. Nothing was changed." in told
    assert desk.client("s3").list_buckets()["Buckets"] == []


def test_a_stack_that_is_half_made_is_told_with_the_way_out(desk):
    desk.fault(service="monitoring", status=500, code="OutOfOrder", count=1)
    assert "It is now ROLLBACK_COMPLETE" in refused(desk).stderr
    told = refused(desk).stderr
    assert "the stack tamiz is half made (ROLLBACK_COMPLETE)" in told and "Nothing of it runs." in told
    way_out = told.split("deploy anew: ")[1].strip()
    assert way_out == "scripts/deploy.sh destroy --project tamiz --data --data"
    done = desk.command(*way_out.split()[1:])
    assert done.returncode == 0, done.stderr
    # What of the stack the local AWS leaves behind, AWS takes back itself; so the way ends here.
    assert desk.client("s3").list_buckets()["Buckets"] == []
    assert not desk.client("cloudformation").list_stacks(StackStatusFilter=["ROLLBACK_COMPLETE"])["StackSummaries"]

//! Uploads that no event announced, and doing again what was done: by the people's command on a local AWS.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::process::Command;

use serde_json::Value;
use tamiz_domain::Verdict;
use tamiz_e2e::{Desk, binary, printed, root, succeed, train};
use tamiz_ports::ExecutionStatus;

fn tamiz(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = binary("tamiz");
    desk.aws_environment(&mut command).args(arguments);
    command
}

fn json(desk: &Desk, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(tamiz(desk, arguments).arg("--json"))).unwrap()
}

#[test]
fn what_no_event_announced_is_labelled_after_all_and_a_run_can_be_done_again() {
    let desk = Desk::deploy(&std::fs::read_to_string(root().join("configs/demo.toml")).unwrap());
    let models = tempfile::tempdir().unwrap();
    train(models.path());
    desk.copy_in(models.path(), "models");

    desk.silence_uploads();
    let reviews = b"label,text\n2,good\n1,bad\n".to_vec();
    for name in ["lost + found é.csv", "withdrawn.csv", "dir//unreadable.csv"] {
        desk.upload_as(name, reviews.clone());
    }
    desk.delete_upload("withdrawn.csv");

    // Too young to be missed.
    let told = succeed(&mut tamiz(&desk, &["reconcile"]));
    assert_eq!(
        told,
        "2 uploads looked at, 2 of them too young to be missed: each is in a run, or recorded as refused\n"
    );
    let told = json(&desk, &["reconcile", "--older-than", "0s", "--dry-run"]);
    assert_eq!((&told["unannounced"]["count"], &told["refused"]["count"]), (&1.into(), &1.into()), "{told}");
    let told = succeed(&mut tamiz(&desk, &["reconcile", "--older-than", "0s"]));
    assert!(told.contains(
        "1 upload in no run (24 B), announced:\n  s3://tamiz-input-123456789012/incoming/lost + found é.csv"
    ));
    assert!(told.contains("1 upload under names that no stage can read (24 B), recorded as refused:"), "{told}");

    let runs = desk.settle(1);
    let [(run, ExecutionStatus::Succeeded)] = runs.as_slice() else { panic!("{runs:?}\n{}", desk.job_logs()) };
    let first = desk.summary(run);
    assert_eq!((first.counts.input, first.verdict), (2, Verdict::Ok));
    let told = succeed(&mut tamiz(&desk, &["reconcile", "--older-than", "0s"]));
    assert_eq!(told, "2 uploads looked at: each is in a run, or recorded as refused\n");

    let replayed = json(&desk, &["replay", &run.as_str()[..8]]);
    let runs = desk.wait_for("the replay", || {
        let runs = desk.executions();
        let is_done = runs.len() == 2 && runs.iter().all(|(_, status)| *status != ExecutionStatus::Running);
        is_done.then_some(runs)
    });
    let again = runs.iter().find(|(other, _)| other != run).unwrap();
    assert_eq!((again.0.as_str(), again.1), (replayed["run_id"].as_str().unwrap(), ExecutionStatus::Succeeded));
    assert_eq!(desk.summary(&again.0).counts, first.counts);

    // What was refused can be sent again by the command that its record gives, and is refused again once.
    let refused = desk.list("staging", "refused");
    let record = refused.iter().find(|name| name.ends_with(".json")).unwrap();
    let command: Value = serde_json::from_str(&desk.read("staging", record)).unwrap();
    let command = command["replay"].as_str().unwrap().strip_prefix("tamiz ").unwrap().to_owned();
    let told = succeed(tamiz(&desk, &[]).args(command.split(' ')));
    assert_eq!(
        told,
        "the event went into the queue again; it was refused because an object of this name cannot be read\n"
    );

    // A mail a run, and none of a person's own reconciliation.
    let mails = desk.wait_for("the mails", || Some(desk.mails()).filter(|mails| mails.len() == 2));
    assert!(mails.iter().all(|mail| mail.subject.contains("OK run")), "{mails:?}");
}

#[test]
fn commands_on_a_deployment_that_is_not_there_say_what_to_do() {
    let desk = Desk::deploy("");
    let output = tamiz(&desk, &["reconcile", "--project", "nobody"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = "error: there is no deployment `nobody` in us-east-1\n  remedy: Name the deployment with --project; AWS_REGION and \
                    AWS_PROFILE say where it is.\n";
    assert_eq!(printed(&output), expected);
    let output = tamiz(&desk, &["replay", "0123abcd"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(printed(&output).contains("error: 0 runs have an id that begins with `0123abcd`"), "{}", printed(&output));
    assert_eq!(succeed(&mut tamiz(&desk, &["replay", "--dead-letters"])), "there are no dead letters\n");
}

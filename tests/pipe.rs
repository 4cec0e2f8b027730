//! The whole pipe on a local AWS: the template, the state machine and the binaries that production uses.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::io::Read;

use tamiz_domain::{RunId, Verdict};
use tamiz_e2e::{Desk, binary, column_of_labels, column_of_strings, read_parts, root, sample, succeed, train};
use tamiz_ports::ExecutionStatus;

/// Shards small enough that the sample uploads make an array job.
fn small_shards() -> String {
    std::fs::read_to_string(root().join("configs/demo.toml")).unwrap()
}

fn desk_with_model(configuration: &str) -> Desk {
    let desk = Desk::deploy(configuration);
    let models = tempfile::tempdir().unwrap();
    train(models.path());
    desk.copy_in(models.path(), "models");
    desk
}

#[test]
fn uploads_come_back_labelled_with_a_report_and_one_mail() {
    let desk = desk_with_model(&small_shards());
    for name in ["electronics.csv.gz", "films.csv.gz", "phones.jsonl", "invoice.csv"] {
        desk.upload(name, std::fs::read(sample("uploads").join(name)).unwrap());
    }
    let runs = desk.settle(4);
    assert!(runs.iter().all(|(_, status)| *status == ExecutionStatus::Succeeded), "{runs:?}\n{}", desk.job_logs());
    let (mut input, mut ok, mut labelled, mut hits) = (0, 0, 0, 0);
    for (run, _) in &runs {
        let summary = desk.summary(run);
        assert!(summary.counts.is_conserved() && summary.verdict == Verdict::Ok, "{summary:?}");
        let cost = summary.cost.unwrap();
        assert!(
            cost.usd > 0.0 && cost.by_stage.keys().eq(["etl", "inference"]) && cost.wasted_attempts == 0,
            "{cost:?}"
        );
        assert!(summary.drift.shift.is_some() && summary.estimated.is_some());
        let local = tempfile::tempdir().unwrap();
        desk.copy_out("results", &format!("runs/{run}/predictions"), local.path());
        let rows = read_parts(local.path());
        assert_eq!(rows.num_rows() as u64, summary.counts.ok);
        assert!(column_of_strings(&rows, "outcome").iter().all(|outcome| outcome == "ok"));
        let pairs = column_of_labels(&rows, "label").into_iter().zip(column_of_labels(&rows, "predicted"));
        for (label, predicted) in pairs.filter(|(label, _)| label.is_some()) {
            labelled += 1;
            hits += u64::from(label == predicted);
        }
        input += summary.counts.input;
        ok += summary.counts.ok;
        assert!(desk.list("results", &format!("runs/{run}")).iter().any(|name| name.ends_with("report.html")));
    }
    assert_eq!((input, input - ok), (4_475, 6), "every record of the samples, six of them broken on purpose");
    assert!(hits as f64 / labelled as f64 > 0.65, "{hits} of {labelled}: a coin would do as well");

    let mails = desk.mails();
    assert_eq!(mails.len(), runs.len(), "one mail a run: {mails:?}");
    assert!(mails.iter().all(|mail| mail.subject.starts_with("[tamiz") && mail.subject.contains("] OK run ")));
    assert!(mails.iter().any(|mail| mail.text.contains("invoice.csv") && mail.text.contains("PDF")), "{mails:?}");
}

#[test]
fn a_large_upload_is_cleaned_by_an_array_of_jobs() {
    let desk = desk_with_model("[etl]\nrows_per_shard = 500\nbytes_per_job = 30_000\n");
    let line = |n: usize| format!("{},\"phone {n},\na line more\"\n", n % 2 + 1);
    desk.upload("large.csv", ("label,text\n".to_owned() + &(0..3_000).map(line).collect::<String>()).into_bytes());
    let runs = desk.settle(1);
    let [(run, ExecutionStatus::Succeeded)] = runs.as_slice() else { panic!("{runs:?}\n{}", desk.job_logs()) };
    let summary = desk.summary(run);
    assert!(summary.counts.input == 3_000 && summary.counts.ok == 3_000, "{summary:?}");
    let staged = desk.list("staging", &format!("runs/{run}"));
    let count = |part: &str| staged.iter().filter(|name| name.contains(part)).count();
    assert_eq!((count("/splits/"), count("/shards/")), (3, 6), "{staged:?}");
}

#[test]
fn the_same_bytes_run_once_and_changed_bytes_run_again() {
    let desk = desk_with_model("");
    let content = b"label,text\n2,excellent phone\n1,terrible battery\n".to_vec();
    desk.upload("a b+c.csv", content.clone());
    let first = desk.settle(1);
    assert_eq!(first.len(), 1);
    desk.upload("a b+c.csv", content);
    desk.wait_for("the repeat to be recorded", || {
        let repeats = desk.list("staging", &format!("runs/{}/repeats", first[0].0));
        (!repeats.is_empty()).then_some(())
    });
    assert_eq!(desk.executions().len(), 1, "the same bytes under one key give one run");
    desk.upload("a b+c.csv", b"label,text\n2,excellent phone\n1,awful battery\n".to_vec());
    let both = desk.settle(2);
    assert_eq!(both.len(), 2, "changed bytes give a second run");
    assert!(both.iter().all(|(_, status)| *status == ExecutionStatus::Succeeded), "{}", desk.job_logs());
}

#[test]
fn a_run_without_a_usable_record_fails_with_one_mail() {
    let desk = desk_with_model("");
    desk.upload("invoice.csv", std::fs::read(sample("uploads/invoice.csv")).unwrap());
    let runs = desk.settle(1);
    assert_eq!(runs[0].1, ExecutionStatus::Failed);
    assert_eq!(desk.summary(&runs[0].0).verdict, Verdict::Failed);
    let mails = desk.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].subject.contains("FAILED") && mails[0].text.contains("invoice.csv"), "{}", mails[0].text);
}

#[test]
fn a_missing_model_ends_in_one_failure_mail_that_says_so() {
    let desk = Desk::deploy("");
    desk.upload("good.csv", b"text\nexcellent phone\n".to_vec());
    let runs = desk.settle(1);
    assert_eq!(runs[0].1, ExecutionStatus::Failed);
    let mails = desk.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].subject.contains("FAILED") && mails[0].text.contains("model"), "{}", mails[0].text);
}

/// Trains the first model on so few reviews that labels which come in later can beat it.
fn desk_with_weak_model(configuration: &str) -> Desk {
    let desk = Desk::deploy(configuration);
    let work = tempfile::tempdir().unwrap();
    let reviews = work.path().join("few.csv");
    let mut all = String::new();
    let file = std::fs::File::open(sample("train/reviews.csv.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut all).unwrap();
    std::fs::write(&reviews, all.lines().step_by(10).collect::<Vec<_>>().join("\n")).unwrap();
    let models = work.path().join("models");
    let mut tamiz = binary("tamiz");
    succeed(tamiz.arg("train").arg(&reviews).arg("--models").arg(&models).args(["--name", "reviews"]));
    desk.copy_in(&models, "models");
    desk
}

#[test]
fn labels_that_arrive_train_a_better_model_which_the_next_run_uses() {
    let desk = desk_with_weak_model("[retrain]\nmin_new_labels = 3_500\n");
    let upload = |name: &str| desk.upload(name, std::fs::read(sample("uploads").join(name)).unwrap());
    let version = |run: &RunId| desk.summary(run).model.unwrap().version;
    upload("films.csv.gz");
    let first = desk.settle(1).remove(0);
    assert_eq!(first.1, ExecutionStatus::Succeeded, "{}", desk.job_logs());
    let weak = version(&first.0);
    assert!(!desk.summary(&first.0).retrain, "too few labels yet");

    // The threshold is passed; the run itself is labelled by the model of the time.
    upload("electronics.csv.gz");
    let runs = desk.settle(2);
    let second = runs.iter().find(|(run, _)| *run != first.0).unwrap().clone();
    assert_eq!(second.1, ExecutionStatus::Succeeded, "{}", desk.job_logs());
    assert!(desk.summary(&second.0).retrain, "{:?}", desk.summary(&second.0));
    assert_eq!(version(&second.0), weak);
    let mails = desk.mails();
    let told = mails
        .iter()
        .find(|mail| mail.subject.contains("PROMOTED reviews"))
        .unwrap_or_else(|| panic!("{mails:?}\n{}", desk.job_logs()));
    assert!(
        told.text.contains(&format!("before, {weak}")) && told.text.contains("Rules of promotion:"),
        "{}",
        told.text
    );

    desk.upload("good.csv", b"text\nexcellent phone\n".to_vec());
    let runs = desk.settle(3);
    let third = runs.iter().find(|(run, _)| *run != first.0 && *run != second.0).unwrap();
    let better = version(&third.0);
    assert_ne!(better, weak, "the next run uses the new model");
    assert!(told.text.contains(&format!("{better} from now on")), "{}", told.text);
    assert_eq!(desk.mails().len(), 4, "one mail a run, one of the training: {:?}", desk.mails());

    // And a person can take it back, by one command.
    let models = desk.bucket("models").uri().to_string();
    let back = ["models", "rollback", "--models", &models, "--name", "reviews", "--why", "A test says so."];
    let said = succeed(desk.aws_environment(&mut binary("tamiz")).args(back));
    assert!(said.contains(&format!("{weak} is in use again, in the place of {better}")), "{said}");
    let listed = succeed(desk.aws_environment(&mut binary("tamiz")).args(["models", "list", "--models", &models]));
    let in_use = listed.lines().find(|line| line.contains("in use")).unwrap();
    assert!(in_use.contains(&weak) && in_use.contains("rolled back to"), "{listed}");
}

#[test]
fn a_dispatcher_that_polls_the_queue_by_hand_starts_the_run_too() {
    let desk = desk_with_model("");
    desk.without_function();
    desk.upload("good.csv", b"text\nexcellent phone\n".to_vec());
    succeed(desk.aws_environment(&mut binary("tamiz-dispatcher")).arg("--once").args(desk.dispatcher_arguments()));
    let runs = desk.settle(1);
    assert_eq!(runs[0].1, ExecutionStatus::Succeeded, "{}", desk.job_logs());
}

//! The whole pipe on a folder, without AWS: the CLI, and each job by hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::path::{Path, PathBuf};

use tamiz_domain::{EtlReport, ModelMetrics, ModelPointer, RejectReason, Summary, Verdict};
use tamiz_e2e::{binary, column_of_labels, printed, read_parts, root, sample, succeed, train};

/// The one run below a results folder.
fn only_run(out: &Path) -> PathBuf {
    let runs: Vec<_> = std::fs::read_dir(out.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

fn json<T: serde::de::DeserializeOwned>(file: PathBuf) -> T {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

/// Every file below a folder with its content, for comparing runs byte for byte.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What the summary of a run says, but for how long it took.
fn timeless(run: &Path) -> Summary {
    let summary: Summary = json(run.join("summary.json"));
    assert!(summary.labelling.as_ref().is_some_and(|labelling| labelling.rows > 0 && labelling.seconds > 0.0));
    Summary { labelling: None, ..summary }
}

#[test]
fn a_run_on_a_folder_labels_every_review_and_a_rerun_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    train(&models);
    let run = |out: &str, threads: &str| {
        let out = folder.path().join(out);
        let text = succeed(
            binary("tamiz")
                .arg("run")
                .args(
                    ["electronics.csv.gz", "films.csv.gz", "phones.jsonl", "invoice.csv"]
                        .map(|n| sample("uploads").join(n)),
                )
                .args(["--threads", threads, "--config"])
                .arg(root().join("configs/demo.toml"))
                .arg("--model")
                .arg(models.join("reviews"))
                .arg("--out")
                .arg(&out),
        );
        (text, only_run(&out))
    };
    let (text, first) = run("first", "1");
    assert!(text.contains("accuracy") && text.contains("4,475"), "{text}");
    let summary: Summary = json(first.join("summary.json"));
    assert_eq!((summary.verdict, summary.counts.input, summary.counts.rejected), (Verdict::Ok, 4_475, 6));
    let rows = read_parts(&first.join("predictions"));
    assert_eq!(rows.num_rows() as u64, summary.counts.ok);
    assert!(column_of_labels(&rows, "predicted").iter().all(Option::is_some));
    let before = contents(&first);
    let (_, second) = run("second", "2");
    // The page says where it lies; it and the summary say how long it took.
    let told = |(path, _): &(PathBuf, Vec<u8>)| {
        ["report.html", "summary.json", "timings"].iter().any(|name| path.starts_with(name))
    };
    let data = |files: Vec<(PathBuf, Vec<u8>)>| files.into_iter().filter(|file| !told(file)).collect::<Vec<_>>();
    for ((path, first), (_, second)) in data(before.clone()).iter().zip(&data(contents(&second))) {
        assert!(first == second, "{} differs from run to run", path.display());
    }
    assert_eq!(timeless(&first), timeless(&second));
    let (_, again) = run("first", "2");
    assert!(contents(&again) == before, "running over a finished run changes nothing");
}

#[test]
fn every_kind_of_broken_file_is_named_and_the_good_file_goes_through() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    train(&models);
    let gzip = std::fs::read(sample("uploads/electronics.csv.gz")).unwrap();
    let broken: [(&str, &[u8], RejectReason); 6] = [
        ("empty.csv", b"", RejectReason::EmptyFile),
        ("header.csv", b"label,text\n", RejectReason::HeaderOnly),
        ("column.csv", b"label,price\n1,9.99\n", RejectReason::MissingColumn),
        ("paper.csv", b"%PDF-1.4\n1 0 obj<<>>endobj\n", RejectReason::UnknownFormat),
        ("cut.csv.gz", &gzip[..gzip.len() / 2], RejectReason::TruncatedFile),
        ("archive.csv", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00", RejectReason::UnknownFormat),
    ];
    let mut command = binary("tamiz");
    command.arg("run").arg("--model").arg(models.join("reviews")).arg("--out").arg(folder.path().join("out"));
    for (name, content, _) in broken {
        std::fs::write(folder.path().join(name), content).unwrap();
        command.arg(folder.path().join(name));
    }
    let good = folder.path().join("good.csv");
    std::fs::write(&good, "label,text\n2,excellent phone\n1,\"awful,\nreally\"\n2,\"never closed\n1,good\n").unwrap();
    command.arg(good);
    let output = command.output().unwrap();
    let run = only_run(&folder.path().join("out"));
    let report: EtlReport = json(run.join("etl.json"));
    for (name, _, reason) in broken {
        let file = report.files.iter().find(|file| file.source.ends_with(name)).unwrap();
        assert_eq!(file.problem.as_ref().map(|problem| problem.reason), Some(reason), "{name}");
    }
    let mail = std::fs::read_dir(folder.path().join("out/mail")).unwrap().next().unwrap().unwrap().path();
    let mail = std::fs::read_to_string(mail).unwrap();
    for (name, _, reason) in broken {
        assert!(mail.contains(name), "the mail names {name}:\n{mail}");
        assert!(mail.contains(&reason.remedy()[..20]), "the mail says what to do about {name}:\n{mail}");
    }
    let summary: Summary = json(run.join("summary.json"));
    assert!(summary.counts.is_conserved() && summary.counts.ok > 300, "{summary:?}");
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", printed(&output));
}

#[test]
fn a_run_without_a_usable_record_ends_with_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    train(&models);
    let mut command = binary("tamiz");
    command.arg("run").arg(sample("uploads/invoice.csv")).arg("--model").arg(models.join("reviews"));
    let output = command.arg("--out").arg(folder.path().join("out")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    let summary: Summary = json(only_run(&folder.path().join("out")).join("summary.json"));
    assert_eq!(summary.verdict, Verdict::Failed);
}

#[test]
fn paths_that_lead_through_a_parent_folder_work() {
    let folder = tempfile::tempdir().unwrap();
    train(&folder.path().join("models"));
    std::fs::create_dir(folder.path().join("below")).unwrap();
    std::fs::copy(sample("uploads/phones.jsonl"), folder.path().join("phones.jsonl")).unwrap();
    let mut command = binary("tamiz");
    command.current_dir(folder.path().join("below"));
    succeed(command.args(["run", "../phones.jsonl", "--model", "../models/reviews", "--out", "../below/../results"]));
    assert!(only_run(&folder.path().join("results")).join("report.html").exists());
}

#[test]
fn wrong_usage_ends_with_exit_code_2_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary("tamiz");
    command.arg("run").arg(sample("uploads/phones.jsonl")).arg("--model").arg(folder.path().join("none"));
    let output = command.arg("--out").arg(folder.path().join("out")).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", printed(&output));
    assert!(printed(&output).contains("no model at"), "{}", printed(&output));
    assert!(!folder.path().join("out").exists(), "nothing is done before the model is found");
}

#[test]
fn each_job_runs_by_hand_on_local_paths_by_flags_or_environment() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    train(&models);
    succeed(
        binary("tamiz")
            .arg("run")
            .arg(sample("uploads/phones.jsonl"))
            .arg("--model")
            .arg(models.join("reviews"))
            .arg("--out")
            .arg(folder.path().join("cli")),
    );
    let planned = only_run(&folder.path().join("cli"));
    let run = folder.path().join("hand").join("runs").join(planned.file_name().unwrap());
    std::fs::create_dir_all(&run).unwrap();
    std::fs::copy(planned.join("manifest.json"), run.join("manifest.json")).unwrap();

    succeed(binary("tamiz-etl").arg("--manifest").arg(run.join("manifest.json")).arg("--output").arg(&run));
    succeed(
        binary("tamiz-inference")
            .env("TAMIZ_SHARDS", &run)
            .env("TAMIZ_MODEL", models.join("reviews"))
            .env("TAMIZ_OUTPUT", &run),
    );
    succeed(
        binary("tamiz-monitor")
            .arg("--run")
            .arg(&run)
            .arg("--results")
            .arg(&run)
            .arg("--models")
            .arg(models.join("reviews")),
    );
    for part in ["shards/part-00000.parquet", "predictions/part-00000.parquet", "etl.json"] {
        assert!(std::fs::read(run.join(part)).unwrap() == std::fs::read(planned.join(part)).unwrap(), "{part} differs");
    }
    assert_eq!(timeless(&run), timeless(&planned));
    succeed(
        binary("tamiz-retrain")
            .arg("--training-data")
            .arg(&run)
            .arg("--models")
            .arg(folder.path().join("other"))
            .args(["--name", "phones"]),
    );
    assert!(folder.path().join("other/phones").is_dir());
}

#[test]
fn a_file_with_several_label_columns_trains_a_model_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let (file, models) = (folder.path().join("reviews.csv"), folder.path().join("models"));
    let topics = [("price", "It cost too much"), ("size", "It is too small"), ("delivery", "It came too late")];
    let row = |n: usize| {
        let ((topic, text), urgent) = (topics[n % 3], n.is_multiple_of(2));
        let plea = if urgent { "please answer at once" } else { "I can wait" };
        format!("{topic},{},\"{text}, {plea}, order {n}\"\n", if urgent { 1 } else { 0 })
    };
    let rows: String = (0..600).map(row).collect();
    std::fs::write(&file, format!("topic,urgent,text\n{rows}")).unwrap();
    let train = |columns: &str| {
        let mut command = binary("tamiz");
        command.arg("train").arg(&file).args(["--label-columns", columns, "--name", "mail", "--models"]).arg(&models);
        command
    };
    succeed(&mut train("topic,urgent"));
    let names = |model: &str| -> Vec<(i8, String)> {
        let pointer: ModelPointer = json(models.join(model).join("latest.json"));
        let metrics: ModelMetrics = json(models.join(model).join(pointer.version).join("metrics.json"));
        assert!(metrics.holdout.accuracy > 0.95, "{model}: {}", metrics.holdout.accuracy);
        metrics.labels.0.into_iter().map(|class| (class.value, class.name)).collect()
    };
    let expected = ["delivery", "price", "size"].into_iter().zip(0..).map(|(name, value)| (value, name.to_owned()));
    assert_eq!(names("mail_topic"), expected.collect::<Vec<_>>());
    assert_eq!(names("mail_urgent"), [(0, "0".to_owned()), (1, "1".to_owned())]);

    let output = train("nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(printed(&output).contains("too few labelled texts: none at all"), "{}", printed(&output));
}

/// What the original design (TF-IDF of 5,000 words and logistic regression) reaches on the same split.
const ORIGINAL_DESIGN: f64 = 0.854;

#[test]
fn the_default_model_does_at_least_as_well_as_the_original_design_needs_tamiz_data() {
    let data = PathBuf::from(std::env::var_os("TAMIZ_DATA").unwrap()).join("polarity");
    let folder = tempfile::tempdir().unwrap();
    let (models, out) = (folder.path().join("models"), folder.path().join("out"));
    succeed(
        binary("tamiz")
            .arg("train")
            .arg(data.join("train.csv.zst"))
            .args(["--name", "polarity", "--models"])
            .arg(&models),
    );
    let mut command = binary("tamiz");
    command
        .arg("run")
        .arg(data.join("test.csv.zst"))
        .arg("--model")
        .arg(models.join("polarity"))
        .arg("--out")
        .arg(&out);
    succeed(&mut command);
    let summary: Summary = json(only_run(&out).join("summary.json"));
    let metrics = summary.quality.unwrap().metrics;
    assert_eq!(metrics.rows, 20_000);
    assert!(metrics.accuracy >= ORIGINAL_DESIGN, "accuracy {}", metrics.accuracy);
}

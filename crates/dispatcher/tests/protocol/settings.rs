//! Flags and configuration: wrong ones end in a clear line and never in a default.

use std::sync::Arc;

use clap::Parser;
use tamiz_dispatcher::{Dispatcher, Settings};
use tamiz_domain::{Disposed, Disposition};

use crate::desk::Desk;
use crate::fuse::Fuse;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

const ARN: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:tamiz-pipeline";

fn parse(flags: &[&str]) -> Result<Settings, String> {
    let parsed = Cli::try_parse_from([&["tamiz-dispatcher"], flags].concat());
    parsed.map(|cli| cli.settings).map_err(|error| error.to_string())
}

#[test]
fn all_flags_are_read() {
    let settings = parse(&[
        "--queue-url=https://sqs/uploads",
        &format!("--state-machine-arn={ARN}"),
        "--staging=s3://staging",
        "--once",
        "--config=s3://artifacts/pipeline.toml",
        "--job-queues=cpu,gpu",
    ])
    .unwrap();
    assert_eq!(settings.staging.to_string(), "s3://staging/");
    assert_eq!(settings.job_queues, ["cpu", "gpu"]);
    assert!(settings.once);
}

#[test]
fn wrong_flags_say_what_was_expected() {
    let error = |queue: &str, arn: &str, staging: &str| {
        let flags =
            [format!("--queue-url={queue}"), format!("--state-machine-arn={arn}"), format!("--staging={staging}")];
        parse(&flags.each_ref().map(String::as_str)).unwrap_err()
    };
    assert!(error("uploads", ARN, "s3://b").contains("a queue URL starts with https://"));
    assert!(error("https://q", "tamiz", "s3://b").contains("stateMachine:NAME"));
    assert!(error("https://q", ARN, "gs://b").contains("is not supported; use s3:// or a local path"));
    assert!(parse(&[]).unwrap_err().contains("--queue-url"));
}

async fn open(configuration: &str) -> Result<Dispatcher, tamiz_dispatcher::DispatchError> {
    let desk = Desk::default();
    desk.limit(configuration);
    let deps = desk.deps(&Arc::new(Fuse::none()));
    Dispatcher::open(&desk.settings(&deps).await, &deps).await
}

#[tokio::test]
async fn a_wrong_configuration_halts_and_names_file_and_key() {
    for (configuration, expected) in [
        ("max_object = 3", "s3://artifacts/configuration/pipeline.toml: line 2: unknown field `max_object`"),
        ("max_objects = 0", "s3://artifacts/configuration/pipeline.toml: dispatch.max_objects: at least 1"),
    ] {
        let error = open(configuration).await.err().unwrap();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.disposition(), Disposition::Halt);
    }
}

#[tokio::test]
async fn what_differs_in_an_environment_counts_and_is_told_by_its_own_file() {
    let open = async |difference: &str| {
        let desk = Desk::default();
        desk.limit("max_objects = 3");
        let deps = desk.deps(&Arc::new(Fuse::none()));
        let mut settings = desk.settings(&deps).await;
        let over = "s3://artifacts/configuration/prod.toml";
        deps.stores.open(&over.parse().unwrap()).unwrap().write("", difference.to_owned()).await.unwrap();
        settings.config.push(over.parse().unwrap());
        Dispatcher::open(&settings, &deps).await
    };
    assert!(open("[budget]\nmax_failed_share = 0.5").await.is_ok());
    let error = open("[dispatch]\nmax_objects = 0").await.err().unwrap().to_string();
    assert!(error.contains("prod.toml: dispatch.max_objects: at least 1"), "{error}");
    let error = open("[dispatch]\nmax_object = 1").await.err().unwrap().to_string();
    assert!(error.starts_with("s3://artifacts/configuration/prod.toml: line 2: unknown field `max_object`"), "{error}");
}

#[tokio::test]
async fn a_missing_configuration_halts_instead_of_falling_back_to_defaults() {
    let desk = Desk::default();
    let deps = desk.deps(&Arc::new(Fuse::none()));
    let mut settings = desk.settings(&deps).await;
    settings.config = vec!["s3://artifacts/elsewhere.toml".parse().unwrap()];
    let error = Dispatcher::open(&settings, &deps).await.err().unwrap();
    assert_eq!(error.disposition(), Disposition::Halt);
    assert!(error.to_string().contains("s3://artifacts/elsewhere.toml"));
}

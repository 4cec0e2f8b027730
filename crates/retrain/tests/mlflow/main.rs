//! The report of a training to MLflow, against a real server (`requirements.txt` beside this file).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod ask;
mod away;
mod credentials;
mod proxy;
mod record;
mod registry;
mod retraining;
mod server;
mod warnings;

use jiff::Timestamp;
use tamiz_retrain::mlflow;

use crate::mlflow::{Credentials, RunStart, Settings};

/// A clock that stands still, so that what is asked back is known beforehand.
const NOW: i64 = 1_700_000_000_000;

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW).unwrap()
}

fn settings(uri: &str, experiment: &str) -> Settings {
    Settings {
        tracking_uri: Some(uri.parse().unwrap()),
        experiment: experiment.to_owned(),
        credentials: Credentials::Anonymous,
    }
}

fn run<'a>(name: &'a str, tags: &'a [(&'a str, &'a str)]) -> RunStart<'a> {
    RunStart { name, tags, now }
}

/// A test of several scenarios, one after the other. The test runner gives each test a process of its own, and a server takes seconds to
/// start: whoever shares one must share a test.
macro_rules! scenarios {
    ($test:ident: $($module:ident::$scenario:ident),+ $(,)?) => {
        #[tokio::test]
        async fn $test() {
            $(
                println!(concat!(stringify!($module), ": ", stringify!($scenario)));
                $module::$scenario().await;
            )+
        }
    };
}

scenarios!(a_server_that_works_holds_the_whole_report:
    record::a_training_is_recorded_whole,
    record::files_arrive_byte_for_byte,
    record::a_thread_records_more_than_a_batch_holds,
    record::what_mlflow_would_refuse_is_made_to_fit,
    record::trainings_that_start_at_once_share_an_experiment,
    record::a_deleted_experiment_is_named,
    record::a_server_that_serves_no_files_gets_the_rest,
    record::a_store_that_fails_costs_the_files_and_nothing_else,
    record::a_server_that_is_overloaded_for_a_moment_is_asked_again,
    registry::a_version_knows_its_run_its_files_and_its_tags,
    registry::the_same_digest_registers_no_second_version,
    registry::the_same_digest_under_another_name_is_another_version,
    registry::the_champion_moves_to_a_newer_version_and_back,
    registry::a_part_that_is_refused_does_not_end_the_report,
    retraining::a_retraining_is_told_with_its_epochs_its_model_and_its_champion,
);

scenarios!(a_server_that_asks_who_is_there_is_told:
    credentials::the_right_password_opens_the_server,
    credentials::a_wrong_password_is_told_of_and_not_repeated,
    credentials::a_token_travels_as_a_bearer,
);

scenarios!(a_server_that_goes_away_costs_the_report_and_nothing_else:
    away::a_server_that_goes_away_is_told_of_once,
    away::a_network_that_goes_away_before_a_file_is_told_of_once,
    away::a_server_that_never_was_is_told_of_once,
    away::without_a_server_nothing_is_said,
    retraining::a_server_that_is_away_costs_the_report_and_nothing_else,
);

//! The flags of the report.

use super::tracking_uri::TrackingUriParser;
use super::{Credentials, TrackingUri};

/// Where to report to. The variables are MLflow's own, so that what its clients use works here too.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// MLflow server that gets a report of the training, an http or https address; without it none does.
    /// Credentials come from the environment only: MLFLOW_TRACKING_USERNAME with MLFLOW_TRACKING_PASSWORD, or
    /// MLFLOW_TRACKING_TOKEN
    // Hidden because a URI that holds a password is refused, but `--help` prints it before anybody looks.
    #[arg(
        long = "mlflow-tracking-uri",
        env = "MLFLOW_TRACKING_URI",
        help_heading = "MLflow",
        hide_env_values = true,
        value_name = "URI",
        value_parser = TrackingUriParser
    )]
    pub tracking_uri: Option<TrackingUri>,
    /// MLflow experiment that the report belongs to; made if there is none of this name
    #[arg(
        long = "mlflow-experiment",
        help_heading = "MLflow",
        env = "MLFLOW_EXPERIMENT_NAME",
        value_name = "NAME",
        default_value = "tamiz"
    )]
    pub experiment: String,
    /// Who reports. No flag: every user of a machine can read the command lines of all.
    #[arg(skip = Credentials::from_environment())]
    pub credentials: Credentials,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn the_experiment_has_a_name_of_its_own() {
        let settings =
            Cli::try_parse_from(["report", "--mlflow-tracking-uri", "http://localhost:5000"]).unwrap().settings;
        assert_eq!(settings.tracking_uri.unwrap().to_string(), "http://localhost:5000");
        assert_eq!(settings.experiment, "tamiz");
    }

    #[test]
    fn help_shows_no_address_and_no_flag_takes_a_secret() {
        let command = Cli::command();
        let flags: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_long()).collect();
        assert_eq!(flags, ["mlflow-tracking-uri", "mlflow-experiment"]);
        let uri = command.get_arguments().find(|argument| argument.get_id() == "tracking_uri").unwrap();
        assert!(uri.is_hide_env_values_set());
    }
}

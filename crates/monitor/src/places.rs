//! Where the objects of a run lie, and the commands that lead there.

use tamiz_domain::RunLayout;
use tamiz_ports::ObjectUri;

use crate::Settings;
use crate::diagnosis::{Diagnosis, Look};

/// The folders of a run and the name of the deployment.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Name of the deployment.
    pub(crate) project: String,
    /// Staging folder of the run.
    pub(crate) run: ObjectUri,
    /// Results folder of the run.
    pub(crate) results: ObjectUri,
    /// Folder of the model's name.
    pub(crate) models: ObjectUri,
}

impl Places {
    /// Those that the monitor is told.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            project: settings.project.clone(),
            run: settings.run.clone(),
            results: settings.results.clone(),
            models: settings.models.clone(),
        }
    }

    /// The command to type after a failed stage: it shows the trace, or does the stage again by hand where there
    /// is no AWS to ask.
    pub(crate) fn next_command(&self, failure: &Diagnosis, run_id: &str) -> String {
        if self.run.is_s3() {
            return match failure.look {
                Look::ModelFolder => format!("aws s3 ls --recursive {}/", quoted(&self.models.to_string())),
                Look::JobLog => self.log_command(failure, run_id),
            };
        }
        let run = quoted(&self.run.to_string());
        let results = quoted(&self.results.to_string());
        let models = quoted(&self.models.to_string());
        match failure.stage.as_str() {
            "etl" => {
                format!("tamiz-etl --manifest {} --output {run}", quoted(&self.run.join("manifest.json").to_string()))
            }
            "inference" => format!("tamiz-inference --shards {run} --model {models} --output {results}"),
            _ => format!("tamiz-monitor --run {run} --results {results} --models {models}"),
        }
    }

    /// The command that shows the lines with a word in the log of a failed stage.
    pub(crate) fn log_command(&self, failure: &Diagnosis, word: &str) -> String {
        let group = format!("/{}/{}", self.project, failure.stage);
        format!("aws logs tail {} --since 1d --filter-pattern {word}", quoted(&group))
    }

    /// The command that asks for a retraining.
    pub(crate) fn retrain_command(&self) -> String {
        format!("scripts/retrain.sh --project {}", quoted(&self.project))
    }

    /// The command that brings the report onto the screen.
    pub(crate) fn report_command(&self) -> String {
        let report = quoted(&self.results.join(RunLayout::REPORT).to_string());
        if self.results.is_s3() { format!("aws s3 cp {report} .") } else { format!("xdg-open {report}") }
    }

    /// The command that processes a run's files once more; none where no deployment knows the run.
    pub(crate) fn again_command(&self, run_id: &str) -> Option<String> {
        self.run.is_s3().then(|| format!("tamiz replay --project {} {run_id}", quoted(&self.project)))
    }
}

/// `word` as a POSIX shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/:._-=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_key_stays_one_word_of_the_command() {
        assert_eq!(quoted("s3://b/a b"), "'s3://b/a b'");
        assert_eq!(quoted("x'; rm -rf ~; '"), r"'x'\''; rm -rf ~; '\'''");
    }
}

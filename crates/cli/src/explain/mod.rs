//! `tamiz explain`: what happened to a file, a run or a review.

mod file;
mod review;
mod run;

use std::process::ExitCode;

use serde::Serialize;
use tamiz_aws::Deployment;

use crate::error::CommandError;
use crate::output::{Format, put};
use crate::place::Where;

/// Tell what happened to an uploaded file, to a run, or to a review
///
/// From the upload over its run to the mail, step by step, with the place of everything.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An uploaded file (s3://…, or the file that `tamiz run` was given), the first digits of a run's id, or a review id
    #[arg(value_name = "FILE|RUN|REVIEW_ID")]
    what: String,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    format: Format,
}

/// What happened, in order.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// What was asked about.
    pub what: String,
    /// One thing after the other.
    pub steps: Vec<Step>,
    /// What to do next, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What kind of thing, in a word.
    pub step: &'static str,
    /// What is to be said of it.
    pub told: String,
    /// Where it can be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Step {
    fn new(step: &'static str, told: impl Into<String>) -> Self {
        Self { step, told: told.into(), place: None }
    }

    fn at(self, place: String) -> Self {
        Self { place: Some(place), ..self }
    }
}

/// Explains.
pub async fn explain(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let what = arguments.what;
    let place = arguments.place.open(Deployment::project_of(&what, "input")).await?;
    let (steps, next) = if review::is_id(&what) {
        review::explain(&place, &what).await?
    } else if what.starts_with("s3://") || (place.cloud.is_none() && what.contains(['/', '.'])) {
        file::explain(&place, &what).await?
    } else {
        let run_id = place.run(&what).await?;
        run::explain(&place, &run_id, None).await?
    };
    let explanation = Explanation { what, steps, next };
    put(&explanation, arguments.format, || in_words(&explanation))?;
    Ok(ExitCode::SUCCESS)
}

fn in_words(explanation: &Explanation) -> String {
    let mut lines = Vec::new();
    for Step { step, told, place } in &explanation.steps {
        lines.push(format!("{step:<11}{told}"));
        lines.extend(place.as_ref().map(|place| format!("{:<11}{place}", "")));
    }
    lines.extend(explanation.next.as_ref().map(|next| format!("\nnext: {next}")));
    lines.join("\n")
}

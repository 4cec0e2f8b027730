//! `card.md`: the model for people. Holds no time, so that the same training gives the same bytes.

use std::fmt::Write;

use tamiz_domain::{MetricSet, ModelMetrics};

use crate::promotion::percent;
use crate::recipe::Recipe;
use crate::split::Split;

/// What the card tells of.
pub(crate) struct Card<'a> {
    /// Figures and lineage.
    pub metrics: &'a ModelMetrics,
    /// How it was trained.
    pub recipe: &'a Recipe,
    /// On which rows.
    pub split: &'a Split,
}

/// The card as Markdown.
pub(crate) fn card(card: &Card<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, card);
    text
}

fn write(out: &mut String, card: &Card<'_>) -> std::fmt::Result {
    let Card { metrics, split, .. } = card;
    let labels: Vec<String> =
        metrics.labels.0.iter().map(|class| format!("{} ({})", class.name, class.value)).collect();
    writeln!(out, "# Review classifier, {} architecture\n", metrics.architecture)?;
    writeln!(out, "Puts review texts into the classes {}.\n", labels.join(", "))?;
    writeln!(out, "## Data\n")?;
    writeln!(
        out,
        "- {} texts to train with, {} of them to decide when to stop",
        metrics.train_rows,
        split.validation.len()
    )?;
    writeln!(out, "- {} texts held out, which training never saw", split.holdout.len())?;
    let dropped = split.dropped;
    writeln!(
        out,
        "- left out: {} repeated, {} with contradictory labels, {} that are in the test data",
        dropped.repeated, dropped.contradictory, dropped.in_test
    )?;
    let runs = if metrics.training_runs.is_empty() {
        "none; shards were given directly".into()
    } else {
        metrics.training_runs.join(", ")
    };
    writeln!(out, "- runs: {runs}\n")?;
    table(out, "Hold-out", metrics, &metrics.holdout)?;
    if let Some(test) = &metrics.test {
        table(out, "Test data from elsewhere", metrics, test)?;
    }
    writeln!(out, "## Training\n")?;
    writeln!(out, "{}, Tamiz {}.", card.recipe.describe(), env!("CARGO_PKG_VERSION"))
}

fn table(out: &mut String, title: &str, metrics: &ModelMetrics, figures: &MetricSet) -> std::fmt::Result {
    writeln!(out, "## {title}\n")?;
    let loss = figures.log_loss.map(|loss| format!(", log loss {loss:.4}")).unwrap_or_default();
    let error = figures.calibration_error.map(|error| format!(", calibration error {error:.4}")).unwrap_or_default();
    let (low, high) = figures.accuracy_interval();
    writeln!(
        out,
        "{} rows: accuracy {} ({} to {} with 95% confidence), macro-F1 {:.4}{loss}{error}\n",
        figures.rows,
        percent(figures.accuracy),
        percent(low),
        percent(high),
        figures.macro_f1
    )?;
    writeln!(out, "| class | rows | precision | recall | F1 |\n|---|---:|---:|---:|---:|")?;
    for (&value, class) in &figures.classes {
        writeln!(
            out,
            "| {} | {} | {:.4} | {:.4} | {:.4} |",
            metrics.labels.name_of(value),
            class.support,
            class.precision,
            class.recall,
            class.f1
        )?;
    }
    writeln!(out)
}

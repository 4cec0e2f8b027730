//! `card.md`: the model for people, up to what is decided about it.

use std::fmt::Write;

use tamiz_domain::{CrossValidation, LabelClass, Lineage, MetricSet, ModelMetrics};

use super::{Recipe, Searched};
use crate::data::Split;
use crate::percent;

/// What the card tells of.
pub(crate) struct Card<'a> {
    /// Figures and lineage.
    pub metrics: &'a ModelMetrics,
    /// How it was trained.
    pub recipe: &'a Recipe,
    /// On which rows.
    pub split: &'a Split,
    /// How its settings were found, if they were searched.
    pub searched: Option<&'a Searched>,
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
    let finds_entities = metrics.holdout.entity_f1.is_some();
    let class = |class: &LabelClass| match finds_entities {
        true => class.name.clone(),
        false => format!("{} ({})", class.name, class.value),
    };
    let labels = metrics.labels.0.iter().map(class).collect::<Vec<_>>().join(", ");
    let (title, purpose) = match finds_entities {
        true => ("Entity finder", "Finds entities in review texts, of the kinds"),
        false => ("Review classifier", "Puts review texts into the classes"),
    };
    writeln!(out, "# {title}, {} architecture\n\n{purpose} {labels}.\n", metrics.architecture)?;
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
    slices(out, metrics)?;
    behaviour(out, metrics)?;
    if let Some(test) = &metrics.test {
        table(out, "Test data from elsewhere", metrics, test)?;
    }
    if let Some(crossed) = &metrics.cross_validation {
        cross_validation(out, crossed)?;
    }
    if let Some(labels) = metrics.suspected_labels {
        writeln!(out, "## Labels\n")?;
        writeln!(
            out,
            "{} of {} rows that the model never saw have a label that it contradicts with confidence; label_noise.csv names them.\n",
            labels.suspected, labels.rows
        )?;
    }
    writeln!(out, "## Training\n")?;
    writeln!(out, "{}, Tamiz {}.", card.recipe.describe(), env!("CARGO_PKG_VERSION"))?;
    if let Some(searched) = card.searched {
        writeln!(
            out,
            "The best of {} draws by successive halving on the validation rows; search.json has every trial.",
            searched.space.trials
        )?;
    }
    match &metrics.lineage {
        Some(lineage) => provenance(out, lineage),
        None => Ok(()),
    }
}

fn slices(out: &mut String, metrics: &ModelMetrics) -> std::fmt::Result {
    if metrics.slices.is_empty() {
        return Ok(());
    }
    writeln!(out, "| part of the hold-out | | rows | accuracy | macro-F1 |\n|---|---|---:|---:|---:|")?;
    for slice in &metrics.slices {
        writeln!(
            out,
            "| {} | {} | {} | {} | {:.4} |",
            slice.by,
            slice.value,
            slice.rows,
            percent(slice.accuracy),
            slice.macro_f1
        )?;
    }
    writeln!(out)
}

fn behaviour(out: &mut String, metrics: &ModelMetrics) -> std::fmt::Result {
    writeln!(out, "## Behaviour\n")?;
    writeln!(
        out,
        "Texts of the hold-out, changed in a way that should leave the answer as it is; of negation, praise and its denial, which\nshould not get the same one (counted here where they do).\n"
    )?;
    writeln!(out, "| test | cases | failures | rate | wrong afterwards |\n|---|---:|---:|---:|---:|")?;
    for test in &metrics.behaviour {
        let name = test.test.replace('_', " ");
        let (failed, wrong) = (percent(test.failure_rate()), percent(test.error_rate()));
        writeln!(out, "| {name} | {} | {} | {failed} | {wrong} |", test.cases, test.failures)?;
    }
    writeln!(out)
}

fn cross_validation(out: &mut String, crossed: &CrossValidation) -> std::fmt::Result {
    let CrossValidation { folds, accuracy, macro_f1, log_loss, entity_f1 } = crossed;
    let further = [("log loss", log_loss), ("entity F1", entity_f1)];
    let further = further.iter().filter_map(|(name, spread)| {
        spread.map(|spread| format!(", {name} {:.4} \u{b1} {:.4}", spread.mean, spread.deviation))
    });
    writeln!(out, "## Cross-validation\n")?;
    writeln!(
        out,
        "{folds} models, each trained without one part of the training rows and measured on it: accuracy {} \u{b1} {:.1} points, macro-F1 {:.4} \u{b1} {:.4}{} (mean and sample deviation).\n",
        percent(accuracy.mean),
        100.0 * accuracy.deviation,
        macro_f1.mean,
        macro_f1.deviation,
        further.collect::<String>(),
    )
}

fn provenance(out: &mut String, lineage: &Lineage) -> std::fmt::Result {
    writeln!(out, "\n## Lineage\n")?;
    writeln!(out, "| rows | number | SHA-256 of their ids, sorted |\n|---|---:|---|")?;
    let sets = [("training", &lineage.training), ("validation", &lineage.validation), ("hold-out", &lineage.holdout)];
    for (name, set) in sets {
        writeln!(out, "| {name} | {} | `{}` |", set.rows, set.digest)?;
    }
    writeln!(out, "\n| file | labelled rows | SHA-256 of ids, labels and texts |\n|---|---:|---|")?;
    for file in &lineage.data {
        writeln!(out, "| {} | {} | `{}` |", file.name, file.rows, file.digest)?;
    }
    let flags: Vec<String> = lineage.configuration.iter().map(|(flag, value)| format!("--{flag} {value}")).collect();
    writeln!(out, "\nLabels from the column `{}`; `{}`.", lineage.label_column, flags.join(" "))
}

fn table(out: &mut String, title: &str, metrics: &ModelMetrics, figures: &MetricSet) -> std::fmt::Result {
    writeln!(out, "## {title}\n")?;
    let loss = figures.log_loss.map(|loss| format!(", log loss {loss:.4}")).unwrap_or_default();
    let error = figures.calibration_error.map(|error| format!(", calibration error {error:.4}")).unwrap_or_default();
    let (low, high) = figures.accuracy_interval();
    let accuracy = format!("{} ({} to {} with 95% confidence)", percent(figures.accuracy), percent(low), percent(high));
    let (rows, macro_f1) = (figures.rows, figures.macro_f1);
    let head = match figures.entity_f1 {
        Some(f1) => {
            writeln!(
                out,
                "{rows} rows: entity F1 {f1:.4}, macro-F1 {macro_f1:.4}; all entities of a text right in {accuracy}\n"
            )?;
            "| kind | entities"
        }
        None => {
            writeln!(out, "{rows} rows: accuracy {accuracy}, macro-F1 {macro_f1:.4}{loss}{error}\n")?;
            "| class | rows"
        }
    };
    writeln!(out, "{head} | precision | recall | F1 |\n|---|---:|---:|---:|---:|")?;
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

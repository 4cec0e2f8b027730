//! Figures against the labels that came with the data.

use maud::{Markup, html};
use tamiz_domain::Slice;

use super::predicted::cell;
use crate::account::Account;
use crate::figures::{percent, printable, thousands};
use crate::page::section as page_section;

/// Accuracy by class and slice and the confusion matrix; for a run without labels what the scores say themselves.
pub(super) fn section(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return estimated(account) };
    let metrics = &quality.metrics;
    let (low, high) = metrics.accuracy_interval();
    let content = html! {
        p {
            strong { (percent(metrics.accuracy)) } " of " (thousands(metrics.rows))
            " labelled reviews were predicted as they are labelled (" (percent(low)) " to " (percent(high))
            " with 95% confidence); macro F1 " strong { (format!("{:.3}", metrics.macro_f1)) } "."
            @if let Some(loss) = metrics.log_loss { " Log loss " (format!("{loss:.3}")) "." }
            @if let Some(error) = metrics.calibration_error { " The confidence is off by " (percent(error)) " on average." }
            @if let Some(estimated) = &account.summary.estimated {
                " By its own scores the model expected " (percent(estimated.accuracy)) "."
            }
        }
        div.pair { (by_class(account)) (confusion(account)) }
        (slices(&quality.slices))
    };
    page_section("quality", "Accuracy", content)
}

/// What the model's own scores say where no labels came; nothing where they say nothing.
fn estimated(account: &Account) -> Markup {
    let Some(estimated) = &account.summary.estimated else { return html! {} };
    let content = html! {
        p {
            "About " strong { (percent(estimated.accuracy)) } " of the predictions are right by the model's own scores ("
            (percent(estimated.low)) " to " (percent(estimated.high)) "); macro F1 about "
            strong { (format!("{:.3}", estimated.macro_f1)) } ". No labels came with the data to check it."
        }
    };
    page_section("quality", "Accuracy, estimated", content)
}

fn slices(slices: &[Slice]) -> Markup {
    if slices.is_empty() {
        return html! {};
    }
    html! {
        table.stacked {
            caption { "Parts of the labelled reviews" }
            thead {
                tr {
                    th scope="col" { "Part" }
                    @for name in ["Reviews", "Accuracy", "95% interval", "Macro F1"] { th.number scope="col" { (name) } }
                }
            }
            tbody {
                @for slice in slices {
                    @let (low, high) = slice.accuracy_interval();
                    tr {
                        th scope="row" { (printable(&slice.by)) ": " (printable(&slice.value)) }
                        td.number data-name="Reviews" { (thousands(slice.rows)) }
                        td.number data-name="Accuracy" { (percent(slice.accuracy)) }
                        td.number data-name="95% interval" { (percent(low)) " – " (percent(high)) }
                        td.number data-name="Macro F1" { (format!("{:.3}", slice.macro_f1)) }
                    }
                }
            }
        }
    }
}

fn by_class(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return html! {} };
    html! {
        div.scroll tabindex="0" role="group" aria-label="Figures by class" {
            table.figures-table {
                caption { "By class of the label" }
                thead { tr { th scope="col" { "Class" } @for name in ["Precision", "Recall", "F1", "Reviews"] { th.number scope="col" { (name) } } } }
                tbody {
                    @for (&class, figures) in &quality.metrics.classes {
                        tr {
                            th scope="row" { (printable(&account.class_name(class))) }
                            td.number { (percent(figures.precision)) }
                            td.number { (percent(figures.recall)) }
                            td.number { (format!("{:.3}", figures.f1)) }
                            td.number { (thousands(figures.support)) }
                        }
                    }
                }
            }
        }
    }
}

fn confusion(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return html! {} };
    let classes: Vec<i8> = account.summary.class_names.keys().copied().collect();
    html! {
        div.scroll tabindex="0" role="group" aria-label="Confusion matrix" {
            table.matrix {
                caption { "Confusion matrix: label (rows) and predicted class (columns), with the share of the row" }
                thead { tr { td {} @for &class in &classes { th scope="col" { (printable(&account.class_name(class))) } } } }
                tbody {
                    @for (&label, row) in &quality.metrics.confusion {
                        @let total = row.values().sum();
                        tr {
                            th scope="row" { (printable(&account.class_name(label))) }
                            @for class in &classes { (cell(row.get(class).copied().unwrap_or(0), total)) }
                        }
                    }
                }
            }
        }
    }
}

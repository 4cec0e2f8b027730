//! Figures against the labels that came with the data.

use maud::{Markup, html};

use super::predicted::cell;
use crate::account::Account;
use crate::figures::{percent, printable, thousands};
use crate::page::section as page_section;

/// Accuracy by class and the confusion matrix; nothing for a run without labels.
pub(super) fn section(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return html! {} };
    let metrics = &quality.metrics;
    let content = html! {
        p {
            strong { (percent(metrics.accuracy)) } " of " (thousands(metrics.rows))
            " labelled reviews were predicted as they are labelled; macro F1 " strong { (format!("{:.3}", metrics.macro_f1)) } "."
        }
        div.pair { (by_class(account)) (confusion(account)) }
    };
    page_section("quality", "Accuracy", content)
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

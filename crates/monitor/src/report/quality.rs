//! Figures against the labels that came with the data.

use maud::{Markup, html};
use tamiz_domain::{Slice, printable};

use super::predicted::cell;
use crate::account::Account;
use crate::language::{Language, say, sayable};
use crate::page::section as page_section;

/// Accuracy by class and slice and the confusion matrix; for a run without labels what the scores say themselves.
pub(super) fn section(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return estimated(account) };
    let (metrics, lang) = (&quality.metrics, account.language);
    let (low, high) = metrics.accuracy_interval();
    let lead = say!(
        lang,
        "of {rows} labelled reviews were predicted as they are labelled ({low} to {high} with 95% confidence); macro F1 {f1}.",
        rows = lang.thousands(metrics.rows),
        low = lang.percent(low),
        high = lang.percent(high),
        f1 = lang.decimal(metrics.macro_f1, 3)
    );
    let loss = |loss| say!(lang, "Log loss {loss}.", loss = lang.decimal(loss, 3));
    let off = |error| say!(lang, "The confidence is off by {error} on average.", error = lang.percent(error));
    let expected = |share| say!(lang, "By its own scores the model expected {share}.", share = lang.percent(share));
    let more = [
        metrics.log_loss.map(loss),
        metrics.calibration_error.map(off),
        account.summary.estimated.as_ref().map(|estimated| expected(estimated.accuracy)),
    ];
    let content = html! {
        p {
            strong { (lang.percent(metrics.accuracy)) } " " (lead)
            @for sentence in more.iter().flatten() { " " (sentence) }
        }
        div.pair { (by_class(account)) (confusion(account)) }
        (slices(&quality.slices, lang))
    };
    page_section("quality", &say!(lang, "Accuracy"), content)
}

/// What the model's own scores say where no labels came; nothing where they say nothing.
fn estimated(account: &Account) -> Markup {
    let Some(estimated) = &account.summary.estimated else { return html! {} };
    let lang = account.language;
    let lead = say!(
        lang,
        "of the predictions are right by the model's own scores ({low} to {high}); macro F1 about {f1}. No labels came with the data \
         to check it.",
        low = lang.percent(estimated.low),
        high = lang.percent(estimated.high),
        f1 = lang.decimal(estimated.macro_f1, 3)
    );
    let content =
        html! { p { strong { (say!(lang, "About {share}", share = lang.percent(estimated.accuracy))) } " " (lead) } };
    page_section("quality", &say!(lang, "Accuracy, estimated"), content)
}

fn slices(slices: &[Slice], lang: Language) -> Markup {
    if slices.is_empty() {
        return html! {};
    }
    let names = sayable!(["Reviews", "Accuracy", "95% interval", "Macro F1"]).map(|name| lang.word(name));
    let [reviews, accuracy, interval, f1] = names;
    html! {
        table.stacked {
            caption { (say!(lang, "Parts of the labelled reviews")) }
            thead {
                tr {
                    th scope="col" { (say!(lang, "Part")) }
                    @for name in names { th.number scope="col" { (name) } }
                }
            }
            tbody {
                @for slice in slices {
                    @let (low, high) = slice.accuracy_interval();
                    tr {
                        th scope="row" { (slice_name(slice, lang)) }
                        td.number data-name=(reviews) { (lang.thousands(slice.rows)) }
                        td.number data-name=(accuracy) { (lang.percent(slice.accuracy)) }
                        td.number data-name=(interval) { (lang.percent(low)) " – " (lang.percent(high)) }
                        td.number data-name=(f1) { (lang.decimal(slice.macro_f1, 3)) }
                    }
                }
            }
        }
    }
}

/// What a slice is; a column that was passed through and its values keep their own names.
fn slice_name(slice: &Slice, lang: Language) -> String {
    match slice.by.as_str() {
        by @ "length" => format!("{}: {}", lang.word(by), lang.word(&slice.value)),
        by @ "language" => format!("{}: {}", lang.word(by), printable(&slice.value)),
        by => format!("{}: {}", printable(by), printable(&slice.value)),
    }
}

fn by_class(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return html! {} };
    let lang = account.language;
    html! {
        div.scroll tabindex="0" role="group" aria-label=(say!(lang, "Figures by class")) {
            table.figures-table {
                caption { (say!(lang, "By class of the label")) }
                thead {
                    tr {
                        th scope="col" { (say!(lang, "Class")) }
                        @for name in sayable!(["Precision", "Recall", "F1", "Reviews"]) { th.number scope="col" { (lang.word(name)) } }
                    }
                }
                tbody {
                    @for (&class, figures) in &quality.metrics.classes {
                        tr {
                            th scope="row" { (printable(&account.class_name(class))) }
                            td.number { (lang.percent(figures.precision)) }
                            td.number { (lang.percent(figures.recall)) }
                            td.number { (lang.decimal(figures.f1, 3)) }
                            td.number { (lang.thousands(figures.support)) }
                        }
                    }
                }
            }
        }
    }
}

fn confusion(account: &Account) -> Markup {
    let Some(quality) = &account.summary.quality else { return html! {} };
    let lang = account.language;
    let classes: Vec<i8> = account.summary.class_names.keys().copied().collect();
    html! {
        div.scroll tabindex="0" role="group" aria-label=(say!(lang, "Confusion matrix")) {
            table.matrix {
                caption { (say!(lang, "Confusion matrix: label (rows) and predicted class (columns), with the share of the row")) }
                thead { tr { td {} @for &class in &classes { th scope="col" { (printable(&account.class_name(class))) } } } }
                tbody {
                    @for (&label, row) in &quality.metrics.confusion {
                        @let total = row.values().sum();
                        tr {
                            th scope="row" { (printable(&account.class_name(label))) }
                            @for class in &classes { (cell(row.get(class).copied().unwrap_or(0), total, lang)) }
                        }
                    }
                }
            }
        }
    }
}

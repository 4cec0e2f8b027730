//! Where everything lies: model, predictions, rejected rows.

use maud::{Markup, html};
use tamiz_domain::{Labelling, RunLayout};

use crate::account::Account;
use crate::figures::{count_of, printable, thousands};
use crate::mail::cost_in_words;
use crate::page::section as page_section;

/// Parts linked at most; with more, a list says less than the folder's name.
const MAX_LINKS: usize = 200;

/// Places, the model and links to the predictions, which lie beside the page.
pub(super) fn section(account: &Account) -> Markup {
    let (summary, places) = (&account.summary, &account.places);
    let content = html! {
        dl.facts {
            dt { "Run" } dd { code { (summary.run_id) } }
            @if let Some(model) = &summary.model {
                dt { "Model" } dd { (model.name) " " code { (model.version) } br; span.note { "SHA-256 " code { (model.digest) } } }
            }
            @if let Some(labelling) = &summary.labelling { dt { "Labelling" } dd { (speed(labelling)) } }
            @if let Some(cost) = &summary.cost { dt { "Cost" } dd { (cost_in_words(cost)) } }
            @if !account.predictions.parts.is_empty() {
                dt { "Predictions" } dd { code { (places.results.join(RunLayout::PREDICTIONS)) "/" } (parts(account)) }
            }
            @if summary.counts.rejected > 0 {
                dt { "Rejected rows" } dd { code { (places.run.join(RunLayout::REJECTED)) "/" } }
            }
            dt { "Staging" } dd { code { (places.run) "/" } }
        }
    };
    page_section("outputs", "Where everything lies", content)
}

/// How fast the rows were labelled, and on what.
fn speed(labelling: &Labelling) -> String {
    let devices: Vec<&str> = labelling.devices.iter().map(String::as_str).collect();
    let mut text = format!("{} on {}", count_of(labelling.jobs, "job"), printable(&devices.join(" and ")));
    if let (Some(rate), Some(busy)) = (labelling.rows_per_second(), labelling.busy_share()) {
        text += &format!(
            ", {} rows a second each, the device busy {:.0}% of the time",
            thousands(rate.round() as u64),
            busy * 100.0
        );
    }
    text
}

fn parts(account: &Account) -> Markup {
    let parts = &account.predictions.parts;
    html! {
        details {
            summary { (count_of(parts.len() as u64, "part")) }
            ul {
                @for part in parts.iter().take(MAX_LINKS) {
                    li { a href=(part.path) { (part.path) } " " span.note { (count_of(part.rows, "row")) } }
                }
                @if parts.len() > MAX_LINKS { li { "and " (thousands((parts.len() - MAX_LINKS) as u64)) " more" } }
            }
        }
    }
}

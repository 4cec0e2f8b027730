//! Where everything lies: model, predictions, rejected rows.

use maud::{Markup, html};
use tamiz_domain::{Labelling, RunLayout, printable};

use crate::account::Account;
use crate::cost::in_words;
use crate::language::{Language, say};
use crate::page::section as page_section;

/// Parts linked at most; with more, a list says less than the folder's name.
const MAX_LINKS: usize = 200;

/// Places, the model and links to the predictions, which lie beside the page.
pub(super) fn section(account: &Account) -> Markup {
    let (summary, places, lang) = (&account.summary, &account.places, account.language);
    let content = html! {
        dl.facts {
            dt { (say!(lang, "Run")) } dd { code { (summary.run_id) } }
            @if let Some(model) = &summary.model {
                dt { (say!(lang, "Model")) } dd { (model.name) " " code { (model.version) } br; span.note { "SHA-256 " code { (model.digest) } } }
            }
            @if let Some(labelling) = &summary.labelling { dt { (say!(lang, "Labelling")) } dd { (speed(labelling, lang)) } }
            @if let Some(cost) = &summary.cost { dt { (say!(lang, "Cost")) } dd { (in_words(cost, lang)) } }
            @if !account.predictions.parts.is_empty() {
                dt { (say!(lang, "Predictions")) } dd { code { (places.results.join(RunLayout::PREDICTIONS)) "/" } (parts(account)) }
            }
            @if summary.counts.rejected > 0 {
                dt { (say!(lang, "Rejected rows")) } dd { code { (places.run.join(RunLayout::REJECTED)) "/" } }
            }
            dt { (say!(lang, "Staging")) } dd { code { (places.run) "/" } }
        }
    };
    page_section("outputs", &say!(lang, "Where everything lies"), content)
}

/// How fast the rows were labelled, and on what.
fn speed(labelling: &Labelling, lang: Language) -> String {
    let devices: Vec<&str> = labelling.devices.iter().map(String::as_str).collect();
    let (jobs, devices) = (lang.count_of(labelling.jobs, "job"), printable(&lang.listed(&devices)));
    let mut text = say!(lang, "{jobs} on {devices}", jobs, devices);
    if let (Some(rate), Some(busy)) = (labelling.rows_per_second(), labelling.busy_share()) {
        text += &say!(
            lang,
            ", {rate} rows a second each, the device busy {share} of the time",
            rate = lang.thousands(rate.round() as u64),
            share = lang.limit((busy * 100.0).round() / 100.0)
        );
    }
    text
}

fn parts(account: &Account) -> Markup {
    let (parts, lang) = (&account.predictions.parts, account.language);
    html! {
        details {
            summary { (lang.count_of(parts.len() as u64, "part")) }
            ul {
                @for part in parts.iter().take(MAX_LINKS) {
                    li { a href=(part.path) { (part.path) } " " span.note { (lang.count_of(part.rows, "row")) } }
                }
                @if parts.len() > MAX_LINKS { li { (say!(lang, "and {parts} more", parts = lang.thousands((parts.len() - MAX_LINKS) as u64))) } }
            }
        }
    }
}

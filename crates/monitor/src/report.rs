//! `report.html`: one self-contained page. No network, no script, the same bytes for the same run.
//!
//! maud escapes every value; file names, class names and messages may hold anything.

mod bars;
mod inputs;
mod outputs;
mod overview;
mod predicted;
mod quality;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tamiz_domain::Verdict;

use crate::account::Account;
use crate::figures::printable;

const STYLE: &str = include_str!("report/style.css");
/// A sieve, as an inline icon: without one, browsers ask the network for it.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 3h12l-5 6v5l-2-1V9z' fill='%230f766e'/%3E%3C/svg%3E";

/// Renders the page of a run.
pub(crate) fn render(account: &Account) -> String {
    let run = account.summary.run_id.short();
    let project = printable(&account.places.project);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // The page needs nothing but its own style: whatever slips through the escaping can load nothing.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                title { (verdict(account)) " run " (run) " · " (project) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body class=(if account.summary.verdict == Verdict::Ok { "ok" } else { "failed" }) {
                (overview::header(account))
                main {
                    (overview::figures(account))
                    (overview::failure(account))
                    (overview::findings(account))
                    div.pair {
                        (predicted::classes(account))
                        (predicted::confidence(account))
                    }
                    (quality::section(account))
                    div.pair {
                        (predicted::sentiment(account))
                        (predicted::languages(account))
                    }
                    (inputs::files(account))
                    (inputs::rejected(account))
                    (outputs::section(account))
                }
                footer { p { "Made by Tamiz " (env!("CARGO_PKG_VERSION")) " for " (project) ". No review text is on this page." } }
            }
        }
    };
    page.into_string()
}

fn verdict(account: &Account) -> &'static str {
    match account.summary.verdict {
        Verdict::Ok => "OK",
        Verdict::Failed => "Failed",
    }
}

/// A section of the page under its heading.
fn section(id: &str, heading: &str, content: Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (heading) } (content) } }
}

//! `report.html`: one self-contained page about a run.

mod drift;
mod inputs;
mod outputs;
mod overview;
mod predicted;
mod quality;
mod usual;

use maud::html;
use tamiz_domain::{Verdict, printable};

use crate::account::Account;
use crate::language::{say, sayable};
use crate::page::Page;

/// Renders the page of a run, in the language of its account.
pub(crate) fn render(account: &Account) -> String {
    let (lang, run) = (account.language, account.summary.run_id.short());
    let project = printable(&account.places.project);
    let main = html! {
        (overview::figures(account))
        (overview::failure(account))
        (overview::findings(account))
        div.pair {
            (predicted::classes(account))
            (predicted::confidence(account))
        }
        (quality::section(account))
        (drift::section(account))
        div.pair {
            (predicted::sentiment(account))
            (predicted::languages(account))
        }
        (usual::section(account))
        (inputs::files(account))
        (inputs::rejected(account))
        (outputs::section(account))
    };
    let page = Page {
        language: lang,
        title: &say!(lang, "{verdict} run {run} · {project}", verdict = verdict(account), run, project),
        is_ok: account.summary.verdict == Verdict::Ok,
        style: "",
        header: overview::header(account),
        main,
        footer: html! { " " (say!(lang, "for {project}. No review text is on this page.", project)) },
    };
    page.render()
}

fn verdict(account: &Account) -> &'static str {
    match account.summary.verdict {
        Verdict::Ok => "OK",
        Verdict::Failed => account.language.word(sayable!("Failed")),
    }
}

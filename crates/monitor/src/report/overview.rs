//! The top of the page: verdict, big numbers, what went wrong, what deserves a look.

use maud::{Markup, html};
use tamiz_domain::Verdict;

use super::verdict;
use crate::account::Account;
use crate::figures::{capitalised, percent, printable, share, thousands};
use crate::page::{figure, figures as page_figures, section};

/// The verdict and which run it is about.
pub(super) fn header(account: &Account) -> Markup {
    let summary = &account.summary;
    html! {
        p.run {
            span { (printable(&account.places.project)) }
            span { "run " code { (summary.run_id.short()) } }
            @if let Some(model) = &summary.model {
                span { "model " (model.name) " " code { (model.version) } }
            }
        }
        h1 { span.verdict { (verdict(account)) } " " (capitalised(&printable(&account.headline))) }
    }
}

/// The big numbers.
pub(super) fn figures(account: &Account) -> Markup {
    let summary = &account.summary;
    let counts = summary.counts;
    let of_input = |records: u64| percent(share(records, counts.input));
    if account.etl.is_none() {
        return html! {};
    }
    page_figures(html! {
        (figure("Records read", &thousands(counts.input), None))
        (figure("Labelled", &thousands(counts.ok), Some(of_input(counts.ok))))
        (figure("Rejected", &thousands(counts.rejected), Some(of_input(counts.rejected))))
        (figure("Failed", &thousands(counts.failed), Some(of_input(counts.failed))))
        @if account.outstanding() > 0 {
            (figure("Not labelled", &thousands(account.outstanding()), Some(of_input(account.outstanding()))))
        }
        @if let Some(mean) = summary.mean_confidence {
            (figure("Mean confidence", &format!("{mean:.2}"), Some("of 1".to_owned())))
        }
        @if let Some(quality) = &summary.quality {
            (figure("Accuracy", &percent(quality.metrics.accuracy), Some(format!("on {} labels", thousands(quality.metrics.rows)))))
        }
    })
}

/// Why a stage failed, and what to do.
pub(super) fn failure(account: &Account) -> Markup {
    let Some(failure) = &account.failure else { return html! {} };
    let content = html! {
        dl.facts {
            dt { "Stage" } dd { (failure.stage) }
            dt { "Cause" } dd { @for cause in &failure.causes { p { (cause) } } }
            dt { "What to do" } dd { (failure.remedy) }
            dt { "Next command" }
            dd { pre tabindex="0" { code { (account.places.next_command(failure, account.summary.run_id.as_str())) } } }
        }
    };
    section("failure", "What failed", content)
}

/// Why the run is no success, and whether a new model is wanted.
pub(super) fn findings(account: &Account) -> Markup {
    let summary = &account.summary;
    let advice = &summary.retrain_advice;
    html! {
        @if summary.verdict == Verdict::Failed && !account.reasons.is_empty() {
            (section("reasons", "Why it failed", html! {
                ul.reasons { @for reason in &account.reasons { li { (reason) } } }
                @if let Some(remedy) = &account.remedy { p.advice { strong { "What to do. " } (remedy) } }
            }))
        }
        @if advice.new_labels > 0 || advice.in_need {
            p.advice { strong { @if summary.retrain { "A new model is trained. " } @else { "No new model yet. " } } (advice.reason) }
        }
    }
}

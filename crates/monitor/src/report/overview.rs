//! The top of the page: verdict, big numbers, what went wrong, what deserves a look.

use maud::{Markup, html};
use tamiz_domain::{Verdict, printable};

use super::verdict;
use crate::account::Account;
use crate::figures::{capitalised, share};
use crate::language::say;
use crate::page::{figure, figures as page_figures, section};

/// The verdict and which run it is about.
pub(super) fn header(account: &Account) -> Markup {
    let (summary, lang) = (&account.summary, account.language);
    html! {
        p.run {
            span { (printable(&account.places.project)) }
            span { (say!(lang, "run")) " " code { (summary.run_id.short()) } }
            @if let Some(model) = &summary.model {
                span { (say!(lang, "model")) " " (model.name) " " code { (model.version) } }
            }
        }
        h1 { span.verdict { (verdict(account)) } " " (capitalised(&printable(&account.headline))) }
    }
}

/// The big numbers.
pub(super) fn figures(account: &Account) -> Markup {
    let (summary, lang) = (&account.summary, account.language);
    let counts = summary.counts;
    let of_input = |records: u64| lang.percent(share(records, counts.input));
    if account.etl.is_none() {
        return html! {};
    }
    page_figures(
        lang,
        html! {
            (figure(&say!(lang, "Records read"), &lang.thousands(counts.input), None))
            (figure(&say!(lang, "Labelled"), &lang.thousands(counts.ok), Some(of_input(counts.ok))))
            (figure(&say!(lang, "Rejected"), &lang.thousands(counts.rejected), Some(of_input(counts.rejected))))
            (figure(&say!(lang, "Failed"), &lang.thousands(counts.failed), Some(of_input(counts.failed))))
            @if account.outstanding() > 0 {
                (figure(&say!(lang, "Not labelled"), &lang.thousands(account.outstanding()), Some(of_input(account.outstanding()))))
            }
            @if let Some(mean) = summary.mean_confidence {
                (figure(&say!(lang, "Mean confidence"), &lang.decimal(mean, 2), Some(say!(lang, "of 1"))))
            }
            @if let Some(quality) = &summary.quality {
                @let labels = say!(lang, "on {labels} labels", labels = lang.thousands(quality.metrics.rows));
                (figure(&say!(lang, "Accuracy"), &lang.percent(quality.metrics.accuracy), Some(labels)))
            }
        },
    )
}

/// Why a stage failed, and what to do.
pub(super) fn failure(account: &Account) -> Markup {
    let Some(failure) = &account.failure else { return html! {} };
    let lang = account.language;
    let content = html! {
        dl.facts {
            dt { (say!(lang, "Stage")) } dd { (failure.stage) }
            dt { (say!(lang, "Cause")) } dd { @for cause in &failure.causes { p { (cause) } } }
            dt { (say!(lang, "What to do")) } dd { (failure.remedy) }
            dt { (say!(lang, "Next command")) }
            dd { pre tabindex="0" { code { (account.places.next_command(failure, account.summary.run_id.as_str())) } } }
        }
    };
    section("failure", &say!(lang, "What failed"), content)
}

/// Why the run is no success, and whether a new model is wanted.
pub(super) fn findings(account: &Account) -> Markup {
    let (summary, lang) = (&account.summary, account.language);
    let advice = &summary.retrain_advice;
    html! {
        @if summary.verdict == Verdict::Failed && !account.reasons.is_empty() {
            (section("reasons", &say!(lang, "Why it failed"), html! {
                ul.reasons { @for reason in &account.reasons { li { (reason) } } }
                @if let Some(remedy) = &account.remedy { p.advice { strong { (say!(lang, "What to do")) "." } " " (remedy) } }
            }))
        }
        @if advice.new_labels > 0 || advice.in_need {
            p.advice {
                strong { @if summary.retrain { (say!(lang, "A new model is trained.")) } @else { (say!(lang, "No new model yet.")) } }
                " " (advice.reason)
            }
        }
    }
}

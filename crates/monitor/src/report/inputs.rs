//! The input files, what was left out of them, and the rejected records by reason.

use maud::{Markup, html};
use tamiz_domain::{FileReport, RejectReason};

use crate::account::Account;
use crate::figures::{capitalised, printable, source_name, thousands};
use crate::page::section;

/// Every input file with its counts and its problem.
pub(super) fn files(account: &Account) -> Markup {
    let files = &account.summary.files;
    if files.is_empty() {
        return html! {};
    }
    let content = html! {
        table.stacked {
            caption { "Input files with their records by outcome" }
            thead {
                tr {
                    th scope="col" { "File" } th scope="col" { "Format" }
                    @for name in ["Read", "Labelled", "Rejected", "Failed"] { th.number scope="col" { (name) } }
                }
            }
            tbody { @for file in files { (file_row(file)) } }
        }
    };
    section("files", "Files", content)
}

fn file_row(file: &FileReport) -> Markup {
    let counts = file.counts;
    let numbers =
        [("Read", counts.input), ("Labelled", counts.ok), ("Rejected", counts.rejected), ("Failed", counts.failed)];
    html! {
        tr.left-out[file.problem.is_some() && counts.ok == 0] {
            th scope="row" {
                span.path { (source_name(&file.source)) }
                @if let Some(problem) = &file.problem {
                    span.problem {
                        strong { @if counts.ok == 0 { "Left out. " } @else { "Used in part. " } }
                        (capitalised(problem.reason.meaning()))
                        @if !problem.detail.is_empty() { " (" (printable(&problem.detail)) ")" }
                        ". " (problem.reason.remedy())
                    }
                }
            }
            td data-name="Format" { (file.format.as_deref().map_or_else(|| "–".to_owned(), printable)) }
            @for (name, records) in numbers { td.number data-name=(name) { (thousands(records)) } }
        }
    }
}

/// Rejected records by reason, with what to do about each.
pub(super) fn rejected(account: &Account) -> Markup {
    let reasons = account.rejected_by_reason();
    if reasons.is_empty() {
        return html! {};
    }
    let content = html! {
        table.stacked {
            caption { "Rejected records by reason" }
            thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Records" } th scope="col" { "What to do" } } }
            tbody {
                @for (reason, records) in reasons {
                    tr {
                        th scope="row" { (capitalised(reason.meaning())) " " code { (reason.code()) } (examples(account, reason)) }
                        td.number data-name="Records" { (thousands(records)) }
                        td data-name="What to do" { (reason.remedy()) }
                    }
                }
            }
        }
    };
    section("rejected", "Rejected records", content)
}

/// The shapes of some records that were rejected for a reason.
fn examples(account: &Account, reason: RejectReason) -> Markup {
    let Some(examples) = account.examples.get(reason.code()) else { return html! {} };
    html! {
        details {
            summary { "Examples" }
            ul.shapes {
                @for example in examples {
                    li {
                        code { (example.shape) } " "
                        span.note { "record " (thousands(example.row)) " of " (source_name(&example.source)) "; letters are x, digits 9" }
                    }
                }
            }
        }
    }
}

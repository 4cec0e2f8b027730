//! The input files, what was left out of them, and the rejected records by reason.

use maud::{Markup, html};
use tamiz_domain::{FileReport, RejectReason, printable};

use crate::account::Account;
use crate::figures::{capitalised, source_name};
use crate::language::{Language, say, sayable};
use crate::page::section;
use crate::rejects::Example;

/// Names of a file's counts.
const OUTCOMES: [&str; 4] = sayable!(["Read", "Labelled", "Rejected", "Failed"]);

/// Every input file with its counts and its problem.
pub(super) fn files(account: &Account) -> Markup {
    let files = &account.summary.files;
    if files.is_empty() {
        return html! {};
    }
    let lang = account.language;
    let content = html! {
        table.stacked {
            caption { (say!(lang, "Input files with their records by outcome")) }
            thead {
                tr {
                    th scope="col" { (say!(lang, "File")) } th scope="col" { (say!(lang, "Format")) }
                    @for name in OUTCOMES { th.number scope="col" { (lang.word(name)) } }
                }
            }
            tbody { @for file in files { (file_row(file, lang)) } }
        }
    };
    section("files", &say!(lang, "Files"), content)
}

fn file_row(file: &FileReport, lang: Language) -> Markup {
    let counts = file.counts;
    let numbers = [counts.input, counts.ok, counts.rejected, counts.failed];
    html! {
        tr.left-out[file.problem.is_some() && counts.ok == 0] {
            th scope="row" {
                span.path { (source_name(&file.source)) }
                @if let Some(problem) = &file.problem {
                    span.problem {
                        strong { @if counts.ok == 0 { (say!(lang, "Left out.")) } @else { (say!(lang, "Used in part.")) } } " "
                        (capitalised(lang.word(problem.reason.meaning())))
                        @if !problem.detail.is_empty() { " (" (printable(&problem.detail)) ")" }
                        ". " (lang.word(problem.reason.remedy()))
                    }
                }
            }
            td data-name=(say!(lang, "Format")) { (file.format.as_deref().map_or_else(|| "–".to_owned(), printable)) }
            @for (name, records) in OUTCOMES.into_iter().zip(numbers) {
                td.number data-name=(lang.word(name)) { (lang.thousands(records)) }
            }
        }
    }
}

/// Rejected records by reason, with what to do about each.
pub(super) fn rejected(account: &Account) -> Markup {
    let reasons = account.rejected_by_reason();
    if reasons.is_empty() {
        return html! {};
    }
    let lang = account.language;
    let (records_name, remedy) = (say!(lang, "Records"), say!(lang, "What to do"));
    let content = html! {
        table.stacked {
            caption { (say!(lang, "Rejected records by reason")) }
            thead {
                tr { th scope="col" { (say!(lang, "Reason")) } th.number scope="col" { (records_name) } th scope="col" { (remedy) } }
            }
            tbody {
                @for (reason, records) in reasons {
                    tr {
                        th scope="row" { (capitalised(lang.word(reason.meaning()))) " " code { (reason.code()) } (examples(account, reason)) }
                        td.number data-name=(records_name) { (lang.thousands(records)) }
                        td data-name=(remedy) { (lang.word(reason.remedy())) }
                    }
                }
            }
        }
    };
    section("rejected", &say!(lang, "Rejected records"), content)
}

/// The shapes of some records that were rejected for a reason.
fn examples(account: &Account, reason: RejectReason) -> Markup {
    let Some(examples) = account.examples.get(reason.code()) else { return html! {} };
    let lang = account.language;
    let place = |example: &Example| {
        let (row, file) = (lang.thousands(example.row), source_name(&example.source));
        say!(lang, "record {row} of {file}; letters are x, digits 9", row, file)
    };
    html! {
        details {
            summary { (say!(lang, "Examples")) }
            ul.shapes {
                @for example in examples {
                    li {
                        code { (example.shape) } " "
                        span.note { (place(example)) }
                    }
                }
            }
        }
    }
}

//! Each file: what it is, what became of its records, and what its columns are read as.

use maud::{Markup, html};
use tamiz_domain::{SourceColumn, printable};
use tamiz_monitor::figures::thousands;
use tamiz_monitor::page::section as page_section;

use crate::profile::figures::{FileProfile, Profile};

const COLUMNS: [&str; 5] = ["Records", "Usable", "Rejected", "Same text", "Nearly"];

/// The table of files.
pub(super) fn section(profile: &Profile) -> Markup {
    let content = html! {
        table.stacked {
            caption { "Files with their records by outcome, and the usable ones whose text repeats an earlier one" }
            thead {
                tr {
                    th scope="col" { "File" } th scope="col" { "Format" }
                    @for name in COLUMNS { th.number scope="col" { (name) } }
                }
            }
            tbody { @for file in &profile.files { (row(file)) } }
        }
        @for (names, file) in by_columns(&profile.files) {
            p.columns { @if profile.files.len() > 1 { strong { (names) } ". " } (columns(&file.columns)) }
        }
    };
    page_section("files", "Files and columns", content)
}

fn row(file: &FileProfile) -> Markup {
    let (counts, duplicates) = (file.counts, file.quality.duplicates);
    let numbers = [counts.input, counts.ok, counts.rejected, duplicates.exact, duplicates.near];
    html! {
        tr {
            th scope="row" {
                span.path { (printable(&file.name)) }
                @if file.problem.is_some() {
                    span.problem { strong { @if file.counts.ok == 0 { "Left out" } @else { "Used in part" } } ", see above" }
                }
            }
            td data-name="Format" {
                span {
                    (file.format.as_deref().map_or_else(|| "–".to_owned(), printable))
                    @if let Some(encoding) = &file.encoding { span.note.line { (encoding) } }
                }
            }
            @for (name, number) in COLUMNS.into_iter().zip(numbers) { td.number data-name=(name) { (thousands(number)) } }
        }
    }
}

/// The first file of each set of columns, with the names of all that have them.
fn by_columns(files: &[FileProfile]) -> Vec<(String, &FileProfile)> {
    let mut found: Vec<(String, &FileProfile)> = Vec::new();
    for file in files.iter().filter(|file| !file.columns.is_empty()) {
        match found.iter_mut().find(|(_, first)| first.columns == file.columns) {
            Some((names, _)) => *names = format!("{names}, {}", printable(&file.name)),
            None => found.push((printable(&file.name), file)),
        }
    }
    found
}

/// Which columns are read, as what, and which are not.
fn columns(columns: &[SourceColumn]) -> Markup {
    let read = columns.iter().filter_map(|column| Some((&column.name, column.field.as_ref()?)));
    let unread: Vec<&SourceColumn> = columns.iter().filter(|column| column.field.is_none()).collect();
    html! {
        "Read: "
        @for (number, (name, field)) in read.enumerate() {
            @if number > 0 { ", " }
            code { (printable(name)) } @if name != field { " as " (field) }
        }
        "."
        @if !unread.is_empty() {
            " Not read: "
            @for (number, column) in unread.iter().enumerate() { @if number > 0 { ", " } code { (printable(&column.name)) } }
            "."
        }
    }
}

//! The profile in the terminal.

use std::path::Path;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use tamiz_domain::printable;
use tamiz_monitor::figures::{capitalised, percent, share, thousands};

use crate::error::CommandError;
use crate::profile::figures::Profile;
use crate::profile::page;
use crate::profile::words::Word;
use crate::table::table;

/// Words shown of each class; the page shows more.
const WORDS: usize = 8;
/// Characters of the longest bar.
const BAR_CHARS: u64 = 40;

/// Prints the figures as JSON.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub fn json(profile: &Profile) -> Result<(), CommandError> {
    let json = serde_json::to_string_pretty(profile)
        .map_err(|error| CommandError::Show { place: "the figures".to_owned(), source: Box::new(error) })?;
    println!("{json}");
    Ok(())
}

/// Prints the profile for people.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub fn text(profile: &Profile, html: &Path) {
    println!("\n{}\n", capitalised(&page::headline(profile)));
    let tables = [files(profile), classes(profile), lengths(profile), problems(profile)];
    for table in tables.into_iter().flatten() {
        println!("{table}\n");
    }
    for finding in &profile.findings {
        println!("- {}.\n  {}", printable(&finding.what), finding.advice);
    }
    println!("\npage  {}", html.display());
}

fn files(profile: &Profile) -> Option<Table> {
    let mut table = fitted(&["file", "format", "records", "usable", "rejected", "same text", "nearly"]);
    for file in &profile.files {
        let duplicates = file.quality.duplicates;
        let numbers =
            [file.counts.input, file.counts.ok, file.counts.rejected, duplicates.exact, duplicates.near].map(number);
        let names = [printable(&file.name), file.format.clone().unwrap_or_else(|| "-".to_owned())];
        table.add_row(names.map(Cell::new).into_iter().chain(numbers));
    }
    Some(table)
}

fn classes(profile: &Profile) -> Option<Table> {
    let words =
        |words: &[Word]| words.iter().take(WORDS).map(|word| printable(&word.word)).collect::<Vec<_>>().join(" ");
    let mut table = fitted(&["class", "reviews", "share", "typical words"]);
    for class in &profile.words {
        let share = percent(share(class.reviews, profile.quality.rows));
        let typical = if class.typical.is_empty() { &class.frequent } else { &class.typical };
        table.add_row([
            Cell::new(printable(&class.name)),
            number(class.reviews),
            right(share),
            Cell::new(words(typical)),
        ]);
    }
    (!profile.words.is_empty()).then_some(table)
}

fn lengths(profile: &Profile) -> Option<Table> {
    let largest = profile.lengths.iter().map(|bin| bin.rows).max()?;
    let mut table = fitted(&["words", "reviews", ""]);
    for bin in &profile.lengths {
        let bar = "█".repeat((bin.rows * BAR_CHARS).div_ceil(largest.max(1)) as usize);
        table.add_row([right(page::range(bin)), number(bin.rows), Cell::new(bar)]);
    }
    Some(table)
}

fn problems(profile: &Profile) -> Option<Table> {
    let mut table = fitted(&["rejected because", "records", "for example"]);
    for problem in &profile.problems {
        let example = problem.examples.first().map(|example| printable(&example.detail)).unwrap_or_default();
        table.add_row([Cell::new(problem.meaning), number(problem.records), Cell::new(example)]);
    }
    (!profile.problems.is_empty()).then_some(table)
}

fn number(number: u64) -> Cell {
    right(thousands(number))
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A table that fits the terminal.
fn fitted(header: &[&str]) -> Table {
    let mut table = table(header.iter().copied());
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

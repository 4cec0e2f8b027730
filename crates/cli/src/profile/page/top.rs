//! The top of the page: what the data is, in one sentence and a few numbers, and what deserves a look.

use maud::{Markup, html};
use tamiz_domain::printable;
use tamiz_monitor::figures::{capitalised, count_of, percent, share, thousands};
use tamiz_monitor::language::Language;
use tamiz_monitor::page::{figure, figures as page_figures, section};

use crate::profile::figures::Profile;

/// What the data is, in one sentence.
pub fn headline(profile: &Profile) -> String {
    let quality = &profile.quality;
    if profile.counts.ok == 0 {
        return "no usable review".to_owned();
    }
    let classes = match profile.labels.len() {
        0 => "without labels".to_owned(),
        number => format!("in {}", count_of(number as u64, "class").replace("classs", "classes")),
    };
    let main = quality.languages.iter().max_by_key(|(_, rows)| **rows);
    let language = main.map(|(code, rows)| format!(", {} in {}", percent(share(*rows, quality.rows)), language(code)));
    format!("{} {classes}{}", count_of(profile.counts.ok, "review"), language.unwrap_or_default())
}

/// A language's name; the code where the cleaning tells no such language.
pub fn language(code: &str) -> &str {
    match code {
        "ar" => "Arabic",
        "de" => "German",
        "en" => "English",
        "es" => "Spanish",
        "fr" => "French",
        "hi" => "Hindi",
        "it" => "Italian",
        "ja" => "Japanese",
        "ko" => "Korean",
        "nl" => "Dutch",
        "pt" => "Portuguese",
        "ru" => "Russian",
        "sv" => "Swedish",
        "tr" => "Turkish",
        "vi" => "Vietnamese",
        "zh" => "Chinese",
        other => other,
    }
}

/// Which files these are.
pub(super) fn header(profile: &Profile) -> Markup {
    html! {
        p.run {
            @for file in &profile.files {
                span { (printable(&file.name)) @if let Some(format) = &file.format { " " code { (printable(format)) } } }
            }
        }
        h1 { (capitalised(&headline(profile))) }
    }
}

/// The big numbers.
pub(super) fn figures(profile: &Profile) -> Markup {
    let (counts, quality) = (profile.counts, &profile.quality);
    let labelled: u64 = quality.labels.values().sum();
    let of_rows = |rows: u64| Some(percent(share(rows, quality.rows)));
    page_figures(
        Language::English,
        html! {
            (figure("Records read", &thousands(counts.input), None))
            (figure("Usable", &thousands(counts.ok), Some(percent(share(counts.ok, counts.input)))))
            (figure("Rejected", &thousands(counts.rejected), Some(percent(share(counts.rejected, counts.input)))))
            (figure("Labelled", &thousands(labelled), of_rows(labelled)))
            (figure("Same text", &thousands(quality.duplicates.exact), of_rows(quality.duplicates.exact)))
            (figure("Nearly the same", &thousands(quality.duplicates.near), of_rows(quality.duplicates.near)))
            (figure("Median length", &thousands(quality.tokens.p50), Some("words".to_owned())))
        },
    )
}

/// What deserves a look.
pub(super) fn findings(profile: &Profile) -> Markup {
    if profile.findings.is_empty() {
        return html! {};
    }
    let content = html! {
        ul.findings {
            @for finding in &profile.findings { li { strong { (marked(&finding.what)) "." } " " (marked(&finding.advice)) } }
        }
    };
    section("findings", "What deserves a look", content)
}

/// What stands between backticks as code.
fn marked(text: &str) -> Markup {
    let text = printable(text);
    html! {
        @for (number, piece) in text.split('`').enumerate() { @if number % 2 == 1 { code { (piece) } } @else { (piece) } }
    }
}

//! Labels, languages, lengths, missing values, and rejected records.

use maud::{Markup, html};
use tamiz_domain::printable;
use tamiz_monitor::figures::{capitalised, percent, share, thousands};
use tamiz_monitor::language::Language;
use tamiz_monitor::page::{Bar, bars, bars_of, section};

use crate::profile::figures::Profile;
use crate::profile::lengths::LengthBin;
use crate::profile::names::repair;
use crate::profile::page::top::language;
use crate::profile::problems::Problem;

/// Languages shown; the rest is summed up.
const MAX_LANGUAGES: usize = 5;

/// Class balance.
pub(super) fn labels(profile: &Profile) -> Markup {
    let quality = &profile.quality;
    let labels = &quality.labels;
    let mut list: Vec<Bar> =
        labels.iter().map(|(&label, &rows)| Bar { name: class_name(profile, label), rows }).collect();
    let unlabelled = quality.rows - labels.values().sum::<u64>();
    if unlabelled > 0 {
        list.push(Bar { name: "no label".to_owned(), rows: unlabelled });
    }
    section("labels", "Labels", bars(Language::English, "Reviews by label", "Label", &list))
}

/// `negative (1)`, or the number alone where it has no name.
pub(super) fn class_name(profile: &Profile, label: i8) -> String {
    let name = profile.labels.name_of(label);
    if name == label.to_string() { name } else { format!("{name} ({label})") }
}

/// Language mix, and what the lexicon makes of the English part.
pub(super) fn languages(profile: &Profile) -> Markup {
    let mut list: Vec<(&String, u64)> = profile.quality.languages.iter().map(|(code, rows)| (code, *rows)).collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let others: u64 = list.iter().skip(MAX_LANGUAGES).map(|(_, rows)| rows).sum();
    let named =
        list.iter().take(MAX_LANGUAGES).map(|(code, rows)| Bar { name: language(code).to_owned(), rows: *rows });
    let mut languages: Vec<Bar> = named.collect();
    if others > 0 {
        languages.push(Bar { name: "others".to_owned(), rows: others });
    }
    let sentiments = profile.quality.sentiments.iter();
    let sentiments: Vec<Bar> = sentiments.map(|(name, &rows)| Bar { name: printable(name), rows }).collect();
    let content = html! {
        (bars(Language::English, "Reviews by language", "Language", &languages))
        @if !sentiments.is_empty() { div.below { (bars(Language::English, "English reviews by VADER sentiment", "Sentiment", &sentiments)) } }
    };
    section("languages", "Languages and sentiment", content)
}

/// Histogram of lengths and their quantiles.
pub(super) fn lengths(profile: &Profile) -> Markup {
    let list: Vec<Bar> = profile.lengths.iter().map(|bin| Bar { name: range(bin), rows: bin.rows }).collect();
    let (tokens, characters) = (&profile.quality.tokens, &profile.quality.characters);
    let rows = [
        ("5%", tokens.p5, characters.p5),
        ("25%", tokens.p25, characters.p25),
        ("50%", tokens.p50, characters.p50),
        ("75%", tokens.p75, characters.p75),
        ("95%", tokens.p95, characters.p95),
        ("99%", tokens.p99, characters.p99),
        ("All", tokens.max, characters.max),
    ];
    let content = html! {
        (bars(Language::English, "Reviews by number of words", "Words", &list))
        table.quantiles.below {
            caption { "Lengths that so many of the reviews do not exceed; the mean is " (format!("{:.0}", tokens.mean)) " words" }
            thead { tr { th scope="col" { "Reviews" } th.number scope="col" { "Words" } th.number scope="col" { "Characters" } } }
            tbody {
                @for (share, words, characters) in rows {
                    tr { th scope="row" { (share) } td.number { (thousands(words)) } td.number { (thousands(characters)) } }
                }
            }
        }
    };
    section("lengths", "Lengths", content)
}

/// The numbers of words in a bin.
pub fn range(bin: &LengthBin) -> String {
    if bin.from == bin.to { thousands(bin.from) } else { format!("{}–{}", thousands(bin.from), thousands(bin.to)) }
}

/// Which columns are filled, and what was found in the texts.
pub(super) fn completeness(profile: &Profile) -> Markup {
    let quality = &profile.quality;
    let columns = ["label", "title", "asin", "parent_asin", "helpful_vote", "verified_purchase", "timestamp", "user"];
    let null_share = |column: &str| quality.null_shares.get(column).copied().unwrap_or(0.0);
    let (there, absent): (Vec<&str>, Vec<&str>) = columns.into_iter().partition(|column| null_share(column) < 1.0);
    let filled = there.iter().map(|column| Bar {
        name: (*column).to_owned(),
        rows: ((1.0 - null_share(column)) * quality.rows as f64).round() as u64,
    });
    let filled: Vec<Bar> = filled.collect();
    let mut facts =
        vec![("Hold HTML".to_owned(), quality.html_texts), ("Empty after cleaning".to_owned(), quality.empty_texts)];
    facts.extend(quality.encoding_repairs.iter().map(|(code, rows)| (capitalised(&repair(code)), *rows)));
    facts.extend(quality.redactions.iter().map(|(kind, masked)| (format!("Masked: {}", kind.mask()), *masked)));
    let content = html! {
        @if !filled.is_empty() { (bars_of(Language::English, "Reviews with a value, by column of the clean shards", "Column", &filled, quality.rows)) }
        @if !absent.is_empty() { p.note.below { "No value in any review: " (absent.join(", ")) "." } }
        dl.facts.below {
            @for (name, rows) in facts {
                dt { (name) }
                dd { (thousands(rows)) " " span.note { (percent(share(rows, quality.rows))) } }
            }
        }
    };
    section("completeness", "Columns and texts", content)
}

/// Rejected records by reason, with some of each to look at.
pub(super) fn rejected(profile: &Profile) -> Markup {
    if profile.problems.is_empty() {
        return html! {};
    }
    let content = html! {
        table.stacked {
            caption { "Records that cannot be used, by reason, with the first of each" }
            thead { tr { th scope="col" { "Reason" } th.number scope="col" { "Records" } th scope="col" { "What to do" } } }
            tbody { @for problem in &profile.problems { (problem_row(problem, profile.counts.input)) } }
        }
    };
    section("rejected", "Rejected records", content)
}

fn problem_row(problem: &Problem, input: u64) -> Markup {
    html! {
        tr {
            th scope="row" { (capitalised(problem.meaning)) " " code { (problem.reason.code()) } }
            td.number data-name="Records" { span { (thousands(problem.records)) " " span.note { (percent(share(problem.records, input))) } } }
            td data-name="What to do" {
                div {
                    (problem.remedy)
                    @for example in &problem.examples {
                        div.example { span.note { (printable(&example.detail)) } pre { code { (printable(&example.raw)) } } }
                    }
                }
            }
        }
    }
}

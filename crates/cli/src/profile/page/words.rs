//! Frequent and typical words, class by class.

use maud::{Markup, html};
use tamiz_domain::printable;
use tamiz_monitor::figures::{count_of, percent, share};
use tamiz_monitor::language::Language;
use tamiz_monitor::page::{Bar, bars_of, section as page_section};

use crate::profile::figures::Profile;
use crate::profile::page::data::class_name;
use crate::profile::words::{ClassWords, Word};

/// A column of words for each class: what is typical of it, and what is frequent.
pub(super) fn section(profile: &Profile) -> Markup {
    let has_typical = profile.words.iter().any(|class| !class.typical.is_empty());
    let content = html! {
        @if has_typical {
            p {
                "Typical words tell a class from the others: the highest log-odds ratios (informative Dirichlet prior), in "
                "order, with the share of the class's reviews that hold the word, and how many times as often as in the "
                "other classes that is."
            }
        } @else {
            p { "Content words in the most reviews, with the share of the reviews that hold them." }
        }
        div.classes { @for class in &profile.words { (class_words(profile, class)) } }
    };
    page_section("words", "Words", content)
}

fn class_words(profile: &Profile, class: &ClassWords) -> Markup {
    let name = match class.label {
        // A bare number would read like a count beside the number of reviews.
        Some(label) if class.name == label.to_string() => format!("Label {label}"),
        Some(label) => class_name(profile, label),
        None => "All reviews".to_owned(),
    };
    let list = |words: &[Word]| -> Vec<Bar> {
        words.iter().map(|word| Bar { name: printable(&word.word), rows: word.reviews }).collect()
    };
    html! {
        div {
            h3 { (printable(&name)) " " span.note { (count_of(class.reviews, "review")) } }
            @if !class.typical.is_empty() { (typical(class)) }
            @if class.typical.is_empty() { (bars_of(Language::English, "Frequent words", "Word", &list(&class.frequent), class.reviews)) }
            @else { details { summary { "Frequent words" } (bars_of(Language::English, "Frequent words", "Word", &list(&class.frequent), class.reviews)) } }
        }
    }
}

/// As bars, but with what matters here beside them.
fn typical(class: &ClassWords) -> Markup {
    let largest = class.typical.iter().map(|word| word.reviews).max().unwrap_or(0);
    html! {
        table.bars {
            caption { "Typical words" }
            thead.sr { tr { th scope="col" { "Word" } th scope="col" { "Share of the class's reviews" } th scope="col" { "Times as often" } } }
            tbody {
                @for word in &class.typical {
                    tr style={ "--length:" (format!("{:.2}%", share(word.reviews, largest) * 100.0)) } {
                        th scope="row" { (printable(&word.word)) }
                        td.count { (percent(share(word.reviews, class.reviews))) }
                        td.share { @match word.times { Some(times) => { (format!("{times:.1}×")) } None => { "only" } } }
                    }
                }
            }
        }
    }
}

//! What cleaning does to some rows, step by step.

use maud::{Markup, html};
use tamiz_domain::printable;
use tamiz_monitor::page::section as page_section;

use crate::profile::cleaned::Cleaned;
use crate::profile::figures::Profile;
use crate::profile::page::data::class_name;
use crate::profile::page::top::language;

/// A card for each row.
pub(super) fn section(profile: &Profile) -> Markup {
    if profile.samples.is_empty() {
        return html! {};
    }
    let content = html! {
        p { "Some reviews on their way through the cleaning. Later steps hold what the earlier ones left; stems that differ from their word are set in bold." }
        div.samples { @for sample in &profile.samples { (card(profile, sample)) } }
    };
    page_section("samples", "What cleaning does", content)
}

fn card(profile: &Profile, sample: &Cleaned) -> Markup {
    let label = sample.label.map_or_else(|| "no label".to_owned(), |label| class_name(profile, label));
    let sentiment = sample.compound.zip(sample.sentiment.as_ref());
    html! {
        article aria-label={ "Review " (sample.review_id) } {
            p.note { (label) " · " (language(&sample.language)) " · " code { (sample.review_id) } }
            dl.steps {
                dt { "As written" } dd { (printable(&sample.text.replace('\n', " ⏎ "))) }
                dt { "Clean text" } dd { (printable(&sample.clean_text)) }
                dt { "Content words" } dd { (sample.content_tokens.iter().map(|word| printable(word)).collect::<Vec<_>>().join(" ")) }
                dt { "Stems" } dd { (stems(sample)) }
                @if let Some((compound, name)) = sentiment { dt { "VADER" } dd { (format!("{compound:+.4}")) " " (printable(name)) } }
            }
        }
    }
}

fn stems(sample: &Cleaned) -> Markup {
    let pairs = sample.content_tokens.iter().zip(&sample.stems);
    html! {
        @for (token, stem) in pairs { @if token == stem { (printable(stem)) } @else { b { (printable(stem)) } } " " }
    }
}

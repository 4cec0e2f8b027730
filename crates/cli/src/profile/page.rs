//! The profile as a page of its own: self-contained, without scripts.

mod data;
mod files;
mod samples;
mod top;
mod words;

use maud::html;
use tamiz_domain::printable;
use tamiz_monitor::language::Language;
use tamiz_monitor::page::Page;

use crate::profile::figures::Profile;

pub use data::range;
pub use top::headline;

const STYLE: &str = include_str!("page/style.css");

/// Renders the page.
pub fn render(profile: &Profile) -> String {
    let names: Vec<String> = profile.files.iter().map(|file| printable(&file.name)).collect();
    let main = html! {
        (top::figures(profile))
        (top::findings(profile))
        (files::section(profile))
        @if profile.quality.rows > 0 {
            div.pair {
                (data::labels(profile))
                (data::languages(profile))
            }
            (words::section(profile))
            div.pair {
                (data::lengths(profile))
                (data::completeness(profile))
            }
        }
        (data::rejected(profile))
        (samples::section(profile))
    };
    let page = Page {
        language: Language::English,
        title: &format!("{} · profile", names.join(", ")),
        is_ok: profile.counts.ok > 0,
        style: STYLE,
        header: top::header(profile),
        main,
        footer: html! { ". Texts on this page come from the data. Personal data that a pattern can find is masked; look before you share it." },
    };
    page.render()
}

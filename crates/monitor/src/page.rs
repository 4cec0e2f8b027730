//! Self-contained HTML pages: no network, no script, the same bytes for the same figures. The run's report is one, the
//! profile of a file that `tamiz profile` writes another.
//!
//! maud escapes every value; file names, class names and messages may hold anything.

mod bars;
mod chart;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::language::{Language, say};

pub use bars::{Bar, bars, bars_of};
pub use chart::{Columns, columns};

const STYLE: &str = include_str!("page/style.css");
/// A sieve, as an inline icon: without one, browsers ask the network for it.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M2 3h12l-5 6v5l-2-1V9z' fill='%230f766e'/%3E%3C/svg%3E";

/// What a page consists of.
#[derive(Debug)]
pub struct Page<'a> {
    /// The language it is written in.
    pub language: Language,
    /// Shown by the browser.
    pub title: &'a str,
    /// Whether the page tells of success, which colours it.
    pub is_ok: bool,
    /// Style sheet beside the common one.
    pub style: &'a str,
    /// The top.
    pub header: Markup,
    /// The sections.
    pub main: Markup,
    /// The line at the bottom, after who made the page.
    pub footer: Markup,
}

impl Page<'_> {
    /// Renders the page.
    pub fn render(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang=(self.language.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // The page needs nothing but its own style: whatever slips through the escaping can load nothing.
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                    title { (self.title) }
                    link rel="icon" href=(ICON);
                    style { (PreEscaped(STYLE)) (PreEscaped(self.style)) }
                }
                body class=(if self.is_ok { "ok" } else { "failed" }) {
                    header { (self.header) }
                    main { (self.main) }
                    footer { p { (say!(self.language, "Made by Tamiz")) " " (env!("CARGO_PKG_VERSION")) (self.footer) } }
                }
            }
        };
        page.into_string()
    }
}

/// A section of a page under its heading.
pub fn section(id: &str, heading: &str, content: Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (heading) } (content) } }
}

/// The row of big numbers, made of [`figure`]s.
pub fn figures(lang: Language, figures: Markup) -> Markup {
    html! { section aria-label=(say!(lang, "Figures")) { dl.figures { (figures) } } }
}

/// A big number with its name.
pub fn figure(name: &str, value: &str, note: Option<String>) -> Markup {
    html! {
        div {
            dt { (name) }
            dd { span.value { (value) } @if let Some(note) = note { " " span.note { (note) } } }
        }
    }
}

//! Bars with their values beside them: a table, so that nothing is told by length or colour alone.

use maud::{Markup, html};

use crate::figures::share;
use crate::language::{Language, say};

/// One bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What it stands for.
    pub name: String,
    /// How long it is.
    pub rows: u64,
}

/// A table of bars, scaled so that the largest fills its column, and with each one's share of all.
pub fn bars(lang: Language, caption: &str, of: &str, bars: &[Bar]) -> Markup {
    bars_of(lang, caption, of, bars, bars.iter().map(|bar| bar.rows).sum())
}

/// As [`bars`], where what they stand for overlaps: each one's share is of `total`.
pub fn bars_of(lang: Language, caption: &str, of: &str, bars: &[Bar], total: u64) -> Markup {
    let largest = bars.iter().map(|bar| bar.rows).max().unwrap_or(0);
    html! {
        table.bars {
            caption { (caption) }
            thead.sr { tr { th scope="col" { (of) } th scope="col" { (say!(lang, "Rows")) } th scope="col" { (say!(lang, "Share")) } } }
            tbody {
                @for bar in bars {
                    tr style={ "--length:" (format!("{:.2}%", share(bar.rows, largest) * 100.0)) } {
                        th scope="row" { (bar.name) }
                        td.count { (lang.thousands(bar.rows)) }
                        td.share { (lang.percent(share(bar.rows, total))) }
                    }
                }
            }
        }
    }
}

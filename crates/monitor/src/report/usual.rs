//! What the data is like, beside the runs before.

use maud::{Markup, html};

use crate::account::Account;
use crate::figures::{percent, printable};
use crate::page::section as page_section;

/// Shares of the data; nothing where there are none.
pub(super) fn section(account: &Account) -> Markup {
    if account.usual.is_empty() {
        return html! {};
    }
    let knows = account.usual.iter().any(|usual| usual.before.is_some());
    let content = html! {
        @if !knows { p { "Too few runs before to know what is usual." } }
        table.stacked {
            caption { "Shares of the records" @if knows { ", and what they were in the last runs" } }
            thead {
                tr {
                    th scope="col" { "Share" } th.number scope="col" { "This run" }
                    @if knows { th.number scope="col" { "Usually" } th.number scope="col" { "From … to" } }
                }
            }
            tbody {
                @for usual in &account.usual {
                    tr {
                        th scope="row" { (printable(&usual.name)) }
                        td.number data-name="This run" {
                            @if usual.before.is_some_and(|before| before.is_left) { span.shift.alarm { (percent(usual.share)) } }
                            @else { (percent(usual.share)) }
                        }
                        @if let Some(before) = usual.before {
                            td.number data-name="Usually" { (percent(before.median)) }
                            td.number data-name="From … to" { (percent(before.low)) " – " (percent(before.high)) }
                        }
                    }
                }
            }
        }
    };
    page_section("data", "Data quality", content)
}

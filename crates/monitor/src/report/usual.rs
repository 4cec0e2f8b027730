//! What the data is like, beside the runs before.

use maud::{Markup, html};
use tamiz_domain::printable;

use crate::account::Account;
use crate::language::{say, sayable};
use crate::page::section as page_section;

/// Shares of the data; nothing where there are none.
pub(super) fn section(account: &Account) -> Markup {
    if account.usual.is_empty() {
        return html! {};
    }
    let lang = account.language;
    let caption = say!(lang, "Shares of the records");
    let [this_run, usually, range] = sayable!(["This run", "Usually", "From … to"]).map(|name| lang.word(name));
    let knows = account.usual.iter().any(|usual| usual.before.is_some());
    let content = html! {
        @if !knows { p { (say!(lang, "Too few runs before to know what is usual.")) } }
        table.stacked {
            caption { (caption) @if knows { (say!(lang, ", and what they were in the last runs")) } }
            thead {
                tr {
                    th scope="col" { (say!(lang, "Share")) } th.number scope="col" { (this_run) }
                    @if knows { th.number scope="col" { (usually) } th.number scope="col" { (range) } }
                }
            }
            tbody {
                @for usual in &account.usual {
                    tr {
                        th scope="row" { (printable(&usual.name_in(lang))) }
                        td.number data-name=(this_run) {
                            @if usual.before.is_some_and(|before| before.is_left) { span.shift.alarm { (lang.percent(usual.share)) } }
                            @else { (lang.percent(usual.share)) }
                        }
                        @if let Some(before) = usual.before {
                            td.number data-name=(usually) { (lang.percent(before.median)) }
                            td.number data-name=(range) { (lang.percent(before.low)) " – " (lang.percent(before.high)) }
                        }
                    }
                }
            }
        }
    };
    page_section("data", &say!(lang, "Data quality"), content)
}

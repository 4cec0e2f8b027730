//! What the model said: classes, how sure it was, against the lexicon's sentiment, in which languages.

use maud::{Markup, html};
use tamiz_domain::{Histogram, printable};

use crate::account::Account;
use crate::figures::share;
use crate::language::{Language, say};
use crate::page::{Bar, Columns, bars, columns, section};

/// Languages shown; the rest is summed up.
const MAX_LANGUAGES: usize = 8;

/// Class balance.
pub(super) fn classes(account: &Account) -> Markup {
    let predicted = &account.summary.predicted;
    if predicted.values().sum::<u64>() == 0 {
        return html! {};
    }
    let list: Vec<Bar> =
        predicted.iter().map(|(&class, &rows)| Bar { name: printable(&account.class_name(class)), rows }).collect();
    let lang = account.language;
    let caption = say!(lang, "Labelled reviews by predicted class");
    section("classes", &say!(lang, "Predicted classes"), bars(lang, &caption, &say!(lang, "Class"), &list))
}

/// Histogram of confidence, from the first bin that holds anything.
pub(super) fn confidence(account: &Account) -> Markup {
    let Histogram { edges, counts } = &account.predictions.tally.profile.confidence;
    let Some(first) = counts.iter().position(|&rows| rows > 0) else { return html! {} };
    let end = |bin: usize| edges.get(bin + 1).copied().unwrap_or(1.0);
    let shown = first..edges.len().min(counts.len());
    let lang = account.language;
    let bar = |bin: usize| Bar {
        name: format!("{}–{}", lang.decimal(edges[bin], 2), lang.decimal(end(bin), 2)),
        rows: counts[bin],
    };
    let list: Vec<Bar> = shown.clone().map(bar).collect();
    let names: Vec<String> = shown.clone().map(|bin| lang.decimal(edges[bin], 2)).collect();
    let total: u64 = counts.iter().sum();
    let shares = shown.map(|bin| share(counts[bin], total)).collect();
    let title = say!(lang, "Share of the labelled reviews by the model's confidence");
    let (heading, share_name) = (say!(lang, "Confidence"), say!(lang, "Share"));
    let content = html! {
        (columns(Columns { language: lang, title: &title, places: &names, kinds: &[(&share_name, shares)] }))
        details {
            summary { (say!(lang, "Figures")) }
            (bars(lang, &say!(lang, "Labelled reviews by the model's confidence"), &heading, &list))
        }
    };
    section("confidence", &heading, content)
}

/// Clean rows by language.
pub(super) fn languages(account: &Account) -> Markup {
    let Some(etl) = account.etl.as_ref().filter(|etl| !etl.languages.is_empty()) else { return html! {} };
    let lang = account.language;
    let mut list: Vec<Bar> = etl.languages.iter().map(|(name, &rows)| Bar { name: printable(name), rows }).collect();
    list.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(&b.name)));
    let others = list.split_off(list.len().min(MAX_LANGUAGES));
    if !others.is_empty() {
        list.push(Bar { name: say!(lang, "others"), rows: others.iter().map(|bar| bar.rows).sum() });
    }
    let caption = say!(lang, "Clean reviews by language (ISO 639-1)");
    section("languages", &say!(lang, "Languages"), bars(lang, &caption, &say!(lang, "Language"), &list))
}

/// The lexicon's sentiment against the predicted class: two judges that should mostly agree.
pub(super) fn sentiment(account: &Account) -> Markup {
    let sentiments = &account.predictions.tally.sentiments;
    if sentiments.is_empty() {
        return html! {};
    }
    let lang = account.language;
    let classes: Vec<i8> = account.summary.predicted.keys().copied().collect();
    let content = html! {
        div.scroll tabindex="0" role="group" aria-label=(say!(lang, "Lexicon sentiment against predicted class")) {
            table.matrix {
                caption {
                    (say!(lang, "Labelled reviews: lexicon sentiment (rows) and predicted class (columns), with the share of the row"))
                }
                thead {
                    tr { td {} @for &class in &classes { th scope="col" { (printable(&account.class_name(class))) } } }
                }
                tbody {
                    @for (name, row) in sentiments {
                        @let total = row.values().sum();
                        tr {
                            th scope="row" { (printable(name)) }
                            @for class in &classes { (cell(row.get(class).copied().unwrap_or(0), total, lang)) }
                        }
                    }
                }
            }
        }
    };
    section("sentiment", &say!(lang, "Lexicon sentiment"), content)
}

/// A cell of a matrix, the darker the larger its share of the row.
pub(super) fn cell(rows: u64, total: u64, lang: Language) -> Markup {
    let part = share(rows, total);
    html! {
        td style={ "--share:" (format!("{part:.3}")) } {
            span.value { (lang.thousands(rows)) } " " span.note { (lang.percent(part)) }
        }
    }
}

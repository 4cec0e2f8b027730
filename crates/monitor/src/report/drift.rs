//! How far the run is from what its model was measured on, feature by feature.

use maud::{Markup, html};
use tamiz_domain::{DriftBin, Feature, FeatureDrift, MovedWord, Shift, Value, printable};

use crate::account::Account;
use crate::drift::in_words;
use crate::figures::share;
use crate::language::{Language, say};
use crate::page::{Columns, columns, section as page_section};

/// The panel; nothing where no model worked.
pub(super) fn section(account: &Account) -> Markup {
    let drift = &account.summary.drift;
    let lang = account.language;
    let Some(lead) = in_words(drift, lang) else { return html! {} };
    let (band, strong) = configuration(account);
    let content = html! {
        p { (lead) }
        @if !drift.features.is_empty() {
            (features(account))
            @for feature in &drift.features {
                details.feature { summary { (lang.word(feature.feature.name())) } (bins(account, feature)) }
            }
            p.note {
                (say!(
                    lang,
                    "Stability index (PSI): from {band} on a feature has drifted, from {strong} on far; only where the reviews are \
                     enough to be certain. Slight: more than chance, but not certainly so far.",
                    band = lang.decimal(band, 2),
                    strong = lang.decimal(strong, 2)
                ))
            }
        }
        @if !drift.words.is_empty() { (words(&drift.words, lang)) }
    };
    page_section("drift", &say!(lang, "Drift"), content)
}

fn configuration(account: &Account) -> (f64, f64) {
    let drift = account.manifest.as_ref().map(|manifest| &manifest.configuration.drift);
    drift.map_or((0.0, 0.0), |drift| (drift.band, drift.strong))
}

fn features(account: &Account) -> Markup {
    let lang = account.language;
    let (shift, chance) = (say!(lang, "Shift"), say!(lang, "Chance"));
    html! {
        table.stacked {
            caption { (say!(lang, "Each feature against the model's baseline")) }
            thead {
                tr {
                    th scope="col" { (say!(lang, "Feature")) } th scope="col" { (shift) }
                    @for name in ["PSI", "Jensen-Shannon", &chance] { th.number scope="col" { (name) } }
                }
            }
            tbody {
                @for feature in &account.summary.drift.features {
                    tr {
                        th scope="row" { (lang.word(feature.feature.name())) }
                        td data-name=(shift) {
                            span.shift.alarm[feature.shift >= Shift::Moderate] { (lang.word(feature.shift.name())) }
                        }
                        td.number data-name="PSI" { (lang.decimal(feature.psi, 3)) }
                        td.number data-name="Jensen-Shannon" { (lang.decimal(feature.jensen_shannon, 3)) }
                        td.number data-name=(chance) { (probability(feature.p_value, lang)) }
                    }
                }
            }
        }
    }
}

/// A probability as people read it.
fn probability(p_value: f64, lang: Language) -> String {
    if p_value < 0.001 { format!("<{}", lang.decimal(0.001, 3)) } else { lang.decimal(p_value, 3) }
}

/// Shares of baseline and run, value by value.
fn bins(account: &Account, feature: &FeatureDrift) -> Markup {
    let lang = account.language;
    let total = |side: fn(&DriftBin) -> u64| feature.bins.iter().map(side).sum::<u64>();
    let (baseline, run) = (total(|bin| bin.baseline), total(|bin| bin.run));
    let shares = |bin: &DriftBin| [share(bin.baseline, baseline), share(bin.run, run)];
    let names: Vec<String> = feature.bins.iter().map(|bin| name(account, feature.feature, &bin.value)).collect();
    let marks: Vec<String> = feature.bins.iter().map(|bin| mark(account, feature.feature, &bin.value)).collect();
    let (before, now): (Vec<f64>, Vec<f64>) =
        feature.bins.iter().map(shares).map(|[before, now]| (before, now)).unzip();
    let title =
        say!(lang, "{feature}: share of the reviews in baseline and run", feature = lang.word(feature.feature.name()));
    let (this_run, baseline_name) = (say!(lang, "This run"), say!(lang, "Baseline"));
    let kinds = [(this_run.as_str(), now), (baseline_name.as_str(), before)];
    html! {
        (columns(Columns { language: lang, title: &title, places: &marks, kinds: &kinds }))
        table.twins {
            caption.sr { (title) }
            thead {
                tr {
                    th scope="col" { (say!(lang, "Value")) } th scope="col" { (baseline_name) } th scope="col" { (say!(lang, "Run")) }
                }
            }
            tbody {
                @for (bin, name) in feature.bins.iter().zip(&names) {
                    @let [before, now] = shares(bin);
                    tr {
                        th scope="row" { (name) }
                        td { (lang.percent(before)) }
                        td { (lang.percent(now)) }
                    }
                }
            }
        }
    }
}

/// What stands under a column: of an interval the smallest number.
fn mark(account: &Account, feature: Feature, value: &Value) -> String {
    match value {
        Value::Interval { from, .. } => number(feature, *from, account.language),
        other => name(account, feature, other),
    }
}

fn number(feature: Feature, number: f64, lang: Language) -> String {
    match feature {
        Feature::UnknownShare => lang.limit((number * 1_000.0).round() / 1_000.0),
        Feature::Confidence => lang.decimal(number, 2),
        _ => lang.thousands(number.round().max(0.0) as u64),
    }
}

fn name(account: &Account, feature: Feature, value: &Value) -> String {
    let lang = account.language;
    match value {
        Value::Interval { from, to: Some(to) } => {
            say!(lang, "{from} to {to}", from = number(feature, *from, lang), to = number(feature, *to, lang))
        }
        Value::Interval { from, to: None } => say!(lang, "from {from}", from = number(feature, *from, lang)),
        Value::Class(class) => printable(&account.class_name(*class)),
        Value::Name(name) => printable(name),
        Value::Others => say!(lang, "others"),
    }
}

fn words(words: &[MovedWord], lang: Language) -> Markup {
    let (baseline, run) = (say!(lang, "Baseline"), say!(lang, "Run"));
    html! {
        table.stacked {
            caption { (say!(lang, "Words that are used more or less often; share of the reviews that hold them")) }
            thead { tr { th scope="col" { (say!(lang, "Word")) } th.number scope="col" { (baseline) } th.number scope="col" { (run) } } }
            tbody {
                @for word in words {
                    tr {
                        th scope="row" { (printable(&word.word)) }
                        td.number data-name=(baseline) { (lang.percent(word.baseline)) }
                        td.number data-name=(run) { (lang.percent(word.run)) }
                    }
                }
            }
        }
    }
}

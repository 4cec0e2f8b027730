//! How far the run is from what its model was measured on, feature by feature.

use maud::{Markup, html};
use tamiz_domain::{DriftBin, Feature, FeatureDrift, MovedWord, Shift, Value};

use crate::account::Account;
use crate::drift::in_words;
use crate::figures::{percent, printable, share, thousands};
use crate::page::{Columns, columns, section as page_section};

/// The panel; nothing where no model worked.
pub(super) fn section(account: &Account) -> Markup {
    let drift = &account.summary.drift;
    let Some(lead) = in_words(drift).or_else(|| drift.remark.clone()) else { return html! {} };
    let content = html! {
        p { (lead) }
        @if !drift.features.is_empty() {
            (features(account))
            @for feature in &drift.features {
                details.feature { summary { (feature.feature.name()) } (bins(account, feature)) }
            }
            p.note {
                "Stability index (PSI): from " (format!("{:.2}", configuration(account).0)) " on a feature has drifted, from "
                (format!("{:.2}", configuration(account).1)) " on far; only where the reviews are enough to be certain. "
                "Slight: more than chance, but not certainly so far."
            }
        }
        @if !drift.words.is_empty() { (words(&drift.words)) }
    };
    page_section("drift", "Drift", content)
}

fn configuration(account: &Account) -> (f64, f64) {
    let drift = account.manifest.as_ref().map(|manifest| &manifest.configuration.drift);
    drift.map_or((0.0, 0.0), |drift| (drift.band, drift.strong))
}

fn features(account: &Account) -> Markup {
    html! {
        table.stacked {
            caption { "Each feature against the model's baseline" }
            thead {
                tr {
                    th scope="col" { "Feature" } th scope="col" { "Shift" }
                    @for name in ["PSI", "Jensen-Shannon", "Chance"] { th.number scope="col" { (name) } }
                }
            }
            tbody {
                @for feature in &account.summary.drift.features {
                    tr {
                        th scope="row" { (feature.feature.name()) }
                        td data-name="Shift" { span.shift.alarm[feature.shift >= Shift::Moderate] { (feature.shift.name()) } }
                        td.number data-name="PSI" { (format!("{:.3}", feature.psi)) }
                        td.number data-name="Jensen-Shannon" { (format!("{:.3}", feature.jensen_shannon)) }
                        td.number data-name="Chance" { (chance(feature.p_value)) }
                    }
                }
            }
        }
    }
}

/// A probability as people read it.
fn chance(p_value: f64) -> String {
    if p_value < 0.001 { "<0.001".to_owned() } else { format!("{p_value:.3}") }
}

/// Shares of baseline and run, value by value.
fn bins(account: &Account, feature: &FeatureDrift) -> Markup {
    let total = |side: fn(&DriftBin) -> u64| feature.bins.iter().map(side).sum::<u64>();
    let (baseline, run) = (total(|bin| bin.baseline), total(|bin| bin.run));
    let shares = |bin: &DriftBin| [share(bin.baseline, baseline), share(bin.run, run)];
    let names: Vec<String> = feature.bins.iter().map(|bin| name(account, feature.feature, &bin.value)).collect();
    let marks: Vec<String> = feature.bins.iter().map(|bin| mark(account, feature.feature, &bin.value)).collect();
    let (before, now): (Vec<f64>, Vec<f64>) =
        feature.bins.iter().map(shares).map(|[before, now]| (before, now)).unzip();
    let title = format!("{}: share of the reviews in run and baseline", feature.feature.name());
    html! {
        (columns(Columns { title: &title, places: &marks, kinds: &[("This run", now), ("Baseline", before)] }))
        table.twins {
            caption.sr { (feature.feature.name()) ": share of the reviews in baseline and run" }
            thead { tr { th scope="col" { "Value" } th scope="col" { "Baseline" } th scope="col" { "Run" } } }
            tbody {
                @for (bin, name) in feature.bins.iter().zip(&names) {
                    @let [before, now] = shares(bin);
                    tr {
                        th scope="row" { (name) }
                        td { (percent(before)) }
                        td { (percent(now)) }
                    }
                }
            }
        }
    }
}

/// What stands under a column: of an interval the smallest number.
fn mark(account: &Account, feature: Feature, value: &Value) -> String {
    match value {
        Value::Interval { from, .. } => number(feature, *from),
        other => name(account, feature, other),
    }
}

fn number(feature: Feature, number: f64) -> String {
    match feature {
        Feature::UnknownShare => format!("{}%", (number * 1_000.0).round() / 10.0),
        Feature::Confidence => format!("{number:.2}"),
        _ => thousands(number.round().max(0.0) as u64),
    }
}

fn name(account: &Account, feature: Feature, value: &Value) -> String {
    match value {
        Value::Interval { from, to: Some(to) } => format!("{} to {}", number(feature, *from), number(feature, *to)),
        Value::Interval { from, to: None } => format!("from {}", number(feature, *from)),
        Value::Class(class) => printable(&account.class_name(*class)),
        Value::Name(name) => printable(name),
        Value::Others => "others".to_owned(),
    }
}

fn words(words: &[MovedWord]) -> Markup {
    html! {
        table.stacked {
            caption { "Words that are used more or less often; share of the reviews that hold them" }
            thead { tr { th scope="col" { "Word" } th.number scope="col" { "Baseline" } th.number scope="col" { "Run" } } }
            tbody {
                @for word in words {
                    tr {
                        th scope="row" { (printable(&word.word)) }
                        td.number data-name="Baseline" { (percent(word.baseline)) }
                        td.number data-name="Run" { (percent(word.run)) }
                    }
                }
            }
        }
    }
}

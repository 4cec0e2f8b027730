//! What a run cost, in words.

use tamiz_domain::{RunCost, printable};

use crate::language::{Language, say};

/// The cost as sentences.
pub(crate) fn in_words(cost: &RunCost, lang: Language) -> String {
    let usd = |amount: f64| usd(amount, lang);
    let mut words = say!(lang, "{amount} US dollars", amount = usd(cost.usd));
    if let Some(per) = cost.usd_per_thousand {
        words += &say!(lang, ", {amount} for 1,000 records", amount = usd(per));
    }
    let stages: Vec<String> = cost.by_stage.iter().map(|(stage, part)| format!("{stage} {}", usd(*part))).collect();
    let stages = printable(&stages.join(", "));
    words += &say!(lang, " ({stages}; the report itself not counted).", stages);
    if let Some(share) = cost.spot_share {
        words += &say!(lang, " {share} of the machine time was Spot.", share = lang.percent(share));
    }
    if cost.wasted_attempts > 0 {
        let (attempts, amount) = (lang.count_of(cost.wasted_attempts, "attempt"), usd(cost.wasted_usd));
        words += &say!(lang, " {attempts} had to be repeated, for {amount}.", attempts, amount);
    }
    words
}

/// US dollars with as many decimals as say something; what was paid is never shown as nothing.
fn usd(amount: f64, lang: Language) -> String {
    match amount {
        _ if amount == 0.0 || amount >= 1.0 => lang.decimal(amount, 2),
        _ if amount < 0.000_05 => say!(lang, "less than {amount}", amount = lang.decimal(0.0001, 4)),
        _ => lang.decimal(amount, 4),
    }
}

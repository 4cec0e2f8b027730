//! The end of `card.md`: what was decided about the model when it was registered.

use tamiz_domain::{MetricSet, Promotion};

use crate::percent;

/// The section as Markdown.
pub(crate) fn verdict_section(promotion: &Promotion) -> String {
    let figures = |metrics: &MetricSet| match metrics.entity_f1 {
        Some(f1) => format!("{} | {f1:.4}", percent(metrics.accuracy)),
        None => format!("{} | {:.4}", percent(metrics.accuracy), metrics.macro_f1),
    };
    let f1 = if promotion.challenger.entity_f1.is_some() { "entity F1" } else { "macro-F1" };
    let mut lines = vec![
        format!("\n## Verdict: {}\n", promotion.decision.name()),
        format!("{}\n", promotion.why),
        format!("| on the same hold-out | accuracy | {f1} |\n|---|---:|---:|"),
        format!("| this model | {} |", figures(&promotion.challenger)),
    ];
    if let (Some(champion), Some(metrics)) = (&promotion.from, &promotion.champion) {
        lines.push(format!("| the champion then, {champion} | {} |", figures(metrics)));
    }
    if !promotion.rules.is_empty() {
        lines.push("\n| rule | | |\n|---|---|---|".into());
        let mark = |kept: bool| if kept { "kept" } else { "**broken**" };
        lines.extend(
            promotion.rules.iter().map(|rule| format!("| {} | {} | {} |", rule.rule, mark(rule.kept), rule.says)),
        );
    }
    let at = promotion.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    lines.push(format!("\nDecided {at} by {}; which model is in use now says `latest.json`.\n", promotion.by));
    lines.join("\n")
}

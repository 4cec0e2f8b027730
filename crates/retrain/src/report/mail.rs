//! The mail about a retraining: plain text, verdict first.

use tamiz_domain::{Decision, MetricSet, ModelReference, Promotion, RuleOutcome};
use tamiz_ports::{Mail, wrapped};

use crate::percent;

/// The mail about a verdict; `folder` is the URI of the new version.
pub(crate) fn mail(model: &ModelReference, promotion: &Promotion, folder: &str) -> Mail {
    let accuracy = percent(promotion.challenger.accuracy);
    let champion = promotion.champion.as_ref().map(|metrics| percent(metrics.accuracy));
    let subject = match (promotion.decision, &champion) {
        (Decision::Promoted, Some(before)) => format!("PROMOTED {}: {accuracy} accuracy, was {before}", model.name),
        (Decision::Promoted, None) => format!("PROMOTED {}: {accuracy} accuracy", model.name),
        (Decision::KeptChampion | Decision::RolledBack, _) => {
            format!("KEPT CHAMPION of {}: new {accuracy}, champion {}", model.name, champion.unwrap_or_default())
        }
        (Decision::NoBaseline, _) => format!("NO BASELINE for {}: {accuracy} accuracy", model.name),
    };
    let in_use = match (promotion.decision, &promotion.from) {
        (Decision::Promoted, Some(before)) => format!("{} from now on; before, {before}", promotion.to),
        (Decision::Promoted, None) => format!("{} from now on", promotion.to),
        (_, Some(before)) => format!("{before}, as before"),
        (_, None) => "none".into(),
    };
    let body = format!(
        "{}\n\nModel:     {}\nIn use:    {in_use}\nDecided:   {} by {}\nFolder:    {folder}\n\nHold-out, which training never saw:\n{}{}",
        wrapped("", &promotion.why),
        model.name,
        promotion.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        promotion.by,
        figures(promotion),
        rules(promotion),
    );
    Mail::new(&format!("[tamiz] {subject}"), body)
}

fn figures(promotion: &Promotion) -> String {
    let line = |name: &str, metrics: &MetricSet| {
        let accuracy = percent(metrics.accuracy);
        let figures = match (metrics.entity_f1, metrics.log_loss) {
            (Some(f1), _) => format!("entity F1 {f1:.3}, all entities right in {accuracy}"),
            (None, Some(loss)) => format!("accuracy {accuracy}, macro-F1 {:.3}, log loss {loss:.3}", metrics.macro_f1),
            (None, None) => format!("accuracy {accuracy}, macro-F1 {:.3}", metrics.macro_f1),
        };
        format!("  {name:<11}{figures} ({} rows)\n", metrics.rows)
    };
    let champion = promotion.champion.as_ref().map(|metrics| line("champion", metrics)).unwrap_or_default();
    format!("{}{champion}", line("new model", &promotion.challenger))
}

/// The rules, each on its own lines of at most 78 columns.
fn rules(promotion: &Promotion) -> String {
    if promotion.rules.is_empty() {
        return String::new();
    }
    let line = |outcome: &RuleOutcome| {
        let mark = if outcome.kept { "kept" } else { "BROKEN" };
        wrapped(&format!("  {:<12}{mark:<8}", outcome.rule), &outcome.says) + "\n"
    };
    format!("\nRules of promotion:\n{}", promotion.rules.iter().map(line).collect::<String>())
}

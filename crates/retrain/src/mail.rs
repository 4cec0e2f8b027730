//! The mail about a retraining: plain text, verdict first.

use tamiz_domain::{Decision, MetricSet, ModelReference, Promotion};
use tamiz_ports::Mail;

use crate::promotion::percent;

/// The mail about a verdict; `folder` is the URI of the new version.
pub(crate) fn mail(model: &ModelReference, promotion: &Promotion, folder: &str) -> Mail {
    let accuracy = percent(promotion.challenger.accuracy);
    let champion = promotion.champion.as_ref().map(|metrics| percent(metrics.accuracy));
    let subject = match (promotion.decision, &champion) {
        (Decision::Promoted, Some(before)) => format!("PROMOTED {}: {accuracy} accuracy, was {before}", model.name),
        (Decision::Promoted, None) => format!("PROMOTED {}: {accuracy} accuracy", model.name),
        (Decision::Refused, Some(before)) => {
            format!("KEPT CHAMPION of {}: new {accuracy}, champion {before}", model.name)
        }
        (Decision::Refused, None) => format!("REFUSED {}: {accuracy} accuracy", model.name),
    };
    let in_use = match (promotion.decision, &promotion.from) {
        (Decision::Promoted, Some(before)) => format!("{} from now on; before, {before}", promotion.to),
        (Decision::Promoted, None) => format!("{} from now on", promotion.to),
        (Decision::Refused, Some(before)) => format!("{before}, as before"),
        (Decision::Refused, None) => "none".into(),
    };
    let body = format!(
        "{}\n\nModel:     {}\nIn use:    {in_use}\nDecided:   {} by {}\nFolder:    {folder}\n\nHold-out, which training never saw:\n{}",
        promotion.why,
        model.name,
        promotion.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        promotion.by,
        figures(promotion),
    );
    Mail::new(&format!("[tamiz] {subject}"), body)
}

fn figures(promotion: &Promotion) -> String {
    let line = |name: &str, metrics: &MetricSet| {
        let loss = metrics.log_loss.map(|loss| format!(", log loss {loss:.3}")).unwrap_or_default();
        format!(
            "  {name:<11}accuracy {}, macro-F1 {:.3}{loss} ({} rows)\n",
            percent(metrics.accuracy),
            metrics.macro_f1,
            metrics.rows
        )
    };
    let champion = promotion.champion.as_ref().map(|metrics| line("champion", metrics)).unwrap_or_default();
    format!("{}{champion}", line("new model", &promotion.challenger))
}

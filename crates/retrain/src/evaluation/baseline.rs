//! What the hold-out looked like, for drift to be measured against.

use tamiz_domain::{Baseline, Profile, ProfiledRow, WordCounts};
use tamiz_text::Analyzer;

use super::Evaluation;
use crate::data::{Answer, Label, NO_LABEL, Rows};

/// Words that the baseline holds.
const WORDS: usize = 2_000;

/// Summarises rows and what the model makes of them. Best made of the hold-out: on its own training rows a
/// model is surer than it will be on anything new. Entities and their kinds are left out.
pub(crate) fn baseline(rows: &Rows, which: &[usize], evaluation: &Evaluation) -> Baseline {
    let mut profile = Profile::default();
    for (position, row) in rows.pick(which).enumerate() {
        let reading = evaluation.readings.get(position).copied().flatten();
        let label = match row.label {
            Label::Class(class) => Some(class),
            Label::Entities(_) => None,
        };
        let predicted = match evaluation.answers.get(position) {
            Some(Answer::Class(class)) if reading.is_some() && *class != NO_LABEL => Some(*class),
            _ => None,
        };
        profile.add(&ProfiledRow {
            characters: u32::try_from(row.text.chars().count()).ok(),
            tokens: reading.map(|reading| reading.num_tokens),
            unknown_share: reading.map(|reading| reading.unknown_share),
            language: row.language,
            predicted,
            confidence: predicted.and_then(|_| evaluation.confidences.get(position).copied()),
            label,
        });
    }
    Baseline { profile, words: words(rows, which) }
}

/// Content words of some of the rows, evenly spread over them.
fn words(rows: &Rows, which: &[usize]) -> WordCounts {
    let (mut counts, mut analyzer) = (WordCounts::default(), Analyzer::new());
    let step = which.len().div_ceil(WordCounts::SAMPLE).max(1);
    for (number, &row) in which.iter().step_by(step).enumerate() {
        if number % 1_024 == 0 {
            analyzer.begin_batch();
        }
        counts.add(analyzer.analyze(rows.get(row).text).content_tokens());
    }
    counts.most_used(WORDS)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tamiz_domain::{Feature, MetricSet, Value};
    use tamiz_models::Reading;

    use super::*;
    use crate::data;

    #[test]
    fn a_baseline_tells_of_the_rows_that_were_asked_for() {
        let rows =
            data::rows(&[("Good screen!", 2), ("bad screen", 1), ("a fine screen", 2), ("screen", 1), ("screen", 2)]);
        let which = [4, 0, 2, 3, 1];
        let reading = Reading { num_tokens: 3, unknown_share: 0.25, truncated: false };
        let evaluation = Evaluation {
            metrics: MetricSet::of_confusion(BTreeMap::new(), None),
            answers: [2, 2, 1, 1, 1].map(Answer::Class).to_vec(),
            nothing: Vec::new(),
            readings: vec![Some(reading), Some(reading), Some(reading), Some(reading), None],
            hits: vec![true; 5],
            confidences: vec![0.9; 5],
            of_labels: vec![0.9; 5],
            texts_per_second: 1.0,
        };
        let Baseline { profile, words } = baseline(&rows, &which, &evaluation);
        assert_eq!((profile.rows, profile.characters.total(), profile.tokens.total()), (5, 5, 4));
        assert_eq!(profile.values(Feature::Label), [(Value::Class(1), 2), (Value::Class(2), 3)]);
        assert_eq!(profile.values(Feature::Predicted), [(Value::Class(1), 2), (Value::Class(2), 2)], "one text failed");
        assert_eq!(profile.confidence.total(), 4);
        assert_eq!((words.reviews, words.words), (5, BTreeMap::from([("screen".to_owned(), 5)])));
    }
}

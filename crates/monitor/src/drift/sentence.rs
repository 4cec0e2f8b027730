//! Drift in one sentence, the same in mail, report and terminal.

use tamiz_domain::{Drift, Shift};

use crate::figures::{count_of, listed, thousands};

/// The drift as a sentence; none where nothing was compared.
pub fn in_words(drift: &Drift) -> Option<String> {
    let shift = drift.shift?;
    let of = |shifts: &[Shift]| -> Vec<String> {
        let mut features: Vec<_> = drift.features.iter().filter(|feature| shifts.contains(&feature.shift)).collect();
        features.sort_by(|one, other| other.psi.total_cmp(&one.psi));
        features.iter().map(|feature| format!("{} {:.2}", feature.feature.name(), feature.psi)).collect()
    };
    let list = |names: Vec<String>| listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = match drift.runs {
        0 | 1 => count_of(drift.rows, "review"),
        runs => format!("{} of {runs} small runs together", count_of(drift.rows, "review")),
    };
    let against = format!("{rows} against the {} that the model was measured on", thousands(drift.baseline_rows));
    Some(match shift {
        Shift::Stable => format!("None: {against}."),
        Shift::Slight => format!("Slight, in {} (stability index): {against}.", list(of(&[Shift::Slight]))),
        Shift::Moderate | Shift::Strong => {
            let beyond = list(of(&[Shift::Moderate, Shift::Strong]));
            let name = if shift == Shift::Strong { "Strong" } else { "Moderate" };
            format!("{name}, in {beyond} (stability index): {against}.")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamiz_domain::{Feature, FeatureDrift};

    fn drift(shifts: &[(Feature, Shift, f64)]) -> Drift {
        let feature = |&(feature, shift, psi): &(Feature, Shift, f64)| FeatureDrift {
            feature,
            shift,
            psi,
            jensen_shannon: 0.0,
            p_value: 0.0,
            bins: Vec::new(),
        };
        Drift {
            shift: shifts.iter().map(|(_, shift, _)| *shift).max(),
            baseline_rows: 4_000,
            rows: 12_345,
            runs: 1,
            features: shifts.iter().map(feature).collect(),
            ..Drift::default()
        }
    }

    #[test]
    fn drift_is_one_sentence_with_the_farthest_feature_first() {
        let tail = "12,345 reviews against the 4,000 that the model was measured on.";
        let told = |shifts: &[(Feature, Shift, f64)]| in_words(&drift(shifts)).unwrap();
        assert_eq!(told(&[(Feature::Label, Shift::Stable, 0.001)]), format!("None: {tail}"));
        let slight = [(Feature::Label, Shift::Slight, 0.051), (Feature::Language, Shift::Stable, 0.0)];
        assert_eq!(told(&slight), format!("Slight, in label 0.05 (stability index): {tail}"));
        let several = [
            (Feature::Label, Shift::Moderate, 0.15),
            (Feature::Language, Shift::Strong, 1.2),
            (Feature::Tokens, Shift::Slight, 0.03),
        ];
        assert_eq!(told(&several), format!("Strong, in language 1.20 and label 0.15 (stability index): {tail}"));
        assert_eq!(in_words(&Drift::default()), None);
    }
}

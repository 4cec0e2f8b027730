//! Drift in one sentence, the same in mail, report and terminal.

use tamiz_domain::{Drift, Shift};

use crate::language::{Language, say};

/// The drift as a sentence; none where nothing was compared, nor a remark says why.
pub fn in_words(drift: &Drift, lang: Language) -> Option<String> {
    let Some(shift) = drift.shift else { return drift.remark.as_deref().map(|remark| lang.word(remark).to_owned()) };
    let of = |shifts: &[Shift]| -> Vec<String> {
        let mut features: Vec<_> = drift.features.iter().filter(|feature| shifts.contains(&feature.shift)).collect();
        features.sort_by(|one, other| other.psi.total_cmp(&one.psi));
        let named = |index: f64, name: &str| format!("{} {}", lang.word(name), lang.decimal(index, 2));
        features.iter().map(|feature| named(feature.psi, feature.feature.name())).collect()
    };
    let list = |names: Vec<String>| lang.listed(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let reviews = lang.count_of(drift.rows, "review");
    let rows = match drift.runs {
        0 | 1 => reviews,
        runs => say!(lang, "{reviews} of {runs} small runs together", reviews, runs),
    };
    let baseline = lang.thousands(drift.baseline_rows);
    let against = say!(lang, "{rows} against the {baseline} that the model was measured on", rows, baseline);
    let beyond = || list(of(&[Shift::Moderate, Shift::Strong]));
    Some(match shift {
        Shift::Stable => say!(lang, "None: {against}.", against),
        Shift::Slight => {
            let features = list(of(&[Shift::Slight]));
            say!(lang, "Slight, in {features} (stability index): {against}.", features, against)
        }
        Shift::Moderate => {
            say!(lang, "Moderate, in {features} (stability index): {against}.", features = beyond(), against)
        }
        Shift::Strong => {
            say!(lang, "Strong, in {features} (stability index): {against}.", features = beyond(), against)
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
        let told = |shifts: &[(Feature, Shift, f64)]| in_words(&drift(shifts), Language::English).unwrap();
        assert_eq!(told(&[(Feature::Label, Shift::Stable, 0.001)]), format!("None: {tail}"));
        let slight = [(Feature::Label, Shift::Slight, 0.051), (Feature::Language, Shift::Stable, 0.0)];
        assert_eq!(told(&slight), format!("Slight, in label 0.05 (stability index): {tail}"));
        let several = [
            (Feature::Label, Shift::Moderate, 0.15),
            (Feature::Language, Shift::Strong, 1.2),
            (Feature::Tokens, Shift::Slight, 0.03),
        ];
        assert_eq!(told(&several), format!("Strong, in language 1.20 and label 0.15 (stability index): {tail}"));
        assert_eq!(in_words(&Drift::default(), Language::English), None);
    }
}

//! How far a run is from what its model was measured on. Pure: rows are counted elsewhere.
//!
//! A verdict needs both, an effect that matters and rows enough to be certain of it: the population stability index must be beyond the
//! band even if chance helped it as far as it does in one of a thousand comparisons. So two hundred rows do not cry, and two million
//! neither hide a shift nor cry about one that matters to nobody.

mod bins;
mod sentence;
mod statistics;
mod words;

use tamiz_domain::{Baseline, Drift, DriftConfiguration, Feature, FeatureDrift, Profile, Shift};

use bins::bins;
use statistics::Counts;

pub use sentence::in_words;
pub(crate) use words::moved;

/// Probability of calling a shift where there is none. A run is compared by seven features.
const SIGNIFICANCE: f64 = 0.001;

/// Compares the profile of `runs` runs with their model's baseline, but for the words.
pub fn compare(baseline: &Baseline, profile: &Profile, runs: u64, configuration: &DriftConfiguration) -> Drift {
    let of = |feature| of_feature(feature, &baseline.profile, profile, configuration);
    let features: Vec<FeatureDrift> = Feature::ALL.into_iter().filter_map(of).collect();
    let shift = features.iter().map(|feature| feature.shift).max();
    let baseline_rows = baseline.profile.rows;
    Drift { shift, remark: None, baseline_rows, rows: profile.rows, runs, features, words: Vec::new() }
}

fn of_feature(
    feature: Feature,
    baseline: &Profile,
    run: &Profile,
    configuration: &DriftConfiguration,
) -> Option<FeatureDrift> {
    let bins = bins(feature, baseline, run)?;
    let (baseline, run): (Vec<u64>, Vec<u64>) = bins.iter().map(|bin| (bin.baseline, bin.run)).unzip();
    let counts = Counts { baseline: &baseline, run: &run };
    let (psi, p_value) = (counts.psi(), counts.p_value());
    let is_beyond = |band: f64| psi > band && counts.p_within(band) < SIGNIFICANCE;
    let shift = if is_beyond(configuration.strong) {
        Shift::Strong
    } else if is_beyond(configuration.band) {
        Shift::Moderate
    } else if p_value < SIGNIFICANCE {
        Shift::Slight
    } else {
        Shift::Stable
    };
    Some(FeatureDrift { feature, shift, psi, jensen_shannon: counts.jensen_shannon(), p_value, bins })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamiz_domain::{ProfiledRow, WordCounts};

    /// So many rows, of which every `n`-th is Spanish.
    fn profile(rows: u32, n: u32) -> Profile {
        let mut profile = Profile::default();
        for row in 0..rows {
            let language = if row % n == 0 { "es" } else { "en" };
            profile.add(&ProfiledRow {
                language: Some(language),
                characters: Some(40 + row * 157 % 400),
                ..Default::default()
            });
        }
        profile
    }

    fn shift(rows: u32, n: u32) -> Shift {
        let baseline = Baseline { profile: profile(20_000, 20), words: WordCounts::default() };
        let drift = compare(&baseline, &profile(rows, n), 1, &DriftConfiguration::default());
        assert!(
            drift.features.iter().all(|of| of.feature == Feature::Language || of.shift == Shift::Stable),
            "{drift:?}"
        );
        drift.shift.unwrap()
    }

    #[test]
    fn the_verdict_knows_how_many_rows_there_are() {
        assert_eq!([100, 1_000, 100_000].map(|rows| shift(rows, 20)), [Shift::Stable; 3]);
        // From 5% to 10%: an index of 0.04, which matters to nobody, however certain it is.
        assert_eq!([100, 5_000, 200_000].map(|rows| shift(rows, 10)), [Shift::Stable, Shift::Slight, Shift::Slight]);
        // To 17%: 0.15.
        assert_eq!([100, 5_000, 200_000].map(|rows| shift(rows, 6)), [Shift::Slight, Shift::Moderate, Shift::Moderate]);
        // To half of them: 1.3.
        assert_eq!([200, 5_000].map(|rows| shift(rows, 2)), [Shift::Strong; 2]);
    }
}

//! Values of a feature in baseline and run, put together until each bin has enough rows to say something. Pure.

use tamiz_domain::{DriftBin, Feature, Profile, Value};

/// Rows that a bin must have on the smaller side if both sides were alike: below, neither the chi-squared test nor the distribution of
/// the stability index holds (Cochran 1954).
const LEAST_EXPECTED: f64 = 5.0;
/// Share of the rows of a side, and rows, from which on a name stands for itself however rare it is on the other: a language that nobody
/// wrote before is no rare one.
const OWN_SHARE: f64 = 0.05;
/// See [`OWN_SHARE`].
const OWN_ROWS: u64 = 10;

/// The bins of a feature; none where a side knows nothing of it or all rows are in one.
pub(crate) fn bins(feature: Feature, baseline: &Profile, run: &Profile) -> Option<Vec<DriftBin>> {
    let all = paired(feature, baseline, run)?;
    let sum = |side: fn(&DriftBin) -> u64| all.iter().map(side).sum::<u64>() as f64;
    let (rows, run_rows) = (sum(|bin| bin.baseline), sum(|bin| bin.run));
    if rows == 0.0 || run_rows == 0.0 {
        return None;
    }
    let share_of_smaller = rows.min(run_rows) / (rows + run_rows);
    let is_enough = |bin: &DriftBin| (bin.baseline + bin.run) as f64 * share_of_smaller >= LEAST_EXPECTED;
    let is_large = |own: u64, side: f64| own >= OWN_ROWS && own as f64 >= OWN_SHARE * side;
    let stands = |bin: &DriftBin| is_enough(bin) || is_large(bin.baseline, rows) || is_large(bin.run, run_rows);
    let bins = if feature.is_ordered() { neighbours_together(all, is_enough) } else { rare_together(all, stands) };
    (bins.len() > 1).then_some(bins)
}

/// Every value of either side with its rows on both.
fn paired(feature: Feature, baseline: &Profile, run: &Profile) -> Option<Vec<DriftBin>> {
    let (mut ours, mut theirs) = (run.values(feature), baseline.values(feature));
    if feature.is_ordered() {
        // Intervals are the same unless another version of Tamiz made the baseline.
        let same = ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| a.0 == b.0);
        return same.then(|| {
            let pairs = theirs.into_iter().zip(ours);
            pairs.map(|((value, baseline), (_, run))| DriftBin { value, baseline, run }).collect()
        });
    }
    let mut take = |value: &Value| {
        let at = ours.iter().position(|(other, _)| other == value);
        at.map_or(0, |at| ours.swap_remove(at).1)
    };
    let mut all: Vec<DriftBin> =
        theirs.drain(..).map(|(value, baseline)| DriftBin { run: take(&value), value, baseline }).collect();
    ours.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    all.extend(ours.into_iter().map(|(value, run)| DriftBin { value, baseline: 0, run }));
    Some(all)
}

/// Each interval takes in those behind it until it has enough; what is left over at the end goes to the last one.
fn neighbours_together(all: Vec<DriftBin>, is_enough: impl Fn(&DriftBin) -> bool) -> Vec<DriftBin> {
    let mut bins: Vec<DriftBin> = Vec::new();
    let mut open: Option<DriftBin> = None;
    for bin in all {
        let joined = match open.take() {
            Some(before) => join(before, bin),
            None => bin,
        };
        if is_enough(&joined) { bins.push(joined) } else { open = Some(joined) }
    }
    match (open, bins.pop()) {
        (Some(rest), Some(last)) => bins.push(join(last, rest)),
        (rest, last) => bins.extend(rest.or(last)),
    }
    bins
}

fn join(one: DriftBin, next: DriftBin) -> DriftBin {
    let value = match (one.value, next.value) {
        (Value::Interval { from, .. }, Value::Interval { to, .. }) => Value::Interval { from, to },
        _ => Value::Others,
    };
    DriftBin { value, baseline: one.baseline + next.baseline, run: one.run + next.run }
}

/// Rare values are one value, which goes to the rarest other if it is rare itself.
fn rare_together(all: Vec<DriftBin>, is_enough: impl Fn(&DriftBin) -> bool) -> Vec<DriftBin> {
    let (mut bins, rare): (Vec<DriftBin>, Vec<DriftBin>) = all.into_iter().partition(&is_enough);
    let others = rare.into_iter().reduce(|one, next| {
        let DriftBin { baseline, run, .. } = join(one, next);
        DriftBin { value: Value::Others, baseline, run }
    });
    let Some(others) = others.filter(|others| others.baseline + others.run > 0) else { return bins };
    if is_enough(&others) || bins.is_empty() {
        bins.push(others);
    } else if let Some(rarest) = bins.iter_mut().min_by_key(|bin| bin.baseline + bin.run) {
        rarest.baseline += others.baseline;
        rarest.run += others.run;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamiz_domain::ProfiledRow;

    fn profile(rows: &[(ProfiledRow<'_>, usize)]) -> Profile {
        let mut profile = Profile::default();
        rows.iter().for_each(|(row, times)| (0..*times).for_each(|_| profile.add(row)));
        profile
    }

    fn language(name: &str) -> ProfiledRow<'_> {
        ProfiledRow { language: Some(name), ..ProfiledRow::default() }
    }

    fn shown(bins: Option<Vec<DriftBin>>) -> Vec<(String, u64, u64)> {
        let name = |value: Value| match value {
            Value::Interval { from, to } => format!("{from} {to:?}"),
            Value::Name(name) => name,
            Value::Class(class) => class.to_string(),
            Value::Others => "others".into(),
        };
        bins.unwrap_or_default().into_iter().map(|bin| (name(bin.value), bin.baseline, bin.run)).collect()
    }

    #[test]
    fn rare_languages_are_one_and_a_new_one_stands_for_itself() {
        let baseline = profile(&[(language("en"), 90), (language("de"), 3), (language("fr"), 4), (language("it"), 3)]);
        let run = profile(&[(language("en"), 60), (language("es"), 30), (language("pt"), 10)]);
        let found = shown(bins(Feature::Language, &baseline, &run));
        let expected = [("en", 90, 60), ("es", 0, 30), ("pt", 0, 10), ("others", 10, 0)];
        assert_eq!(found, expected.map(|(name, b, r)| (name.to_owned(), b, r)));
    }

    #[test]
    fn a_language_that_is_new_in_a_small_run_stands_for_itself() {
        let baseline = profile(&[(language("en"), 16_000), (language("es"), 8)]);
        let run = profile(&[(language("en"), 160), (language("es"), 40)]);
        assert_eq!(shown(bins(Feature::Language, &baseline, &run)).len(), 2);
        let run = profile(&[(language("en"), 191), (language("es"), 9)]);
        assert_eq!(bins(Feature::Language, &baseline, &run), None, "nine of two hundred may be chance");
    }

    #[test]
    fn too_few_others_go_to_the_rarest() {
        let baseline = profile(&[(language("en"), 90), (language("es"), 20), (language("de"), 2)]);
        let run = profile(&[(language("en"), 90), (language("es"), 30)]);
        assert_eq!(
            shown(bins(Feature::Language, &baseline, &run)),
            [("en".to_owned(), 90, 90), ("es".to_owned(), 22, 30)]
        );
    }

    #[test]
    fn intervals_of_few_rows_take_in_their_neighbours() {
        let confident = |confidence| ProfiledRow { confidence: Some(confidence), ..ProfiledRow::default() };
        let rows = [(confident(0.52), 4), (confident(0.61), 50), (confident(0.71), 40), (confident(0.97), 3)];
        let same = profile(&rows);
        let found = shown(bins(Feature::Confidence, &same, &same));
        assert_eq!(found, [("0 Some(0.65)".to_owned(), 54, 54), ("0.65 None".to_owned(), 43, 43)]);
    }

    #[test]
    fn nothing_is_compared_with_nothing_or_with_one_value_only() {
        let some = profile(&[(language("en"), 90)]);
        assert_eq!(bins(Feature::Language, &some, &Profile::default()), None);
        assert_eq!(bins(Feature::Label, &some, &some), None);
        assert_eq!(bins(Feature::Language, &some, &some), None);
    }
}

//! Whether a challenger takes the champion's place. Pure: figures in, decision and reason out.

use bytesize::ByteSize;
use tamiz_domain::{Behaviour, Decision, MetricSet, RuleOutcome};

use super::mcnemar::{Paired, SIGNIFICANCE};
use crate::evaluation::{Evaluation, Examination, Group};
use crate::{Rules, percent};

/// The bound on the first model's recall, in standard deviations of a normal distribution: one-sided 5%.
const SIGNIFICANCE_Z: f64 = 1.645;
/// Differences of shares that are nothing but their last digits.
const NOTHING: f64 = 1e-9;

/// A decision, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judgement {
    /// The decision.
    pub decision: Decision,
    /// Why, as a sentence.
    pub why: String,
    /// What came of each rule.
    pub rules: Vec<RuleOutcome>,
}

/// Decides about the first model of a name: it must do clearly better than one that has learnt nothing.
pub(crate) fn decide_first(challenger: &Examination, rules: &Rules) -> Judgement {
    let mut outcomes = vec![match challenger.evaluation.nothing.is_empty() {
        true => better_than_one_class(&challenger.evaluation.metrics),
        false => better_than_nothing(&challenger.evaluation),
    }];
    outcomes.extend(size(challenger, rules));
    let (decision, start) = match outcomes.iter().all(|outcome| outcome.kept) {
        true => (Decision::Promoted, "It is the first model of its name"),
        false => (Decision::NoBaseline, "There is no champion, and it is not good enough to be the first"),
    };
    Judgement { decision, why: sentence(start, &outcomes), rules: outcomes }
}

/// Always answering the largest class. Compared by mean recall, in which that answer scores one over the number of classes whatever
/// their shares.
fn better_than_one_class(metrics: &MetricSet) -> RuleOutcome {
    let classes = metrics.classes.len().max(1) as f64;
    let recall = metrics.classes.values().map(|class| class.recall).sum::<f64>() / classes;
    let variance = |recall: f64, support: f64| {
        // One hit and one miss more than seen: nothing is certain after a few rows.
        let recall = (recall * support + 1.0) / (support + 2.0);
        recall * (1.0 - recall) / (support + 2.0)
    };
    let sum: f64 = metrics.classes.values().map(|class| variance(class.recall, class.support as f64)).sum();
    let bound = recall - SIGNIFICANCE_Z * sum.sqrt() / classes;
    let chance = 1.0 / classes;
    let figures = format!("mean recall {}, at least {} with 95% confidence", percent(recall), percent(bound));
    let better = bound > chance;
    let clearly = if better { "clearly better" } else { "not clearly better" };
    let says = format!("{clearly} than always answering the largest class: {figures}, against {}", percent(chance));
    outcome("baseline", better, says)
}

/// Never finding an entity. Compared by the texts that are right as a whole.
fn better_than_nothing(evaluation: &Evaluation) -> RuleOutcome {
    let paired = Paired::of(evaluation.hits.iter().copied().zip(evaluation.nothing.iter().copied()));
    let p = paired.p_value();
    let better = p < SIGNIFICANCE && paired.challenger_only > paired.champion_only;
    let clearly = if better { "clearly better" } else { "not clearly better" };
    let empty = evaluation.nothing.iter().filter(|&&nothing| nothing).count();
    let share = empty as f64 / evaluation.nothing.len().max(1) as f64;
    let accuracy = percent(evaluation.metrics.accuracy);
    let says = format!(
        "{clearly} than never finding anything: {accuracy} of the texts right as a whole, against {}, p = {}",
        percent(share),
        short(p)
    );
    outcome("baseline", better, says)
}

/// Decides between challenger and champion, examined on the same rows, which `groups` divides.
pub(crate) fn decide(challenger: &Examination, champion: &Examination, groups: &[Group], rules: &Rules) -> Judgement {
    let mut outcomes = vec![accuracy(challenger, champion, rules), slices(challenger, champion, groups, rules)];
    outcomes.push(behaviour(challenger, champion, rules));
    outcomes.extend(calibration(challenger, champion, rules));
    outcomes.extend(speed(challenger, champion, rules));
    outcomes.extend(size(challenger, rules));
    let (decision, start) = match (outcomes[0].kept, outcomes.iter().all(|outcome| outcome.kept)) {
        (true, true) => (Decision::Promoted, "It is more accurate than the champion"),
        (true, false) => (Decision::KeptChampion, "It is more accurate than the champion, but breaks a rule"),
        (false, _) => (Decision::KeptChampion, "It is not clearly more accurate than the champion"),
    };
    Judgement { decision, why: sentence(start, &outcomes), rules: outcomes }
}

fn outcome(rule: &str, kept: bool, says: String) -> RuleOutcome {
    RuleOutcome { rule: rule.to_owned(), kept, says }
}

/// The first rule's numbers, and those of every rule that is broken.
fn sentence(start: &str, outcomes: &[RuleOutcome]) -> String {
    let told = outcomes.iter().enumerate().filter(|(at, outcome)| *at == 0 || !outcome.kept);
    let says: Vec<String> = told.map(|(_, outcome)| format!("{}: {}", outcome.rule, outcome.says)).collect();
    format!("{start} ({}).", says.join("; "))
}

/// More accurate by what is asked for, and not by chance.
fn accuracy(challenger: &Examination, champion: &Examination, rules: &Rules) -> RuleOutcome {
    let (ours, theirs) = (&challenger.evaluation, &champion.evaluation);
    let paired = Paired::of(ours.hits.iter().copied().zip(theirs.hits.iter().copied()));
    let p = paired.p_value();
    let gain = ours.metrics.accuracy - theirs.metrics.accuracy;
    let asked =
        if rules.min_gain > 0.0 { format!("; {} are asked for", points(rules.min_gain)) } else { String::new() };
    let says = format!(
        "{} against {} on the same {} rows{asked}; {} rows only the challenger got right, {} only the champion, p = {}",
        percent(ours.metrics.accuracy),
        percent(theirs.metrics.accuracy),
        ours.metrics.rows,
        paired.challenger_only,
        paired.champion_only,
        short(p),
    );
    outcome("accuracy", p < SIGNIFICANCE && gain >= rules.min_gain - NOTHING, says)
}

/// On no group of rows worse by more than what is allowed, unless chance explains it.
fn slices(challenger: &Examination, champion: &Examination, groups: &[Group], rules: &Rules) -> RuleOutcome {
    let hits = |group: &Group| {
        let (ours, theirs) = (&challenger.evaluation.hits, &champion.evaluation.hits);
        Paired::of(group.positions.iter().map(|&at| (ours[at], theirs[at])))
    };
    // Of many groups one is worse by chance: what each may contribute to a false alarm is shared out among them (Bonferroni).
    let significance = SIGNIFICANCE / groups.len().max(1) as f64;
    let worse = groups.iter().zip(challenger.slices.iter().zip(&champion.slices)).filter(|(group, (ours, theirs))| {
        theirs.accuracy - ours.accuracy > rules.max_slice_loss + NOTHING && hits(group).p_worse() < significance
    });
    let told: Vec<String> = worse
        .map(|(group, (ours, theirs))| {
            format!(
                "{} {}: {} against {} on {} rows",
                group.by,
                group.value,
                percent(ours.accuracy),
                percent(theirs.accuracy),
                ours.rows
            )
        })
        .collect();
    if groups.is_empty() {
        return outcome("slices", true, "the rows have no parts to tell apart".into());
    }
    let allowed = points(rules.max_slice_loss);
    match told.is_empty() {
        true => {
            outcome("slices", true, format!("none of {} is worse by more than {allowed} beyond chance", groups.len()))
        }
        false => outcome("slices", false, format!("worse by more than {allowed}: {}", told.join(", "))),
    }
}

/// On the texts of no behavioural test wrong more often by more than what is allowed, unless chance explains it. It is errors that are
/// compared and not failures: a model that always says the same never changes its mind.
fn behaviour(challenger: &Examination, champion: &Examination, rules: &Rules) -> RuleOutcome {
    let of_champion = |test: &str| champion.behaviour.iter().find(|one| one.test == test);
    let worse = |ours: &Behaviour| {
        let theirs = of_champion(&ours.test)?;
        let rise = ours.error_rate() - theirs.error_rate();
        let lost =
            rise > rules.max_behaviour_loss + NOTHING && rise > SIGNIFICANCE_Z * deviation_of_difference(ours, theirs);
        let rates = [ours, theirs].map(|one| percent(one.error_rate()));
        let test = ours.test.replace('_', " ");
        lost.then(|| format!("{test}: wrong in {} of {} cases, the champion in {}", rates[0], ours.cases, rates[1]))
    };
    let told: Vec<String> = challenger.behaviour.iter().filter_map(worse).collect();
    let allowed = points(rules.max_behaviour_loss);
    match told.is_empty() {
        true => outcome("behaviour", true, format!("in no test wrong oftener by more than {allowed} beyond chance")),
        false => outcome("behaviour", false, format!("oftener by more than {allowed}: {}", told.join(", "))),
    }
}

/// Standard deviation of the difference of two error rates, if the models are wrong equally often.
fn deviation_of_difference(ours: &Behaviour, theirs: &Behaviour) -> f64 {
    let (n, m) = (ours.independent.max(1) as f64, theirs.independent.max(1) as f64);
    let rate = (ours.error_rate() * n + theirs.error_rate() * m) / (n + m);
    (rate * (1.0 - rate) * (1.0 / n + 1.0 / m)).sqrt()
}

fn calibration(challenger: &Examination, champion: &Examination, rules: &Rules) -> Option<RuleOutcome> {
    let error = |of: &Examination| of.evaluation.metrics.calibration_error;
    let (ours, theirs) = (error(challenger)?, error(champion)?);
    let says = format!("error {ours:.4} against {theirs:.4}; {:.4} more is allowed", rules.max_calibration_loss);
    Some(outcome("calibration", ours - theirs <= rules.max_calibration_loss + NOTHING, says))
}

/// None where nothing is asked for: figures that swing with the machine are no part of a verdict then.
fn speed(challenger: &Examination, champion: &Examination, rules: &Rules) -> Option<RuleOutcome> {
    let (ours, theirs) = (challenger.evaluation.texts_per_second, champion.evaluation.texts_per_second);
    let says = format!("{ours:.0} texts a second against {theirs:.0}; {} of it is asked for", percent(rules.min_speed));
    (rules.min_speed > 0.0).then(|| outcome("speed", ours >= rules.min_speed * theirs, says))
}

fn size(challenger: &Examination, rules: &Rules) -> Option<RuleOutcome> {
    let limit = rules.max_size?;
    let says = format!("{} of weights; {limit} are allowed", ByteSize(challenger.weight_bytes));
    Some(outcome("size", challenger.weight_bytes <= limit.as_u64(), says))
}

/// A difference of shares: `2 points`.
fn points(share: f64) -> String {
    format!("{} points", (share * 10_000.0).round() / 100.0)
}

fn short(p: f64) -> String {
    if p < 0.001 { "under 0.001".into() } else { format!("{p:.3}") }
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;

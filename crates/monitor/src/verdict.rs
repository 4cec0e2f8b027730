//! Whether a run is a success, and why not: a pure function of its counts.

use tamiz_domain::{Budget, Counts, FileReport, Verdict};

use crate::figures::source_name;
use crate::language::{Language, say, sayable};

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// The verdict in a few words, for a subject.
    pub(crate) headline: String,
    /// Why the run is no success, one sentence each; empty for a success.
    pub(crate) reasons: Vec<String>,
    /// What to do about the first reason, as sentences; none for a success.
    pub(crate) remedy: Option<String>,
    /// What deserves a look even in a success, one sentence each.
    pub(crate) notices: Vec<String>,
}

const CORRECT_FILES: &str =
    sayable!("Correct the files as the remedies say and upload them again: changed content is a new run.");
const LOOK_AT_ERRORS: &str = sayable!("The column `error` of the predictions says why each row failed.");
const KEEP_FOLDERS: &str = sayable!(
    "Records were lost or invented, which is a fault of the pipeline and not of the files: keep the folders of this run and look at \
     the logs of its jobs."
);

/// Judges a run by its counts, its budget and the differences that conservation found, in the words of a language.
pub(crate) fn judge(
    counts: Counts,
    files: &[FileReport],
    differences: &[String],
    budget: &Budget,
    lang: Language,
) -> Judgement {
    let mut verdicts = Vec::new();
    let mut reasons = Vec::new();
    if !differences.is_empty() {
        verdicts.push((say!(lang, "counts do not add up"), KEEP_FOLDERS));
        reasons.extend_from_slice(differences);
    }
    if counts.ok == 0 {
        let remedy = if counts.failed > 0 { LOOK_AT_ERRORS } else { CORRECT_FILES };
        verdicts.push((say!(lang, "no review was labelled"), remedy));
        reasons.push(nothing_labelled(counts, lang));
    }
    let shares = [
        (sayable!("rejected"), counts.rejected, counts.rejected_share(), budget.max_rejected_share, CORRECT_FILES),
        (sayable!("failed"), counts.failed, counts.failed_share(), budget.max_failed_share, LOOK_AT_ERRORS),
    ];
    for (outcome, records, share, allowed, remedy) in shares {
        if share > allowed {
            let (outcome, share, limit) = (lang.word(outcome), lang.percent(share), lang.limit(allowed));
            verdicts.push((say!(lang, "{share} {outcome}, over the budget of {limit}", share, outcome, limit), remedy));
            reasons.push(say!(
                lang,
                "{records} of {total} {outcome} ({share}); the budget allows {limit}.",
                records = lang.thousands(records),
                total = lang.count_of(counts.input, "record"),
                outcome,
                share,
                limit
            ));
        }
    }
    let notices: Vec<String> = files.iter().filter_map(|file| left_out(file, lang)).collect();
    let (verdict, headline, remedy) = match verdicts.into_iter().next() {
        Some((headline, remedy)) => (Verdict::Failed, headline, Some(lang.word(remedy).to_owned())),
        None => (Verdict::Ok, success(counts, notices.len(), lang), None),
    };
    Judgement { verdict, headline, reasons, remedy, notices }
}

fn nothing_labelled(counts: Counts, lang: Language) -> String {
    match counts.input {
        0 => say!(lang, "No record was found in the input."),
        input => say!(lang, "Not one of {records} was labelled.", records = lang.count_of(input, "record")),
    }
}

fn success(counts: Counts, left_out: usize, lang: Language) -> String {
    let share = lang.percent(counts.rejected_share());
    let mut words = say!(lang, "{reviews}, {share} rejected", reviews = lang.count_of(counts.input, "review"), share);
    if counts.failed > 0 {
        words += &say!(lang, ", {share} failed", share = lang.percent(counts.failed_share()));
    }
    if left_out > 0 {
        words += &say!(lang, ", {files} left out", files = lang.count_of(left_out as u64, "file"));
    }
    words
}

/// What was left out of a file, why, and what to do, as one sentence and its remedy.
fn left_out(file: &FileReport, lang: Language) -> Option<String> {
    let problem = file.problem.as_ref()?;
    let name = source_name(&file.source);
    let (meaning, remedy) = (lang.word(problem.reason.meaning()), lang.word(problem.reason.remedy()));
    Some(match file.counts.ok {
        0 => say!(lang, "{name} was left out: {meaning}. {remedy}", name, meaning, remedy),
        _ => say!(lang, "{name} was used only in part: {meaning}. {remedy}", name, meaning, remedy),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamiz_domain::{FileProblem, RejectReason};

    fn counts(ok: u64, rejected: u64, failed: u64) -> Counts {
        Counts { input: ok + rejected + failed, ok, rejected, failed }
    }

    fn headline(counts: Counts, differences: &[String]) -> (Verdict, String) {
        let judgement = judge(counts, &[], differences, &Budget::default(), Language::English);
        let ok = judgement.verdict == Verdict::Ok;
        assert_eq!((judgement.reasons.is_empty(), judgement.remedy.is_none()), (ok, ok));
        (judgement.verdict, judgement.headline)
    }

    #[test]
    fn the_verdict_follows_from_counts_and_budget() {
        let lost = ["a.csv lost one.".to_owned()];
        let table = [
            (counts(12_310, 35, 0), &[][..], Verdict::Ok, "12,345 reviews, 0.3% rejected"),
            (counts(1, 0, 0), &[], Verdict::Ok, "1 review, 0.0% rejected"),
            (counts(90, 10, 0), &[], Verdict::Ok, "100 reviews, 10.0% rejected"),
            (counts(199, 0, 1), &[], Verdict::Ok, "200 reviews, 0.0% rejected, 0.5% failed"),
            (counts(89, 11, 0), &[], Verdict::Failed, "11.0% rejected, over the budget of 10%"),
            (counts(98, 0, 2), &[], Verdict::Failed, "2.0% failed, over the budget of 1%"),
            (counts(0, 0, 0), &[], Verdict::Failed, "no review was labelled"),
            (counts(0, 1, 0), &[], Verdict::Failed, "no review was labelled"),
            (counts(100, 0, 0), &lost, Verdict::Failed, "counts do not add up"),
        ];
        for (counts, differences, verdict, words) in table {
            assert_eq!(headline(counts, differences), (verdict, words.to_owned()), "{counts:?}");
        }
    }

    #[test]
    fn a_budget_of_all_still_does_not_make_nothing_a_success() {
        let budget = Budget { max_rejected_share: 1.0, max_failed_share: 1.0 };
        assert_eq!(judge(counts(0, 5, 5), &[], &[], &budget, Language::English).verdict, Verdict::Failed);
        assert_eq!(judge(counts(1, 5, 5), &[], &[], &budget, Language::English).verdict, Verdict::Ok);
    }

    #[test]
    fn what_was_left_out_is_told_with_reason_and_remedy() {
        let problem = FileProblem { reason: RejectReason::EmptyFile, detail: String::new() };
        let file = FileReport {
            source: "s3://in/a.csv?versionId=9".into(),
            counts: Counts::default(),
            format: None,
            columns: Vec::new(),
            problem: Some(problem),
            quality: tamiz_domain::DataQuality::default(),
        };
        let judgement = judge(counts(9, 0, 0), &[file], &[], &Budget::default(), Language::English);
        assert_eq!(judgement.headline, "9 reviews, 0.0% rejected, 1 file left out");
        assert!(judgement.notices[0].starts_with("s3://in/a.csv was left out: the file holds no bytes. Upload"));
    }
}

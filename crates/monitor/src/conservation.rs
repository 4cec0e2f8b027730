//! Every input record ends in exactly one of ok, rejected, failed: checked file by file, part by part and in total.

use std::collections::BTreeMap;

use tamiz_domain::{Conservation, Counts, DataQuality, EtlReport, FileReport, Manifest, Ownership, RunLayout};

use crate::figures::source_name;
use crate::language::{Language, say, sayable};
use crate::predictions::{Predictions, Stranger};
use crate::tally::Rows;

/// A run's counts after every stage, and everything about them that does not add up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Balance {
    /// Records by outcome over the whole run.
    pub(crate) counts: Counts,
    /// Each input file, with its counts after the labelling.
    pub(crate) files: Vec<FileReport>,
    /// Each difference, as a sentence that names its place.
    pub(crate) differences: Vec<String>,
}

/// Holds what the cleaning counted against the manifest and the predictions, in the words of a language.
pub(crate) fn balance(manifest: &Manifest, etl: &EtlReport, predictions: &Predictions, lang: Language) -> Balance {
    let mut differences: Vec<String> = predictions.strangers.iter().map(|part| stranger(part, lang)).collect();
    differences.extend(unread_objects(manifest, etl, lang));
    differences.extend(cleaning(etl, lang));
    differences.extend(parts(etl, predictions, lang));

    let (counts, files) = after_labelling(etl, predictions);
    differences.extend(files.iter().filter_map(|file| not_conserved(file.counts, &source_name(&file.source), lang)));
    differences.extend(unknown_sources(etl, predictions, lang));
    differences.extend(not_conserved(counts, lang.word("the whole run"), lang));
    Balance { counts, files, differences }
}

/// The counts of the run and of each file as far as the labelling has come.
pub(crate) fn after_labelling(etl: &EtlReport, predictions: &Predictions) -> (Counts, Vec<FileReport>) {
    let labelled = |source: &str| predictions.tally.sources.get(source).copied().unwrap_or_default();
    let files: Vec<FileReport> = etl
        .files
        .iter()
        // What each file is like stands in etl.json. The state machine reads the summary, and a payload holds 256 KiB.
        .map(|file| FileReport {
            counts: with_outcomes(file.counts, labelled(&file.source)),
            columns: Vec::new(),
            quality: DataQuality::default(),
            ..file.clone()
        })
        .collect();
    let total = predictions
        .tally
        .sources
        .values()
        .fold(Rows::default(), |total, rows| Rows { ok: total.ok + rows.ok, failed: total.failed + rows.failed });
    (with_outcomes(etl.counts, total), files)
}

/// The cleaning's `ok` rows are now either labelled or failed.
fn with_outcomes(cleaned: Counts, rows: Rows) -> Counts {
    Counts { ok: rows.ok, failed: cleaned.failed + rows.failed, ..cleaned }
}

/// As [`NotConserved`](tamiz_domain::NotConserved) tells it.
fn not_conserved(counts: Counts, place: &str, lang: Language) -> Option<String> {
    counts.conserved(place).err()?;
    let Counts { input, ok, rejected, failed } = counts;
    Some(say!(
        lang,
        "Records are not conserved in {place}: {input} in, but {ok} ok + {rejected} rejected + {failed} failed.",
        place,
        input,
        ok,
        rejected,
        failed
    ))
}

fn stranger(part: &Stranger, lang: Language) -> String {
    match part {
        Stranger::OfRun { part, run } => say!(lang, "{part} belongs to run {run}.", part, run),
        Stranger::OfModel { part, first } => {
            say!(lang, "{part} was labelled by another model than {first}.", part, first)
        }
    }
}

/// A folder run owns every object of its manifest; a run with claims owns those that name it, which the cleaning checks.
fn unread_objects(manifest: &Manifest, etl: &EtlReport, lang: Language) -> Vec<String> {
    if manifest.ownership == Ownership::Claims {
        return Vec::new();
    }
    let read = |source: &str| etl.files.iter().any(|file| file.source == source);
    let sources = manifest.objects.iter().map(|object| object.source());
    sources
        .filter(|source| !read(source))
        .map(|source| say!(lang, "{file} is in the manifest, but was not read.", file = source_name(&source)))
        .collect()
}

/// What the cleaning says of itself: its files and its parts of rejected records add up to its totals.
fn cleaning(etl: &EtlReport, lang: Language) -> Vec<String> {
    let mut files = Counts::default();
    etl.files.iter().for_each(|file| files += file.counts);
    let rejected: u64 = etl.rejected.iter().map(|part| part.rows).sum();
    let reasons: u64 = etl.rejected_by_reason.values().sum();
    let totals = sayable!([
        ("records read in its files", files.input, etl.counts.input),
        ("clean rows in its files", files.ok, etl.counts.ok),
        ("rejected records in its files", files.rejected, etl.counts.rejected),
        ("rows in its parts of rejected records", rejected, etl.counts.rejected),
        ("rejected records by reason", reasons, etl.counts.rejected),
        ("rows in its shards", etl.shards.iter().map(|part| part.rows).sum(), etl.counts.ok),
    ]);
    totals
        .into_iter()
        .filter(|(_, found, total)| found != total)
        .map(|(what, found, total)| {
            say!(
                lang,
                "The cleaning counts {found} {what}, but {total} in total.",
                found = lang.thousands(found),
                what = lang.word(what),
                total = lang.thousands(total)
            )
        })
        .collect()
}

/// One part of predictions for each shard, with as many rows.
fn parts(etl: &EtlReport, predictions: &Predictions, lang: Language) -> Vec<String> {
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut predicted: BTreeMap<String, u64> =
        predictions.parts.iter().map(|part| (file_name(&part.path), part.rows)).collect();
    let mut found = Vec::new();
    for shard in &etl.shards {
        let name = file_name(&shard.path);
        let path = &shard.path;
        match predicted.remove(&name) {
            None => found.push(say!(lang, "{path} has no predictions.", path)),
            Some(rows) if rows != shard.rows => found.push(say!(
                lang,
                "{path} holds {rows}, but its predictions {predicted}.",
                path,
                rows = lang.count_of(shard.rows, "row"),
                predicted = lang.thousands(rows)
            )),
            Some(_) => {}
        }
    }
    let folder = RunLayout::PREDICTIONS;
    found.extend(predicted.keys().map(|name| say!(lang, "{folder}/{name} belongs to no shard.", folder, name)));
    found
}

fn unknown_sources(etl: &EtlReport, predictions: &Predictions, lang: Language) -> Vec<String> {
    let known = |source: &str| etl.files.iter().any(|file| file.source == source);
    let strange = predictions.tally.sources.iter().filter(|(source, _)| !known(source));
    strange
        .map(|(source, rows)| {
            let (rows, file) = (lang.count_of(rows.ok + rows.failed, "row"), source_name(source));
            say!(lang, "The predictions hold {rows} of {file}, which is no input of this run.", rows, file)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{cleaned, folder_manifest, labelled};

    #[test]
    fn a_run_that_adds_up_has_no_differences() {
        let etl = cleaned(&[("/in/a.csv", 3, 1), ("/in/b.csv", 2, 0)]);
        let found = balance(&folder_manifest(&["/in/a.csv", "/in/b.csv"]), &etl, &labelled(&etl), Language::English);
        assert_eq!(found.differences, Vec::<String>::new());
        assert_eq!(found.counts, Counts { input: 6, ok: 5, rejected: 1, failed: 0 });
    }

    #[test]
    fn a_lost_row_is_named_by_shard_by_file_and_in_total() {
        let etl = cleaned(&[("/in/a.csv", 3, 1)]);
        let mut predictions = labelled(&etl);
        predictions.parts[0].rows = 2;
        predictions.tally.sources.insert("/in/a.csv".into(), Rows { ok: 2, failed: 0 });
        assert_eq!(
            balance(&folder_manifest(&["/in/a.csv"]), &etl, &predictions, Language::English).differences,
            [
                "shards/part-00000.parquet holds 3 rows, but its predictions 2.",
                "Records are not conserved in /in/a.csv: 4 in, but 2 ok + 1 rejected + 0 failed.",
                "Records are not conserved in the whole run: 4 in, but 2 ok + 1 rejected + 0 failed.",
            ]
        );
    }

    #[test]
    fn parts_without_their_counterpart_are_named() {
        let etl = cleaned(&[("/in/a.csv", 3, 0)]);
        let mut predictions = labelled(&etl);
        predictions.parts[0].path = "predictions/part-00007.parquet".into();
        let found = balance(&folder_manifest(&["/in/a.csv"]), &etl, &predictions, Language::English).differences;
        assert_eq!(
            found,
            ["shards/part-00000.parquet has no predictions.", "predictions/part-00007.parquet belongs to no shard."]
        );
    }

    #[test]
    fn a_file_that_was_never_read_and_a_source_from_nowhere_are_named() {
        let etl = cleaned(&[("/in/a.csv", 3, 0)]);
        let mut predictions = labelled(&etl);
        let rows = predictions.tally.sources.remove("/in/a.csv").unwrap();
        predictions.tally.sources.insert("/in/c.csv".into(), rows);
        let found =
            balance(&folder_manifest(&["/in/a.csv", "/in/b.csv"]), &etl, &predictions, Language::English).differences;
        assert_eq!(
            found,
            [
                "/in/b.csv is in the manifest, but was not read.",
                "Records are not conserved in /in/a.csv: 3 in, but 0 ok + 0 rejected + 0 failed.",
                "The predictions hold 3 rows of /in/c.csv, which is no input of this run.",
            ]
        );
    }

    #[test]
    fn totals_of_the_cleaning_that_do_not_follow_from_its_files_are_named() {
        let mut etl = cleaned(&[("/in/a.csv", 3, 1)]);
        etl.rejected_by_reason.clear();
        let found = balance(&folder_manifest(&["/in/a.csv"]), &etl, &labelled(&etl), Language::English).differences;
        assert_eq!(found, ["The cleaning counts 0 rejected records by reason, but 1 in total."]);
    }
}

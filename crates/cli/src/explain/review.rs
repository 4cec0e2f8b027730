//! What happened to a review.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use futures::TryStreamExt;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use tamiz_domain::{Claim, Manifest, ManifestObject, RunId, RunLayout, STAGING_CLAIMS, STAGING_RUNS, printable};
use tamiz_ports::{Folder, ParquetObject};

use super::{Step, run};
use crate::error::CommandError;
use crate::place::Place;
use crate::run_view::RunView;

/// Digits of the digest of a file's identity that its reviews' ids begin with.
const FILE_DIGITS: usize = 16;
/// Columns of a prediction that are told.
const TOLD: [&str; 7] = ["review_id", "label", "predicted", "confidence", "outcome", "error", "text"];
/// Characters of a review that are shown.
const SHOWN: usize = 200;

/// Whether this has the form of a review id: the file's digits, a hyphen, and the record's number.
pub fn is_id(what: &str) -> bool {
    split(what).is_some()
}

fn split(what: &str) -> Option<(&str, u64)> {
    let (file, row) = what.split_once('-')?;
    let is_file = file.len() == FILE_DIGITS && file.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    (is_file && row.len() >= 8 && row.bytes().all(|digit| digit.is_ascii_digit())).then_some(())?;
    Some((file, row.parse().ok()?))
}

/// The steps of a review: its file, its run, and what the model said of it or why it was rejected.
pub async fn explain(place: &Place, id: &str) -> Result<(Vec<Step>, Option<String>), CommandError> {
    let unknown =
        || CommandError::Usage(format!("{} knows no file whose reviews begin with {id}", place.staging.uri()));
    let (file, row) = split(id).ok_or_else(unknown)?;
    let (run_id, object) = find(place, file).await?.ok_or_else(unknown)?;
    let view = RunView::load(place, &run_id).await?;
    let source = object.source();
    let mut steps = vec![Step::new("review", format!("record {row} of {}", printable(&source)))];
    steps.extend(run::steps(&view, Some(&source)));
    match prediction(&view, id).await? {
        Some(step) => steps.push(step),
        None => steps.push(rejected(&view, &source, row).await?),
    }
    Ok((steps, run::next(&view)))
}

/// The run that has the file whose digest begins with these digits, and the file: by its claim, on a folder by the manifests.
async fn find(place: &Place, digits: &str) -> Result<Option<(RunId, ManifestObject)>, CommandError> {
    if place.cloud.is_some() {
        let name = place.staging.first_after(STAGING_CLAIMS, digits).await.map_err(CommandError::stage)?;
        let Some(name) = name.filter(|name| name.starts_with(digits)) else { return Ok(None) };
        let claim: Claim =
            place.staging.read_json(&format!("{STAGING_CLAIMS}/{name}")).await.map_err(CommandError::stage)?;
        return in_manifest(place, claim.run_id, digits).await;
    }
    let runs = place.staging.list_folders(STAGING_RUNS).await.map_err(CommandError::stage)?;
    for run_id in runs.iter().filter_map(|name| name.parse::<RunId>().ok()) {
        if let Some(found) = in_manifest(place, run_id, digits).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

async fn in_manifest(
    place: &Place,
    run_id: RunId,
    digits: &str,
) -> Result<Option<(RunId, ManifestObject)>, CommandError> {
    let name = format!("{}/{}", RunLayout::run(&run_id), RunLayout::MANIFEST);
    let manifest: Option<Manifest> = place.staging.read_json_if_exists(&name).await.map_err(CommandError::stage)?;
    let mut objects = manifest.into_iter().flat_map(|manifest| manifest.objects);
    Ok(objects.find(|object| object.identity.digest().starts_with(digits)).map(|object| (run_id, object)))
}

/// What the model said of a review; none where no part of predictions has it.
async fn prediction(view: &RunView, id: &str) -> Result<Option<Step>, CommandError> {
    let results = &view.folders.1;
    let parts = results.list(RunLayout::PREDICTIONS).await.map_err(CommandError::stage)?;
    for name in parts.iter().filter_map(|object| object.location.filename()) {
        let name = format!("{}/{name}", RunLayout::PREDICTIONS);
        let is_it = |batch: &RecordBatch, row: usize| text(batch, "review_id", row).as_deref() == Some(id);
        if let Some((batch, row)) = row_of(results, &name, &TOLD, ("review_id", id), is_it).await? {
            return Ok(Some(told(view, &batch, row).at(results.uri_of(&name))));
        }
    }
    Ok(None)
}

fn told(view: &RunView, batch: &RecordBatch, row: usize) -> Step {
    let names = view.summary.as_ref().map(|summary| &summary.class_names);
    let class = |column: &str| {
        let value = text(batch, column, row)?;
        let name = value.parse::<i8>().ok().and_then(|class| names?.get(&class).cloned());
        Some(printable(&name.unwrap_or(value)))
    };
    let mut told = match class("predicted") {
        Some(class) => format!("{class}, confidence {}", text(batch, "confidence", row).unwrap_or_default()),
        None => text(batch, "outcome", row).unwrap_or_default(),
    };
    if let Some(label) = class("label") {
        told += &format!("; labelled {label}");
    }
    if let Some(error) = text(batch, "error", row) {
        told += &format!("; {}", printable(&error));
    }
    if let Some(review) = text(batch, "text", row) {
        let shown: String = printable(&review).chars().take(SHOWN).collect();
        told += &format!("\n{:<11}\"{shown}\"", "");
    }
    Step::new("predicted", told)
}

/// Why a record was rejected, or that nobody knows.
async fn rejected(view: &RunView, source: &str, number: u64) -> Result<Step, CommandError> {
    let staging = &view.folders.0;
    let number = number.to_string();
    for part in view.etl.iter().flat_map(|etl| &etl.rejected) {
        let columns = ["source", "row", "reason", "detail", "remedy"];
        let is_it = |batch: &RecordBatch, row: usize| {
            text(batch, "row", row).as_deref() == Some(&number) && text(batch, "source", row).as_deref() == Some(source)
        };
        if let Some((batch, row)) = row_of(staging, &part.path, &columns, ("", ""), is_it).await? {
            let of = |column: &str| printable(&text(&batch, column, row).unwrap_or_default());
            let told = format!("{} ({}). {}", of("reason"), of("detail"), of("remedy"));
            return Ok(Step::new("rejected", told).at(staging.uri_of(&part.path)));
        }
    }
    let told = if view.summary.is_some() { "the run has no such record" } else { "not labelled yet" };
    Ok(Step::new("predicted", told))
}

/// The first row of a part that `is_it`, with these columns. Row groups whose statistics of the text column of `bounds` leave its value
/// out are not read.
async fn row_of(
    folder: &Folder,
    name: &str,
    columns: &[&str],
    bounds: (&str, &str),
    is_it: impl Fn(&RecordBatch, usize) -> bool,
) -> Result<Option<(RecordBatch, usize)>, CommandError> {
    let fail = |error: parquet::errors::ParquetError| CommandError::Show {
        place: folder.uri_of(name),
        source: Box::new(error),
    };
    let object = ParquetObject::new(folder.store(), folder.path(name));
    let builder = ParquetRecordBatchStreamBuilder::new(object).await.map_err(fail)?;
    let groups = builder.metadata().row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| may_hold(group, bounds)).map(|(at, _)| at).collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let mut batches = builder.with_projection(mask).with_row_groups(groups).build().map_err(fail)?;
    while let Some(batch) = batches.try_next().await.map_err(fail)? {
        if let Some(row) = (0..batch.num_rows()).find(|&row| is_it(&batch, row)) {
            return Ok(Some((batch, row)));
        }
    }
    Ok(None)
}

/// False where a row group certainly lacks a value.
fn may_hold(group: &RowGroupMetaData, (column, value): (&str, &str)) -> bool {
    let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column);
    match chunk.and_then(|chunk| chunk.statistics()) {
        Some(Statistics::ByteArray(of)) => {
            let below = of.min_opt().is_some_and(|min| value.as_bytes() < min.data());
            let above = of.max_opt().is_some_and(|max| value.as_bytes() > max.data()) && of.max_is_exact();
            !below && !above
        }
        _ => true,
    }
}

/// A cell as text; none for a null or a column that is not there.
fn text(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let cell = batch.column_by_name(column)?.slice(row, 1);
    let cell = cast(&cell, &DataType::Utf8).ok()?;
    cell.is_valid(0).then(|| cell.as_string::<i32>().value(0).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_id_is_told_from_a_run_and_a_file() {
        assert_eq!(split("0123456789abcdef-00000042"), Some(("0123456789abcdef", 42)));
        assert_eq!(split("0123456789abcdef-123456789"), Some(("0123456789abcdef", 123_456_789)));
        for other in
            ["", "0123456789abcdef", "0123456789abcdef-42", "0123456789ABCDEF-00000042", "a-b", "01234567-00000042"]
        {
            assert!(!is_id(other), "{other}");
        }
    }
}

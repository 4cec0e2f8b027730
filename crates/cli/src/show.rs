//! `tamiz show`: a run's counts, a few of its labelled reviews, and where everything lies.

use std::process::ExitCode;

use arrow::array::{Array, AsArray, ListArray, RecordBatch, UInt64Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Float32Type, Int8Type};
use comfy_table::{Cell, CellAlignment, Table};
use futures::TryStreamExt;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;

use tamiz_domain::{RunLayout, Summary, Verdict};
use tamiz_monitor::drift::in_words;
use tamiz_monitor::language::Language;
use tamiz_ports::{Folder, ObjectUri, ParquetObject, Stores};

use crate::error::CommandError;
use crate::table::table;

/// Columns of the table of reviews.
const SHOWN: [&str; 5] = ["text", "label", "predicted", "confidence", "entities"];

/// Characters of a review that the table shows.
const TEXT_WIDTH: usize = 60;

/// Show a run: counts, accuracy against its labels, a few labelled reviews
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A run's results folder: …/runs/<run_id>
    #[arg(value_name = "URI")]
    run: ObjectUri,
    /// Labelled reviews shown
    #[arg(long, default_value_t = 5, value_name = "N")]
    rows: usize,
}

/// Shows a run that has been reported.
pub async fn show(arguments: Arguments) -> Result<ExitCode, CommandError> {
    let stores = tamiz_aws::stores_for(&[&arguments.run]).await;
    let folder = stores.open(&arguments.run).map_err(CommandError::stage)?;
    let summary: Summary = folder.read_json(RunLayout::SUMMARY).await.map_err(CommandError::stage)?;
    print(&*stores, &arguments.run, &summary, arguments.rows).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a run on stdout.
#[expect(clippy::print_stdout, reason = "this is the command's data")]
pub async fn print(stores: &dyn Stores, run: &ObjectUri, summary: &Summary, rows: usize) -> Result<(), CommandError> {
    let folder = stores.open(run).map_err(CommandError::stage)?;
    println!("\n{}", headline(summary));
    println!("\n{}", counts(summary));
    for finding in &summary.findings {
        println!("  - {finding}");
    }
    if let Some(drift) = in_words(&summary.drift, Language::English) {
        println!("\ndrift        {drift}");
    }
    if let Some(batch) = sample(&folder, rows).await? {
        let shown = reviews(&batch, summary).map_err(|error| unreadable(&folder, error))?;
        println!("\n{shown}");
    }
    println!("\npredictions  {}", folder.uri_of(RunLayout::PREDICTIONS));
    println!("report       {}", folder.uri_of(RunLayout::REPORT));
    Ok(())
}

/// Verdict, model and accuracy in a line.
pub fn headline(summary: &Summary) -> String {
    let verdict = match summary.verdict {
        Verdict::Ok => "OK",
        Verdict::Failed => "FAILED",
    };
    let model = summary.model.as_ref().map(|m| format!(", labelled by {} {}", m.name, m.version)).unwrap_or_default();
    let measured = summary.quality.as_ref().map(|quality| {
        let metrics = &quality.metrics;
        format!(", accuracy {:.1}% on {} labelled rows", metrics.accuracy * 100.0, metrics.rows)
    });
    let estimated = || Some(format!(", accuracy about {:.1}% by its own scores", summary.estimated?.accuracy * 100.0));
    let quality = measured.or_else(estimated).unwrap_or_default();
    format!("{verdict} run {}{model}{quality}", summary.run_id.short())
}

/// Records by outcome.
pub fn counts(summary: &Summary) -> Table {
    let mut table = table(["in", "ok", "rejected", "failed"]);
    let counts = summary.counts;
    let numbers = [counts.input, counts.ok, counts.rejected, counts.failed];
    table.add_row(numbers.map(|number| Cell::new(grouped(number)).set_alignment(CellAlignment::Right)));
    table
}

/// Rows spread evenly over the first part; none if there is no part.
async fn sample(folder: &Folder, rows: usize) -> Result<Option<RecordBatch>, CommandError> {
    let parts = folder.list(RunLayout::PREDICTIONS).await.map_err(CommandError::stage)?;
    let Some(part) = parts.into_iter().next().filter(|_| rows > 0) else { return Ok(None) };
    let fail = |error: ParquetError| unreadable(folder, error);
    let reader = ParquetObject::new(folder.store(), part.location);
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(fail)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), SHOWN);
    let batches: Vec<RecordBatch> =
        builder.with_projection(mask).build().map_err(fail)?.try_collect().await.map_err(fail)?;
    let Some(first) = batches.first() else { return Ok(None) };
    let all = concat_batches(&first.schema(), &batches).map_err(|error| unreadable(folder, error))?;
    let shown = rows.min(all.num_rows());
    let spread = UInt64Array::from_iter_values((0..shown).map(|row| (row * all.num_rows() / shown) as u64));
    take_record_batch(&all, &spread).map(Some).map_err(|error| unreadable(folder, error))
}

fn unreadable(folder: &Folder, error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Show { place: folder.uri_of(RunLayout::PREDICTIONS), source: Box::new(error) }
}

fn reviews(batch: &RecordBatch, summary: &Summary) -> Result<Table, arrow::error::ArrowError> {
    let name = |value: i8| summary.class_names.get(&value).cloned().unwrap_or_else(|| value.to_string());
    let class = |column: &str, row: usize| {
        let column = batch.column_by_name(column).and_then(|column| column.as_primitive_opt::<Int8Type>().cloned());
        column.filter(|column| column.is_valid(row)).map_or_else(|| "-".to_owned(), |column| name(column.value(row)))
    };
    let confidence = batch.column_by_name("confidence").and_then(|column| column.as_primitive_opt::<Float32Type>());
    let texts = match batch.column_by_name("text") {
        Some(column) => Some(cast(column, &DataType::Utf8)?),
        None => None,
    };
    let text = |row: usize| {
        texts.as_ref().map_or("(no text column was passed through)", |texts| texts.as_string::<i32>().value(row))
    };
    if let Some(entities) = entities(batch) {
        let mut table = table(["review", "found"]);
        for row in 0..batch.num_rows() {
            table.add_row([shorten(text(row)), found(entities, row)]);
        }
        return Ok(table);
    }
    let mut table = table(["review", "label", "predicted", "confidence"]);
    for row in 0..batch.num_rows() {
        let confidence =
            confidence.filter(|column| column.is_valid(row)).map(|column| format!("{:.3}", column.value(row)));
        table.add_row([
            Cell::new(shorten(text(row))),
            Cell::new(class("label", row)),
            Cell::new(class("predicted", row)),
            Cell::new(confidence.unwrap_or_else(|| "-".into())).set_alignment(CellAlignment::Right),
        ]);
    }
    Ok(table)
}

/// The entities of each row, where a model for entities labelled them.
fn entities(batch: &RecordBatch) -> Option<&ListArray> {
    let column = batch.column_by_name("entities")?.as_list_opt::<i32>()?;
    (column.null_count() < column.len()).then_some(column)
}

/// `person: Anna, location: New York`.
fn found(entities: &ListArray, row: usize) -> String {
    let of_row = entities.value(row);
    let field = |name: &str| {
        let column = of_row.as_struct_opt()?.column_by_name(name)?.as_string_opt::<i32>()?;
        Some(column.iter().flatten().map(str::to_owned).collect::<Vec<_>>())
    };
    let (kinds, texts) = (field("kind").unwrap_or_default(), field("text").unwrap_or_default());
    match kinds.is_empty() {
        true => "-".to_owned(),
        false => shorten(
            &kinds.iter().zip(texts).map(|(kind, text)| format!("{kind}: {text}")).collect::<Vec<_>>().join(", "),
        ),
    }
}

/// `12345` as `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of at most [`TEXT_WIDTH`] characters; control characters must not reach a terminal.
fn shorten(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(TEXT_WIDTH + 1).collect();
    match plain.char_indices().nth(TEXT_WIDTH) {
        Some((end, _)) => format!("{}…", &plain[..end]),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1), "1");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_long_or_hostile_text_is_one_short_line() {
        assert_eq!(shorten("good"), "good");
        assert_eq!(shorten("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!(shorten(&"ñ".repeat(80)), format!("{}…", "ñ".repeat(TEXT_WIDTH)));
    }
}

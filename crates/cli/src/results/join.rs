//! Predictions beside the clean rows that they are of: part by part, row by row, since both have the same order.

use std::io;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use futures::TryStreamExt;
use parquet::arrow::async_reader::ParquetRecordBatchStream;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::errors::ParquetError;
use tamiz_domain::{EtlReport, RunLayout, part_name};
use tamiz_ports::{Folder, ParquetObject};

use crate::error::CommandError;

/// Rows read at once.
const BATCH_ROWS: usize = 4_096;
/// Columns that are left out unless they are asked for: every review once more, in pieces.
const WORDS: [&str; 4] = ["clean_text", "tokens", "content_tokens", "stems"];

/// The columns of both sides.
pub struct Join {
    /// What the joined rows have.
    pub schema: SchemaRef,
    sides: [Side; 2],
    /// For each column of the schema its side and place there.
    columns: Vec<(usize, usize)>,
}

/// Predictions, or clean rows.
struct Side {
    folder: Folder,
    columns: Vec<String>,
}

impl Join {
    /// Looks at the first part of either side. `wanted` are the columns, all that are usual where there are none.
    pub async fn open(
        staging: &Folder,
        results: &Folder,
        etl: &EtlReport,
        wanted: &[String],
    ) -> Result<Self, CommandError> {
        let sides = [results.child(RunLayout::PREDICTIONS), staging.child(RunLayout::SHARDS)];
        let mut known: Vec<(usize, Arc<Field>)> = Vec::new();
        if etl.num_shards > 0 {
            for (side, folder) in sides.iter().enumerate() {
                let schema = builder(folder, &part_name(0)).await?.schema().clone();
                for field in schema.fields() {
                    if known.iter().all(|(_, other)| other.name() != field.name()) {
                        known.push((side, field.clone()));
                    }
                }
            }
        }
        let chosen = chosen(&known, wanted)?;
        let of_side = |side: usize| chosen.iter().filter(move |(of, _)| *of == side).map(|(_, field)| field.name());
        let names = [0, 1].map(|side| of_side(side).cloned().collect::<Vec<_>>());
        let at = |(side, field): &(usize, Arc<Field>)| {
            let place = names[*side].iter().position(|name| name == field.name()).unwrap_or_default();
            (*side, place)
        };
        let columns = chosen.iter().map(at).collect();
        let schema = Arc::new(Schema::new(chosen.into_iter().map(|(_, field)| field).collect::<Vec<_>>()));
        let [predictions, shards] = sides;
        let [of_predictions, of_shards] = names;
        let sides =
            [Side { folder: predictions, columns: of_predictions }, Side { folder: shards, columns: of_shards }];
        Ok(Self { schema, sides, columns })
    }

    /// The rows of a part.
    pub async fn part(&self, index: usize) -> Result<Part<'_>, CommandError> {
        let name = part_name(index);
        let mut readers = Vec::new();
        for (side, Side { folder, columns }) in self.sides.iter().enumerate() {
            // Of which nothing is wanted is not read.
            if !columns.is_empty() {
                readers.push(Reader { side, rows: stream(folder, columns, &name).await?, read: None });
            }
        }
        Ok(Part { join: self, name, readers })
    }
}

/// The columns to write: those that are wanted, or all but the words.
fn chosen(known: &[(usize, Arc<Field>)], wanted: &[String]) -> Result<Vec<(usize, Arc<Field>)>, CommandError> {
    if wanted.is_empty() {
        return Ok(known.iter().filter(|(_, field)| !WORDS.contains(&field.name().as_str())).cloned().collect());
    }
    let find = |name: &String| {
        known.iter().find(|(_, field)| field.name() == name).cloned().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(_, field)| field.name().as_str()).collect();
            CommandError::Usage(format!("there is no column `{name}`; there are {}", names.join(", ")))
        })
    };
    wanted.iter().map(find).collect()
}

/// The rows of one part.
pub struct Part<'a> {
    join: &'a Join,
    name: String,
    readers: Vec<Reader>,
}

/// The rows of a part of one side. Row groups, and so batches, are of other sizes on either.
struct Reader {
    side: usize,
    rows: ParquetRecordBatchStream<ParquetObject>,
    /// What was read and not handed out yet.
    read: Option<RecordBatch>,
}

impl Reader {
    /// Rows that are there, after more were read where none were.
    async fn fill(&mut self) -> Result<usize, ParquetError> {
        while self.read.as_ref().is_none_or(|batch| batch.num_rows() == 0) {
            self.read = self.rows.try_next().await?;
            if self.read.is_none() {
                return Ok(0);
            }
        }
        Ok(self.read.as_ref().map_or(0, RecordBatch::num_rows))
    }

    /// Hands out the first rows.
    fn take(&mut self, rows: usize) -> Option<RecordBatch> {
        let batch = self.read.take()?;
        self.read = Some(batch.slice(rows, batch.num_rows() - rows));
        Some(batch.slice(0, rows))
    }
}

impl Part<'_> {
    /// Some more rows; none at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, CommandError> {
        let join = self.join;
        let mut there = Vec::new();
        for reader in &mut self.readers {
            let rows = reader.fill().await;
            there.push(rows.map_err(|error| unreadable(&join.sides[reader.side].folder, &self.name, error))?);
        }
        let rows = there.iter().copied().min().unwrap_or(0);
        if rows == 0 {
            // One side has ended, so the other has to as well.
            return match there.iter().all(|&rows| rows == 0) {
                true => Ok(None),
                false => Err(self.fail(io::Error::other("predictions and clean rows are not as many"))),
            };
        }
        let batches: Vec<(usize, RecordBatch)> =
            self.readers.iter_mut().filter_map(|reader| Some((reader.side, reader.take(rows)?))).collect();
        let column = |&(side, at): &(usize, usize)| -> Option<ArrayRef> {
            let name = join.sides[side].columns.get(at)?;
            let (_, batch) = batches.iter().find(|(of, _)| *of == side)?;
            batch.column_by_name(name).cloned()
        };
        let columns: Vec<ArrayRef> = join.columns.iter().filter_map(column).collect();
        RecordBatch::try_new(join.schema.clone(), columns).map(Some).map_err(|error| self.fail(error))
    }

    fn fail(&self, error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
        unreadable(&self.join.sides[0].folder, &self.name, error)
    }
}

async fn builder(folder: &Folder, name: &str) -> Result<ParquetRecordBatchStreamBuilder<ParquetObject>, CommandError> {
    let object = ParquetObject::new(folder.store(), folder.path(name));
    ParquetRecordBatchStreamBuilder::new(object).await.map_err(|error| unreadable(folder, name, error))
}

async fn stream(
    folder: &Folder,
    columns: &[String],
    name: &str,
) -> Result<ParquetRecordBatchStream<ParquetObject>, CommandError> {
    let builder = builder(folder, name).await?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().map(String::as_str));
    let stream = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    stream.map_err(|error| unreadable(folder, name, error))
}

fn unreadable(folder: &Folder, name: &str, error: impl std::error::Error + Send + Sync + 'static) -> CommandError {
    CommandError::Show { place: folder.uri_of(name), source: Box::new(error) }
}

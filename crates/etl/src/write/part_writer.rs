//! A sequence of Parquet parts, cut by rows.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tamiz_domain::{PartEntry, RunId, part_name, schema};

use crate::EtlError;
use crate::write::uploads::Uploads;

/// Rows of a row group.
const ROW_GROUP_ROWS: usize = 16_384;
/// Bytes of a row group in the making from which on it is closed, so that huge texts do not pile up.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Columns whose values hardly ever repeat: a dictionary of them costs time and saves nothing.
const DISTINCT_COLUMNS: [&str; 6] = ["review_id", "row", "title", "text", "clean_text", "raw"];
/// Who wrote the parts; fixed, so that a new version of a library alone does not change their bytes.
const CREATED_BY: &str = "tamiz";

/// Writes batches into parts. Parts depend on the batches alone.
pub(crate) struct PartWriter {
    schema: SchemaRef,
    properties: WriterProperties,
    /// Folder of the parts below the run's.
    folder: &'static str,
    rows_per_part: usize,
    open: Option<OpenPart>,
    parts: Vec<PartEntry>,
    uploads: Uploads,
}

struct OpenPart {
    writer: ArrowWriter<Vec<u8>>,
    rows: usize,
}

impl PartWriter {
    pub(crate) fn new(
        schema: SchemaRef,
        folder: &'static str,
        run_id: &RunId,
        rows_per_part: usize,
        uploads: Uploads,
    ) -> Result<Self, EtlError> {
        Ok(Self { schema, properties: properties(run_id)?, folder, rows_per_part, open: None, parts: vec![], uploads })
    }

    /// Appends the rows of a batch.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), EtlError> {
        let mut done = 0;
        while done < batch.num_rows() {
            let mut part = match self.open.take() {
                Some(part) => part,
                None => self.begin()?,
            };
            let count = (batch.num_rows() - done).min(self.rows_per_part - part.rows);
            part.writer.write(&batch.slice(done, count))?;
            if part.writer.in_progress_size() > ROW_GROUP_BYTES {
                part.writer.flush()?;
            }
            part.rows += count;
            done += count;
            if part.rows < self.rows_per_part {
                self.open = Some(part);
            } else {
                self.close(part)?;
            }
        }
        Ok(())
    }

    /// Finishes the last part, waits until all are written, and lists them.
    pub(crate) fn finish(mut self) -> Result<Vec<PartEntry>, EtlError> {
        if let Some(part) = self.open.take() {
            self.close(part)?;
        }
        self.uploads.settle()?;
        Ok(self.parts)
    }

    fn begin(&self) -> Result<OpenPart, ParquetError> {
        let writer = ArrowWriter::try_new(Vec::new(), self.schema.clone(), Some(self.properties.clone()))?;
        Ok(OpenPart { writer, rows: 0 })
    }

    fn close(&mut self, part: OpenPart) -> Result<(), EtlError> {
        let path = format!("{}/{}", self.folder, part_name(self.parts.len()));
        let bytes = part.writer.into_inner()?;
        self.parts.push(PartEntry { path: path.clone(), rows: part.rows as u64 });
        self.uploads.start(path, bytes.into())
    }
}

fn properties(run_id: &RunId) -> Result<WriterProperties, ParquetError> {
    let run_id = KeyValue::new(schema::RUN_ID.to_owned(), run_id.to_string());
    let builder = DISTINCT_COLUMNS.iter().fold(WriterProperties::builder(), |builder, column| {
        builder.set_column_dictionary_enabled(ColumnPath::from(*column), false)
    });
    Ok(builder
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_key_value_metadata(Some(vec![run_id]))
        // Minima and maxima of texts help nobody, and would put review text into the footer.
        .set_statistics_enabled(EnabledStatistics::None)
        .build())
}

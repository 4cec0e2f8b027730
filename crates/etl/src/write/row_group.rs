//! Row groups, encoded by whichever thread made their columns and spliced into a part later.

use std::io::Write;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescPtr, ColumnPath};
use tamiz_domain::{RunId, schema};
use tamiz_text::Vocabulary;

use crate::write::word_lists::WordLists;
use crate::write::word_pages::{WordChunk, WordPages};

/// Level of zstd: the higher ones cost more than all the rest of the cleaning together.
const ZSTD_LEVEL: i32 = 1;
/// Columns whose values hardly ever repeat: a dictionary of them costs time and saves nothing.
const DISTINCT_COLUMNS: [&str; 8] = ["review_id", "row", "title", "text", "clean_text", "compound", "raw", "offset"];
/// Who wrote the parts; fixed, so that a new version of a library alone does not change their bytes.
const CREATED_BY: &str = "tamiz";

/// The values of one column.
pub(crate) enum Column<'a> {
    Array(ArrayRef),
    /// Lists of words of the vocabulary.
    Words(&'a WordLists, &'a Vocabulary),
}

/// An encoded row group.
pub(crate) struct RowGroup {
    pub(crate) num_rows: usize,
    chunks: Vec<Chunk>,
}

enum Chunk {
    Arrow(ArrowColumnChunk),
    Words(WordChunk),
}

impl RowGroup {
    /// Appends it to a part.
    pub(crate) fn append_to<W: Write + Send>(self, part: &mut SerializedFileWriter<W>) -> Result<(), ParquetError> {
        let mut group = part.next_row_group()?;
        for chunk in self.chunks {
            match chunk {
                Chunk::Arrow(chunk) => chunk.append_to_row_group(&mut group)?,
                Chunk::Words((bytes, close)) => group.append_column(&bytes, close)?,
            }
        }
        group.close()?;
        Ok(())
    }
}

/// Encodes row groups of one schema.
pub(crate) struct RowGroupEncoder {
    schema: SchemaRef,
    /// The schema's columns, one each: lists have one kind of leaf.
    leaves: Vec<ColumnDescPtr>,
    writers: ArrowRowGroupWriterFactory,
    word_pages: WordPages,
}

impl RowGroupEncoder {
    pub(crate) fn new(schema: SchemaRef, run_id: &RunId) -> Result<Self, ParquetError> {
        let (file, writers) = open_part(Vec::new(), schema.clone(), run_id)?;
        let leaves = file.schema_descr().columns().to_vec();
        Ok(Self { schema, leaves, writers, word_pages: WordPages::new(compression()?, ZSTD_LEVEL)? })
    }

    /// Encodes columns, in the order of the schema and all of `num_rows` rows.
    pub(crate) fn encode<'a>(
        &mut self,
        num_rows: usize,
        columns: impl IntoIterator<Item = Column<'a>>,
    ) -> Result<RowGroup, ParquetError> {
        let fields = self.schema.fields().clone();
        let writers = self.writers.create_column_writers(0)?;
        let mut chunks = Vec::with_capacity(fields.len());
        for (((field, leaf), writer), column) in fields.iter().zip(&self.leaves).zip(writers).zip(columns) {
            chunks.push(match column {
                Column::Array(array) => Chunk::Arrow(encode_array(field, &array, writer)?),
                Column::Words(lists, words) => Chunk::Words(self.word_pages.encode(leaf.clone(), lists, words)?),
            });
        }
        Ok(RowGroup { num_rows, chunks })
    }

    /// Encodes a batch.
    pub(crate) fn encode_batch(&mut self, batch: &RecordBatch) -> Result<RowGroup, ParquetError> {
        self.encode(batch.num_rows(), batch.columns().iter().cloned().map(Column::Array))
    }
}

fn encode_array(
    field: &FieldRef,
    array: &ArrayRef,
    mut writer: ArrowColumnWriter,
) -> Result<ArrowColumnChunk, ParquetError> {
    for leaf in compute_leaves(field, array)? {
        writer.write(&leaf)?;
    }
    writer.close()
}

/// Begins a part, as the library begins a file of Arrow data.
pub(crate) fn open_part<W: Write + Send>(
    sink: W,
    schema: SchemaRef,
    run_id: &RunId,
) -> Result<(SerializedFileWriter<W>, ArrowRowGroupWriterFactory), ParquetError> {
    ArrowWriter::try_new(sink, schema, Some(properties(run_id)?))?.into_serialized_writer()
}

fn properties(run_id: &RunId) -> Result<WriterProperties, ParquetError> {
    let run_id = KeyValue::new(schema::RUN_ID.to_owned(), run_id.to_string());
    let builder = DISTINCT_COLUMNS.iter().fold(WriterProperties::builder(), |builder, column| {
        builder.set_column_dictionary_enabled(ColumnPath::from(*column), false)
    });
    Ok(builder
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(compression()?)
        .set_key_value_metadata(Some(vec![run_id]))
        // Minima and maxima of texts help nobody, and would put review text into the footer.
        .set_statistics_enabled(EnabledStatistics::None)
        .build())
}

fn compression() -> Result<Compression, ParquetError> {
    Ok(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
}

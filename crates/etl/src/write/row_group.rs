//! Row groups, encoded by whichever thread made their columns and spliced into a part later.

use std::io::Write;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
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
use zstd::bulk::Compressor;

use crate::write::word_lists::WordLists;
use crate::write::word_pages::{DictionaryPage, WordChunk, WordDictionary, WordPages};

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
    Words(WordLists, &'a Vocabulary),
    /// The same lists as in the column before, without the words that are not marked.
    Kept(Vec<bool>),
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

/// Encodes row groups of one schema, one after the other, each from columns that come in pieces.
pub(crate) struct RowGroupEncoder {
    /// The schema's columns, one each: lists have one kind of leaf.
    leaves: Vec<ColumnDescPtr>,
    schema: SchemaRef,
    writers: ArrowRowGroupWriterFactory,
    columns: Vec<ColumnEncoder>,
    compression: Compression,
    compressor: Compressor<'static>,
}

enum ColumnEncoder {
    /// None before the row group's first piece.
    Arrow(Option<Box<ArrowColumnWriter>>),
    Words {
        /// Stays empty in a column that has the dictionary of the one before. (One without any word may have it too.)
        dictionary: WordDictionary,
        pages: WordPages,
    },
}

impl RowGroupEncoder {
    pub(crate) fn new(schema: SchemaRef, run_id: &RunId) -> Result<Self, ParquetError> {
        let (file, writers) = open_part(Vec::new(), schema.clone(), run_id)?;
        let leaves = file.schema_descr().columns().to_vec();
        let encoder = |leaf: &ColumnDescPtr| match leaf.max_rep_level() {
            0 => ColumnEncoder::Arrow(None),
            _ => ColumnEncoder::Words { dictionary: WordDictionary::default(), pages: WordPages::default() },
        };
        let columns = leaves.iter().map(encoder).collect();
        let compressor = Compressor::new(ZSTD_LEVEL)?;
        Ok(Self { leaves, schema, writers, columns, compression: compression()?, compressor })
    }

    pub(crate) fn num_columns(&self) -> usize {
        self.columns.len()
    }

    /// Appends rows to columns of the row group at hand: to that of this position, and those that follow it.
    pub(crate) fn write<'a>(
        &mut self,
        position: usize,
        columns: impl IntoIterator<Item = Column<'a>>,
    ) -> Result<(), ParquetError> {
        self.open()?;
        let compressor = &mut self.compressor;
        let encoders = self.columns[position..].iter_mut().zip(&self.schema.fields()[position..]);
        let mut last_words = None;
        for ((encoder, field), column) in encoders.zip(columns) {
            match (encoder, column, last_words.take()) {
                (ColumnEncoder::Arrow(Some(writer)), Column::Array(array), _) => {
                    for leaf in compute_leaves(field, &array)? {
                        writer.write(&leaf)?;
                    }
                }
                (ColumnEncoder::Words { dictionary, pages }, Column::Words(lists, vocabulary), _) => {
                    let places = dictionary.find_places(lists, vocabulary);
                    pages.write(&places, dictionary.len(), compressor)?;
                    last_words = Some((places, dictionary.len()));
                }
                (ColumnEncoder::Words { pages, .. }, Column::Kept(is_kept), Some((places, num_words))) => {
                    pages.write(&places.select(&is_kept), num_words, compressor)?;
                }
                _ => return Err(ParquetError::General(format!("column {} is of another kind", field.name()))),
            }
        }
        Ok(())
    }

    /// The row group, of which all columns got `num_rows` rows; the next one begins empty.
    pub(crate) fn finish(&mut self, num_rows: usize) -> Result<RowGroup, ParquetError> {
        self.open()?;
        let Self { leaves, columns, compression, compressor, .. } = self;
        let mut chunks = Vec::with_capacity(columns.len());
        let mut last_dictionary: Option<DictionaryPage> = None;
        for (encoder, leaf) in columns.iter_mut().zip(leaves) {
            match encoder {
                ColumnEncoder::Arrow(writer) => {
                    if let Some(writer) = writer.take() {
                        chunks.push(Chunk::Arrow(writer.close()?));
                    }
                }
                ColumnEncoder::Words { dictionary, pages } => {
                    let dictionary = match last_dictionary.take() {
                        Some(last) if dictionary.len() == 0 => last,
                        _ => dictionary.finish(compressor)?,
                    };
                    let chunk = pages.finish(leaf.clone(), &dictionary, num_rows, *compression)?;
                    chunks.push(Chunk::Words(chunk));
                    last_dictionary = Some(dictionary);
                }
            }
        }
        Ok(RowGroup { num_rows, chunks })
    }

    /// Encodes a batch as a row group.
    pub(crate) fn encode(&mut self, batch: &RecordBatch) -> Result<RowGroup, ParquetError> {
        self.write(0, batch.columns().iter().cloned().map(Column::Array))?;
        self.finish(batch.num_rows())
    }

    /// Begins the row group unless it has begun.
    fn open(&mut self) -> Result<(), ParquetError> {
        let waits = |encoder: &ColumnEncoder| matches!(encoder, ColumnEncoder::Arrow(None));
        if !self.columns.iter().any(waits) {
            return Ok(());
        }
        for (encoder, writer) in self.columns.iter_mut().zip(self.writers.create_column_writers(0)?) {
            if let ColumnEncoder::Arrow(slot) = encoder {
                *slot = Some(Box::new(writer));
            }
        }
        Ok(())
    }
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
    let key_values =
        [(schema::RUN_ID, run_id.to_string()), (schema::PREPROCESSING, schema::PREPROCESSING_VERSION.to_owned())];
    let key_values = key_values.map(|(key, value)| KeyValue::new(key.to_owned(), value));
    let builder = DISTINCT_COLUMNS.iter().fold(WriterProperties::builder(), |builder, column| {
        builder.set_column_dictionary_enabled(ColumnPath::from(*column), false)
    });
    Ok(builder
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(compression()?)
        .set_key_value_metadata(Some(key_values.into()))
        // Minima and maxima of texts help nobody, and would put review text into the footer.
        .set_statistics_enabled(EnabledStatistics::None)
        .build())
}

fn compression() -> Result<Compression, ParquetError> {
    Ok(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int32Array};
    use arrow::datatypes::{DataType, Field, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
    use tamiz_text::Analyzer;

    use super::*;

    const PIECES: &[&[&str]] = &[
        &["great book, great price", "", "the book"],
        &["", ""],
        &["a price so small that nobody would pay it twice", "book"],
    ];

    fn encoder() -> RowGroupEncoder {
        let words = |name| Field::new(name, schema::words(), false);
        let fields = vec![words("tokens"), words("content"), words("stems"), Field::new("row", DataType::Int32, false)];
        RowGroupEncoder::new(Arc::new(Schema::new(fields)), &"0".repeat(32).parse().unwrap()).unwrap()
    }

    /// Encodes the texts of a piece each, and then their numbers.
    fn encode(encoder: &mut RowGroupEncoder, pieces: &[&[&str]]) -> RowGroup {
        let mut analyzer = Analyzer::new();
        for texts in pieces {
            let [mut tokens, mut stems] = [(); 2].map(|()| WordLists::with_capacity(0, 0));
            let mut is_content = Vec::new();
            for text in *texts {
                let analysis = analyzer.analyze(text);
                tokens.push(analysis.token_ids());
                is_content.extend_from_slice(analysis.is_content());
                stems.push(analysis.stem_ids());
            }
            let [tokens, stems] = [tokens, stems].map(|lists| Column::Words(lists, analyzer.vocabulary()));
            encoder.write(0, [tokens, Column::Kept(is_content), stems]).unwrap();
        }
        let num_rows = pieces.iter().map(|texts| texts.len()).sum();
        encoder.write(3, [Column::Array(Arc::new(Int32Array::from_iter_values(0..num_rows as i32)))]).unwrap();
        encoder.finish(num_rows).unwrap()
    }

    /// Tokens, content tokens and stems of each row, with its number.
    fn rows(group: RowGroup, schema: &SchemaRef) -> Vec<([String; 3], i32)> {
        let run_id = "0".repeat(32).parse().unwrap();
        let (mut part, _) = open_part(Vec::new(), schema.clone(), &run_id).unwrap();
        group.append_to(&mut part).unwrap();
        let bytes = bytes::Bytes::from(part.into_inner().unwrap());
        let batches = ParquetRecordBatchReader::try_new(bytes, 1_024).unwrap().map(Result::unwrap);
        let row = |batch: &RecordBatch, at: usize| {
            let words = |column: usize| {
                let words = batch.column(column).as_list::<i32>().value(at);
                words.as_string::<i32>().iter().flatten().collect::<Vec<_>>().join(" ")
            };
            ([0, 1, 2].map(words), batch.column(3).as_primitive::<arrow::datatypes::Int32Type>().value(at))
        };
        batches.flat_map(|batch| (0..batch.num_rows()).map(|at| row(&batch, at)).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn a_row_group_written_in_pieces_is_read_back_whole() {
        let mut encoder = encoder();
        let mut analyzer = Analyzer::new();
        let mut expected = Vec::new();
        for (text, number) in PIECES.concat().into_iter().zip(0..) {
            let analysis = analyzer.analyze(text);
            let spell = |words: &mut dyn Iterator<Item = &str>| words.collect::<Vec<_>>().join(" ");
            let [mut tokens, mut stems] = [analysis.token_ids(), analysis.stem_ids()]
                .map(|ids| ids.iter().map(|&id| analysis.vocabulary().word(id)));
            let words = [spell(&mut tokens), spell(&mut analysis.content_tokens()), spell(&mut stems)];
            expected.push((words, number));
        }
        for _ in 0..2 {
            let group = encode(&mut encoder, PIECES);
            assert_eq!(rows(group, &encoder.schema), expected, "nothing of the row group before is left");
        }
    }

    #[test]
    fn columns_of_the_wrong_kind_are_an_error() {
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert!(encoder().write(0, [Column::Array(numbers.clone())]).is_err());
        assert!(encoder().write(1, [Column::Kept(vec![true])]).is_err(), "there is no column before");
        assert!(encoder().write(3, [Column::Array(numbers)]).is_ok());
    }
}

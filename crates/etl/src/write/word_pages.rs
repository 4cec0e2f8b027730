//! Column chunks of word lists, written as dictionary pages straight from word numbers.
//!
//! Parquet's own writer takes strings and finds the distinct ones again by hashing each: for three lists of words a review
//! that costs more than all of the text analysis. Here the words are numbers already, and a table turns them into places
//! in the chunk's dictionary, in the order of first use: the chunk depends on the words alone, not on their numbers.
//! Pages are laid out as the format's specification says (data page v1, `RLE_DICTIONARY`); their headers and the metadata
//! are the library's.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use tamiz_text::{Vocabulary, WordId};
use zstd::bulk::Compressor;

use crate::write::bits::{push_ones_but, push_packed, push_run, width_below};
use crate::write::word_lists::WordLists;

/// Rows of a data page.
const PAGE_ROWS: usize = 4_096;

/// Stands for a word that is not in the dictionary yet.
const NO_PLACE: u32 = u32::MAX;

/// An encoded column chunk, and what the file's metadata says of it.
pub(crate) type WordChunk = (Bytes, ColumnCloseResult);

/// Encodes list columns; keeps its scratch space.
pub(crate) struct WordPages {
    compression: Compression,
    compressor: Compressor<'static>,
    /// Place of each word of the vocabulary in the dictionary of the chunk at hand.
    places: Vec<u32>,
    /// Places of the words of the page at hand.
    page_places: Vec<u32>,
    page: Vec<u8>,
}

impl WordPages {
    /// Pages under zstd of this level.
    pub(crate) fn new(compression: Compression, level: i32) -> Result<Self, ParquetError> {
        let compressor = Compressor::new(level)?;
        Ok(Self { compression, compressor, places: Vec::new(), page_places: Vec::new(), page: Vec::new() })
    }

    /// Encodes one column: a required list of required strings.
    pub(crate) fn encode(
        &mut self,
        column: ColumnDescPtr,
        lists: &WordLists,
        vocabulary: &Vocabulary,
    ) -> Result<WordChunk, ParquetError> {
        let dictionary = self.build_dictionary(lists, vocabulary);
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut written = Written::default();
        written.add(&pages.write_page(self.dictionary_page(&dictionary)?)?);
        for first in (0..lists.num_rows()).step_by(PAGE_ROWS) {
            let last = lists.num_rows().min(first + PAGE_ROWS);
            let page = self.data_page(lists, first, last, dictionary.num_words)?;
            written.add(&pages.write_page(page)?);
        }
        pages.close()?;
        let bytes = Bytes::from(sink.into_inner()?);
        let close = self.close_result(column, &written, bytes.len(), lists.num_rows())?;
        Ok((bytes, close))
    }

    fn build_dictionary(&mut self, lists: &WordLists, vocabulary: &Vocabulary) -> Dictionary {
        self.places.clear();
        self.places.resize(vocabulary.len(), NO_PLACE);
        let mut dictionary = Dictionary::default();
        for &id in lists.words(0, lists.num_rows()) {
            let place = &mut self.places[id.index()];
            if *place == NO_PLACE {
                *place = dictionary.push(id, vocabulary);
            }
        }
        dictionary
    }

    fn dictionary_page(&mut self, dictionary: &Dictionary) -> Result<CompressedPage, ParquetError> {
        let page = Page::DictionaryPage {
            buf: self.compressor.compress(&dictionary.plain)?.into(),
            num_values: dictionary.num_words,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        Ok(CompressedPage::new(page, dictionary.plain.len()))
    }

    fn data_page(
        &mut self,
        lists: &WordLists,
        first: usize,
        last: usize,
        num_words: u32,
    ) -> Result<CompressedPage, ParquetError> {
        self.page.clear();
        let num_values = self.push_levels(lists, first, last);
        let Self { places, page_places, page, .. } = self;
        page_places.clear();
        page_places.extend(lists.words(first, last).iter().map(|id| places[id.index()]));
        let width = width_below(num_words);
        page.push(width as u8);
        push_packed(page_places, width, page);
        let data = Page::DataPage {
            buf: self.compressor.compress(page)?.into(),
            num_values: num_values as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        Ok(CompressedPage::new(data, self.page.len()))
    }

    /// Repetition levels (0 where a row starts) and definition levels (0 for an empty list, which takes one value).
    fn push_levels(&mut self, lists: &WordLists, first: usize, last: usize) -> usize {
        let mut num_values = 0;
        let starts: Vec<(usize, bool)> = lists
            .lengths(first, last)
            .map(|length| {
                let start = num_values;
                num_values += length.max(1);
                (start, length == 0)
            })
            .collect();
        with_length(&mut self.page, |out| push_ones_but(starts.iter().map(|(start, _)| *start), num_values, out));
        let empty = || starts.iter().filter(|(_, is_empty)| *is_empty).map(|(start, _)| *start);
        with_length(&mut self.page, |out| match empty().next() {
            None => push_run(true, num_values, out),
            Some(_) => push_ones_but(empty(), num_values, out),
        });
        num_values
    }

    fn close_result(
        &self,
        column: ColumnDescPtr,
        written: &Written,
        num_bytes: usize,
        num_rows: usize,
    ) -> Result<ColumnCloseResult, ParquetError> {
        let metadata = ColumnChunkMetaData::builder(column)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_compression(self.compression)
            .set_num_values(written.num_values)
            .set_total_compressed_size(num_bytes as i64)
            .set_total_uncompressed_size(written.uncompressed)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(written.first_data_page)
            .build()?;
        Ok(ColumnCloseResult {
            bytes_written: num_bytes as u64,
            rows_written: num_rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        })
    }
}

/// The distinct words of a chunk.
#[derive(Default)]
struct Dictionary {
    /// Each word behind its length.
    plain: Vec<u8>,
    num_words: u32,
}

impl Dictionary {
    fn push(&mut self, word: WordId, vocabulary: &Vocabulary) -> u32 {
        self.plain.extend_from_slice(&(vocabulary.word_len(word) as u32).to_le_bytes());
        vocabulary.push_onto(word, &mut self.plain);
        self.num_words += 1;
        self.num_words - 1
    }
}

/// Sums over the pages of a chunk.
#[derive(Default)]
struct Written {
    uncompressed: i64,
    num_values: i64,
    first_data_page: i64,
}

impl Written {
    fn add(&mut self, page: &PageWriteSpec) {
        self.uncompressed += page.uncompressed_size as i64;
        if page.page_type == PageType::DICTIONARY_PAGE {
            self.first_data_page = page.bytes_written as i64;
        } else {
            self.num_values += i64::from(page.num_values);
        }
    }
}

/// Appends what `push` appends, behind its length in four bytes.
fn with_length(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    push(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

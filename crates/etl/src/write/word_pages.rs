//! Column chunks of word lists, written as dictionary pages straight from word numbers.
//!
//! Parquet's own writer takes strings and finds the distinct ones again by hashing each: for three lists of words a review
//! that costs more than all of the text analysis. Here the words are numbers already, and a table turns them into places
//! in the chunk's dictionary, in the order of first use: the chunk depends on the words alone, not on their numbers.
//! Pages are laid out as the format's specification says (data page v1, `RLE_DICTIONARY`); their headers and the metadata
//! are the library's.

use std::{io, iter};

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

/// Bytes of a word and its length in the dictionary, about.
const BYTES_PER_WORD: usize = 12;

/// Stands for a word that is not in the dictionary yet.
const NO_PLACE: u32 = u32::MAX;

/// An encoded column chunk, and what the file's metadata says of it.
pub(crate) type WordChunk = (Bytes, ColumnCloseResult);

/// The distinct words of a column in the row group at hand; keeps its scratch space for the next.
#[derive(Default)]
pub(crate) struct WordDictionary {
    /// Place of each word of the vocabulary in the dictionary.
    places: Vec<u32>,
    /// In the order of first use.
    words: Vec<WordId>,
    /// Each word behind its length.
    bytes: Vec<u8>,
}

impl WordDictionary {
    /// Number of distinct words so far.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The words as places in the dictionary, which takes those that are new. All words of a row group are of one vocabulary.
    pub(crate) fn find_places(&mut self, lists: WordLists, vocabulary: &Vocabulary) -> WordLists<u32> {
        let Self { places, words, bytes } = self;
        let num_ids = lists.all_words().iter().map(|id| id.index() + 1).max().unwrap_or(0);
        places.resize(num_ids.max(places.len()), NO_PLACE);
        let num_known = words.len();
        let found = lists.map(|id| {
            let place = &mut places[id.index()];
            if *place == NO_PLACE {
                *place = words.len() as u32;
                words.push(id);
            }
            *place
        });
        let new = &words[num_known..];
        vocabulary.prefetch(new);
        bytes.reserve(new.len() * BYTES_PER_WORD);
        for &word in new {
            let word = vocabulary.word(word).as_bytes();
            bytes.extend_from_slice(&(word.len() as u32).to_le_bytes());
            bytes.extend_from_slice(word);
        }
        found
    }

    /// The row group's dictionary; the next row group begins with an empty one.
    pub(crate) fn finish(&mut self, compressor: &mut Compressor<'static>) -> io::Result<DictionaryPage> {
        let compressed = compressor.compress(&self.bytes)?.into();
        let page = DictionaryPage { compressed, num_words: self.words.len() as u32, num_bytes: self.bytes.len() };
        self.words.drain(..).for_each(|id| self.places[id.index()] = NO_PLACE);
        self.bytes.clear();
        Ok(page)
    }
}

/// A dictionary as it is written, into one column or several.
pub(crate) struct DictionaryPage {
    compressed: Bytes,
    num_words: u32,
    /// Uncompressed.
    num_bytes: usize,
}

impl DictionaryPage {
    fn page(&self) -> CompressedPage {
        let page = Page::DictionaryPage {
            buf: self.compressed.clone(),
            num_values: self.num_words,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        CompressedPage::new(page, self.num_bytes)
    }
}

/// The data pages of one column, a required list of required strings, in the row group at hand.
#[derive(Default)]
pub(crate) struct WordPages {
    pages: Vec<CompressedPage>,
    /// Scratch space.
    page: Vec<u8>,
}

impl WordPages {
    /// Appends the lists of some rows, as one page of places in a dictionary of `num_words` words.
    pub(crate) fn write(
        &mut self,
        places: &WordLists<u32>,
        num_words: usize,
        compressor: &mut Compressor<'static>,
    ) -> io::Result<()> {
        self.page.clear();
        let num_values = self.push_levels(places);
        let width = width_below(num_words as u32);
        self.page.push(width as u8);
        push_packed(places.all_words(), width, &mut self.page);
        let data = Page::DataPage {
            buf: compressor.compress(&self.page)?.into(),
            num_values: num_values as u32,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.pages.push(CompressedPage::new(data, self.page.len()));
        Ok(())
    }

    /// The row group's chunk, of `num_rows` rows; the next row group begins empty.
    pub(crate) fn finish(
        &mut self,
        column: ColumnDescPtr,
        dictionary: &DictionaryPage,
        num_rows: usize,
        compression: Compression,
    ) -> Result<WordChunk, ParquetError> {
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut written = Written::default();
        for page in iter::once(dictionary.page()).chain(self.pages.drain(..)) {
            written.add(&pages.write_page(page)?);
        }
        pages.close()?;
        let bytes = Bytes::from(sink.into_inner()?);
        let close = written.close_result(column, compression, bytes.len(), num_rows)?;
        Ok((bytes, close))
    }

    /// Repetition levels (0 where a row starts) and definition levels (0 for an empty list, which takes one value).
    fn push_levels(&mut self, lists: &WordLists<u32>) -> usize {
        let mut num_values = 0;
        let starts: Vec<(usize, bool)> = lists
            .lengths()
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
    fn close_result(
        &self,
        column: ColumnDescPtr,
        compression: Compression,
        num_bytes: usize,
        num_rows: usize,
    ) -> Result<ColumnCloseResult, ParquetError> {
        let metadata = ColumnChunkMetaData::builder(column)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_compression(compression)
            .set_num_values(self.num_values)
            .set_total_compressed_size(num_bytes as i64)
            .set_total_uncompressed_size(self.uncompressed)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(self.first_data_page)
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

/// Appends what `push` appends, behind its length in four bytes.
fn with_length(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    push(out);
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

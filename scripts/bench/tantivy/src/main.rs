//! The text analysis of the tantivy search engine over a CSV of reviews: split at what is no letter or digit, small
//! letters, English stop-words, Snowball stems.
//!
//! `tantivy-peer IN.csv OUT.txt`: headerless polarity, title, text in; a line of stems a review out.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use tantivy::tokenizer::{Language, LowerCaser, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer, TokenStream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1);
    let (Some(input), Some(output)) = (paths.next(), paths.next()) else {
        return Err("usage: tantivy-peer IN.csv OUT.txt".into());
    };
    let stop_words = StopWordFilter::new(Language::English).ok_or("tantivy lost its English stop-words")?;
    let mut analyzer = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(LowerCaser)
        .filter(stop_words)
        .filter(Stemmer::new(Language::English))
        .build();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(input)?;
    let mut output = BufWriter::with_capacity(1 << 20, File::create(output)?);
    let (mut record, mut text) = (csv::StringRecord::new(), String::new());
    while reader.read_record(&mut record)? {
        text.clear();
        for field in record.iter().skip(1) {
            text.push_str(field);
            text.push(' ');
        }
        let mut stems = analyzer.token_stream(&text);
        while stems.advance() {
            output.write_all(stems.token().text.as_bytes())?;
            output.write_all(b" ")?;
        }
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}

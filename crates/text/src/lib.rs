//! Pure functions on review text: decode, clean, redact, tokenise, stop-words, stems, sentiment, language.
//!
//! [`Analyzer`] does everything that a clean shard needs in one pass and reuses its scratch space row after row; the
//! modules below it are the single steps. Cleaning, tokens, stop-words, stems and sentiment equal a Python reference
//! (`reference/`), held by the golden rows in `tests/golden/`.
//!
//! Nothing here reads a file, knows a clock, or fails on any text: only [`decode`] can refuse bytes.

mod analyzer;
pub mod clean;
pub mod decode;
pub mod language;
pub mod mojibake;
pub mod redact;
mod segment;
mod sentiment;
pub mod stem;
pub mod stopwords;
mod token_cache;
mod token_key;
pub mod tokenize;
mod unicode;
pub mod vader;
mod vocabulary;

pub use analyzer::{Analysis, Analyzer};
pub use language::Language;
pub use sentiment::Sentiment;
pub use vocabulary::{SharedVocabulary, Vocabulary, WordId};

//! Parquet files.
//!
//! Footer, schema, pages of every codec, rows, and the whole cleaning behind them.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use tamiz_fuzz::cleaning::check;

fuzz_target!(|content: &[u8]| -> Corpus {
    // What is another format is another target's.
    match check(content).as_deref() {
        None | Some("parquet") => Corpus::Keep,
        Some(_) => Corpus::Reject,
    }
});

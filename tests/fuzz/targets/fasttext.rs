//! Lines of fastText.
//!
//! Labels, titles, texts, and the whole cleaning behind them.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use tamiz_fuzz::cleaning::check;

fuzz_target!(|content: &[u8]| -> Corpus {
    // What is another format is another target's.
    match check(content).as_deref() {
        None | Some("fasttext") => Corpus::Keep,
        Some(_) => Corpus::Reject,
    }
});

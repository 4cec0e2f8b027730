//! Tokenizers of encoders.
//!
//! A `tokenizer.json`, and the windows that texts are cut into by it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tamiz_domain::LongTexts;
use tamiz_fuzz::models::ModelFolder;
use tamiz_fuzz::{block_on, execution};

/// What an execution may take, beside the memory of libtorch.
const MEGABYTES: isize = 64;

fuzz_target!(|json: &[u8]| {
    execution::within(MEGABYTES, || {
        block_on(async {
            ModelFolder::classifier().with("tokenizer.json", json).label(LongTexts::Truncate).await;
            ModelFolder::classifier().with("tokenizer.json", json).label(LongTexts::Average).await;
            ModelFolder::tagger().with("tokenizer.json", json).label(LongTexts::Truncate).await;
        });
    });
});

//! Files of model folders.
//!
//! Configuration with its label map, weights, digests, index, metrics, and the pointer beside them. The first byte says which.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use tamiz_domain::LongTexts;
use tamiz_fuzz::models::ModelFolder;
use tamiz_fuzz::{block_on, execution};
use tamiz_models::{SUMS, resolve};
use tamiz_ports::{MemoryStores, Stores};

/// What an execution may take, beside the memory of libtorch: some times the size of a folder.
const MEGABYTES: isize = 64;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((which, content)) = data.split_first() else { return Corpus::Reject };
    let folder = match which {
        b'c' => ModelFolder::ngram().with("config.json", content).with_sums(),
        b'w' => ModelFolder::ngram().with("model.safetensors", content).with_sums(),
        b'm' => ModelFolder::ngram().with("metrics.json", content).with_sums(),
        b's' => ModelFolder::ngram().with(SUMS, content),
        b'C' => ModelFolder::classifier().with("config.json", content),
        b'W' => ModelFolder::classifier().with("model.safetensors", content),
        b'I' => ModelFolder::classifier().with("model.safetensors.index.json", content),
        b'T' => ModelFolder::tagger().with("config.json", content),
        b'V' => ModelFolder::tagger().with("model.safetensors", content),
        b'p' => {
            execution::within(MEGABYTES, || block_on(follow(content)));
            return Corpus::Keep;
        }
        _ => return Corpus::Reject,
    };
    execution::within(MEGABYTES, || block_on(folder.label(LongTexts::Truncate)));
    Corpus::Keep
});

/// A pointer leads to a version that is there, or is refused.
async fn follow(pointer: &[u8]) {
    let stores = MemoryStores::default();
    let models = stores.open_str("s3://models/reviews").expect("memory opens every bucket");
    models.write("latest.json", pointer.to_vec()).await.expect("memory takes everything");
    models.write(&format!("1/{SUMS}"), "").await.expect("memory takes everything");
    let uri = "s3://models/reviews".parse().expect("a URI");
    if let Ok(found) = resolve(&stores, &uri).await {
        assert!(found.folder.uri().to_string().starts_with("s3://models/reviews/"), "{}", found.folder.uri());
    }
}

//! How fast a device labels texts that lie in memory, tokenised: what `scripts/bench/cuda.sh` holds the whole program to.
//!
//! ```sh
//! device_rate MODEL_FOLDER TEXTS auto|cpu|cuda auto|f32|bf16 [MAX_TOKENS]
//! ```
//! TEXTS: a JSON list of strings. Prints one JSON object: rows and tokens of a pass, its seconds (the median of five), and how the
//! model works there.

#![expect(clippy::print_stdout, reason = "what it found is what it is for")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Instant;

use tamiz_models::{Artifact, DeviceChoice, LoadSettings, Precision, ReadTexts, load};
use tamiz_ports::{FolderStores, Stores};

const PASSES: usize = 5;
/// Texts handed over at once, as the job does.
const ROWS: usize = 4_096;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, texts, device, precision, rest @ ..] = arguments.as_slice() else {
        return Err("usage: device_rate MODEL_FOLDER TEXTS auto|cpu|cuda auto|f32|bf16 [MAX_TOKENS]".into());
    };
    let artifact = Artifact::read(&FolderStores::default().open_str(model)?).await?;
    let settings = LoadSettings {
        precision: precision.parse::<Precision>()?,
        max_tokens: rest.first().map(|tokens| tokens.parse::<NonZeroUsize>()).transpose()?,
        ..LoadSettings::on(device.parse::<DeviceChoice>()?.open()?)
    };
    let texts: Vec<String> = serde_json::from_slice(&std::fs::read(texts)?)?;
    let mut model = load(&artifact, &settings)?;
    let reader = model.reader();
    let read = || -> Vec<ReadTexts> {
        texts.chunks(ROWS).map(|chunk| reader.read(&chunk.iter().map(String::as_str).collect::<Vec<_>>())).collect()
    };
    let num_tokens: usize = read().iter().map(ReadTexts::num_tokens).sum();
    let mut passes = Vec::with_capacity(PASSES);
    for pass in 0..=PASSES {
        let chunks = read();
        let started = Instant::now();
        let pending = chunks.into_iter().map(|chunk| model.begin(chunk)).collect::<Result<Vec<_>, _>>()?;
        for chunk in pending {
            chunk.finish()?;
        }
        // The first pass chooses kernels and takes memory.
        if pass > 0 {
            passes.push(started.elapsed().as_secs_f64());
        }
    }
    passes.sort_by(f64::total_cmp);
    let result = serde_json::json!({
        "rows": texts.len(),
        "tokens": num_tokens,
        "seconds": passes[PASSES / 2],
        "device": settings.device.to_string(),
        "workings": model.workings(),
    });
    println!("{result}");
    Ok(())
}

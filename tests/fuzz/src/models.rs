//! Model folders in memory: small ones of each kind that loads, of which a target replaces a file.

use std::collections::BTreeMap;
use std::error::Error;

use sha2::{Digest, Sha256};
use tamiz_domain::{Disposed, LongTexts};
use tamiz_models::{Artifact, Device, LoadSettings, Model, ModelError, Precision, SUMS, load};
use tamiz_ports::{Folder, MemoryStores, Stores};

/// Texts that every model is to label: none, plain, longer than a window, and with what tokenizers stumble over.
const TEXTS: [&str; 4] = [
    "",
    "Anna found London great!",
    "a long text, of more words than a window has room for, one after the other, until it has to be cut, and then some more",
    "e\u{301}\u{0}\t\u{3000}ｆｕｌｌ ﬁ \u{200d}👩\u{200d}👩 \u{fffd}İ [MASK] <s>",
];

/// A model folder: its files by their names.
#[derive(Debug, Clone)]
pub struct ModelFolder(BTreeMap<String, Vec<u8>>);

macro_rules! seed {
    ($name:literal) => {
        // Behind the letter that says which file it is.
        include_bytes!(concat!("../seeds/model_folder/", $name)).split_at(1).1.to_vec()
    };
}

impl ModelFolder {
    /// A model of ours, of n-grams.
    pub fn ngram() -> Self {
        let files = [
            ("config.json", seed!("ngram-config")),
            ("model.safetensors", seed!("ngram-weights")),
            ("metrics.json", seed!("ngram-metrics")),
        ];
        Self::of(files).with_sums()
    }

    /// An encoder with a class for each text, as Hugging Face has it.
    pub fn classifier() -> Self {
        Self::of([("config.json", seed!("classifier-config")), ("model.safetensors", seed!("classifier-weights"))])
            .with("tokenizer.json", include_bytes!("../seeds/tokenizer/wordpiece"))
    }

    /// An encoder that finds entities.
    pub fn tagger() -> Self {
        Self::of([("config.json", seed!("tagger-config")), ("model.safetensors", seed!("tagger-weights"))])
            .with("tokenizer.json", include_bytes!("../seeds/tokenizer/wordpiece"))
    }

    fn of<const N: usize>(files: [(&str, Vec<u8>); N]) -> Self {
        Self(files.map(|(name, content)| (name.to_owned(), content)).into())
    }

    /// The same with another file.
    pub fn with(mut self, name: &str, content: &[u8]) -> Self {
        self.0.insert(name.to_owned(), content.to_vec());
        self
    }

    /// The same with the digests of its files, as whoever edits a model by hand would mend them.
    pub fn with_sums(self) -> Self {
        let line = |(name, content): (&String, &Vec<u8>)| format!("{}  {name}\n", hex::encode(Sha256::digest(content)));
        let sums: String = self.0.iter().map(line).collect();
        self.with(SUMS, sums.as_bytes())
    }

    /// Reads the folder, loads the model and labels texts with it; or refuses it by the name of a file.
    pub async fn label(&self, long_texts: LongTexts) {
        let folder = MemoryStores::default().open_str("s3://models/reviews/1").expect("memory opens every bucket");
        for (name, content) in &self.0 {
            folder.write(name, content.clone()).await.expect("memory takes everything");
        }
        match loaded(&folder, long_texts).await {
            Ok(mut model) => check_labels(model.as_mut()),
            Err(error) => check_refusal(&error),
        }
    }
}

async fn loaded(folder: &Folder, long_texts: LongTexts) -> Result<Box<dyn Model>, ModelError> {
    let artifact = Artifact::read(folder).await?;
    artifact.metrics()?;
    // The same on every machine.
    load(&artifact, &LoadSettings { precision: Precision::F32, long_texts, ..LoadSettings::on(Device::CPU) })
}

/// A text is labelled, or told to be none, in any company and each time alike.
fn check_labels(model: &mut dyn Model) {
    let labelled = model.read_and_label(&TEXTS).expect("a model that loads, labels");
    assert_eq!(labelled.len(), TEXTS.len());
    for (text, labelled) in TEXTS.iter().zip(&labelled) {
        let alone = model.read_and_label(&[text]).expect("a model that loads, labels");
        assert_eq!(format!("{:?}", alone[0].is_ok()), format!("{:?}", labelled.is_ok()), "{text:?}");
    }
}

/// What cannot be used is told by its file, with what to do; that libtorch failed says nothing of the file.
fn check_refusal(error: &ModelError) {
    let is_told = matches!(error, ModelError::Unusable { .. } | ModelError::NotAModel { .. } | ModelError::Store(_));
    assert!(is_told, "{error}: {:?}", error.source());
    assert!(error.remedy().is_some() || error.source().is_some(), "{error} without a reason or a remedy");
}

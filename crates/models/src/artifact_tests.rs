//! A model folder survives the way out and back, and whatever was done to it in between is named.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tamiz_domain::{Baseline, Histogram, LabelMap, MetricSet, ModelMetrics};
use tamiz_ports::{Folder, MemoryStores, Stores};

use super::*;
use crate::ngram::training_tests::{settings, trained};
use crate::{Device, DeviceChoice, LoadSettings, Model, Precision, load};

fn folder() -> Folder {
    MemoryStores::default().open_str("s3://models/toy/version").unwrap()
}

/// A small trained model as an artifact.
pub(crate) fn toy_artifact(seed: u64) -> (Artifact, crate::ngram::Ngram) {
    let model = trained(&crate::ngram::TrainingSettings { seed, ..settings() }).unwrap();
    let holdout = MetricSet::of_confusion(BTreeMap::new(), None);
    let metrics = ModelMetrics::of_holdout("ngram", LabelMap::of_values([1, 2]), 600, holdout);
    let none = Histogram::new(vec![0.0]);
    let (labels, predicted) = Default::default();
    let baseline = Baseline { rows: 0, labels, predicted, confidence: none.clone(), text_characters: none };
    let (weights, card) = (model.weights().unwrap().into(), "# toy\n".to_owned());
    let (metrics, baseline) = (&metrics, &baseline);
    let parts = ArtifactParts {
        config: model.config(),
        weights,
        tokenizer: None,
        metrics,
        baseline,
        card,
        reports: BTreeMap::new(),
    };
    (Artifact::assemble(parts).unwrap(), model)
}

/// Why the loader refuses `folder`, or nothing.
async fn refusal(folder: &Folder) -> Option<String> {
    let loaded = async { load(&Artifact::read(folder).await?, &LoadSettings::on(Device::CPU)) };
    let error = loaded.await.err()?;
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    Some(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

/// Replaces a file and puts its new digest into SHA256SUMS, as somebody would who edits a model by hand.
async fn replace(folder: &Folder, name: &str, content: Vec<u8>) {
    let digest = hex::encode(Sha256::digest(&content));
    let sums = String::from_utf8(folder.read(SUMS).await.unwrap().to_vec()).unwrap();
    let line = |line: &str| if line.ends_with(name) { format!("{digest}  {name}\n") } else { format!("{line}\n") };
    folder.write(SUMS, sums.lines().map(line).collect::<String>()).await.unwrap();
    folder.write(name, content).await.unwrap();
}

#[tokio::test]
async fn a_model_scores_the_same_after_saving_and_loading() {
    let (artifact, mut model) = toy_artifact(1);
    let folder = folder();
    artifact.write(&folder).await.unwrap();
    artifact.write(&folder).await.unwrap();
    let read = Artifact::read(&folder).await.unwrap();
    assert_eq!(read.reference("toy"), artifact.reference("toy"));
    assert!(read.digest().starts_with(&read.reference("toy").version));
    let in_kind = |precision| LoadSettings { precision, ..LoadSettings::on(DeviceChoice::Cpu.open().unwrap()) };
    let mut loaded = load(&read, &in_kind(Precision::F32)).unwrap();
    let texts = ["a great day", "an awful day", "", "it came on day 3"];
    assert_eq!(loaded.read_and_label(&texts).unwrap(), model.read_and_label(&texts).unwrap());
    assert_eq!(loaded.labels(), model.labels());
    assert!(matches!(load(&read, &in_kind(Precision::Bf16)), Err(ModelError::NoSuchPrecision { .. })));
}

#[tokio::test]
async fn damaged_missing_and_foreign_files_are_named() {
    let (artifact, _) = toy_artifact(1);
    for name in [WEIGHTS, CONFIG, METRICS, BASELINE, CARD] {
        let folder = folder();
        artifact.write(&folder).await.unwrap();
        folder.write(name, "not what was written").await.unwrap();
        let why = refusal(&folder).await.unwrap();
        assert!(why.contains(&format!("s3://models/toy/version/{name}: its SHA-256 is")), "{why}");
    }
    let folder = folder();
    folder.write(SUMS, "1234  ../../etc/passwd\n").await.unwrap();
    assert!(refusal(&folder).await.unwrap().contains("SHA256SUMS: line 1"));
    folder.write(SUMS, "").await.unwrap();
    assert!(refusal(&folder).await.unwrap().ends_with("config.json: SHA256SUMS does not list it"));
    folder.write(SUMS, format!("{}  {CONFIG}\n", "0".repeat(64))).await.unwrap();
    assert!(refusal(&folder).await.unwrap().ends_with("config.json does not exist"));
}

#[tokio::test]
async fn a_configuration_that_does_not_fit_is_refused_with_its_reason() {
    let (artifact, _) = toy_artifact(1);
    let same_name = json!([{"value": 1, "name": "x"}, {"value": 2, "name": "x"}]);
    let cases: [(&str, Value, &str); 9] = [
        ("/architecture", json!("bert"), "its architecture is `bert`; supported: ngram, and of Hugging Face"),
        ("/format_version", json!(2), "its format version is 2; this program reads 1"),
        ("/labels", json!([]), "its label map has fewer than two classes"),
        ("/labels", same_name, "its label map names a class twice"),
        ("/labels/0/name", json!(3), "invalid type"),
        ("/featuriser/tokens", json!("words-2"), "`tokens` is not `words-1`"),
        ("/featuriser/buckets", json!(1000), "`buckets` must be a power of two"),
        (
            "/featuriser/buckets",
            json!(8192),
            "tensor `embedding.weight` is F32 [4096, 4], but config.json asks for F32 [8192, 4]",
        ),
        ("/dimensions", json!(0), "`dimensions` must be 1 to 1,024"),
    ];
    for (pointer, value, expected) in cases {
        let folder = folder();
        artifact.write(&folder).await.unwrap();
        let mut config: Value = folder.read_json(CONFIG).await.unwrap();
        *config.pointer_mut(pointer).unwrap() = value;
        replace(&folder, CONFIG, config.to_string().into_bytes()).await;
        let why = refusal(&folder).await.unwrap();
        assert!(why.contains(expected), "{pointer}: {why}");
    }
}

#[tokio::test]
async fn weights_that_do_not_fit_are_refused_with_the_tensor() {
    use safetensors::tensor::{Dtype, TensorView};
    let (artifact, _) = toy_artifact(1);
    let zeros = vec![0_u8; 4 * 4096 * 4];
    let nan: Vec<u8> = f32::NAN.to_le_bytes().repeat(2);
    let file = |embedding: &[usize], names: [&str; 3], bias: &[u8], bias_type: Dtype| {
        let size = embedding.iter().product::<usize>() * 4;
        let views = [
            (names[0], TensorView::new(Dtype::F32, embedding.to_vec(), &zeros[..size]).unwrap()),
            (names[1], TensorView::new(Dtype::F32, vec![2, 4], &zeros[..32]).unwrap()),
            (names[2], TensorView::new(bias_type, vec![bias.len() * 8 / bias_type.bitsize()], bias).unwrap()),
        ];
        safetensors::serialize(views, None).unwrap()
    };
    let names = ["embedding.weight", "linear.weight", "linear.bias"];
    let cases = [
        (b"not safetensors at all".to_vec(), "no safetensors"),
        (file(&[4096, 2], names, &zeros[..8], Dtype::F32), "`embedding.weight` is F32 [4096, 2], but"),
        (
            file(&[4096, 4], ["embedding.weight", "linear.weight", "extra"], &zeros[..8], Dtype::F32),
            "`extra` is not one",
        ),
        (
            file(&[4096, 4], names, &zeros[..4], Dtype::F16),
            "`linear.bias` is F16 [2], but config.json asks for F32 [2]",
        ),
        (file(&[4096, 4], names, &nan, Dtype::F32), "`linear.bias` holds NaN or infinity"),
        (safetensors::serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap(), "`embedding.weight` is missing"),
    ];
    for (content, expected) in cases {
        let folder = folder();
        artifact.write(&folder).await.unwrap();
        replace(&folder, WEIGHTS, content).await;
        let why = refusal(&folder).await.unwrap();
        assert!(why.contains("model.safetensors") && why.contains(expected), "{why}");
    }
}

//! A model folder survives the way out and back, and whatever was done to it in between is named.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tamiz_domain::{Baseline, LabelMap, MetricSet, ModelMetrics};
use tamiz_ports::{Folder, MemoryStores, Stores};

use super::*;
use crate::ngram::training_tests::{settings, trained};
use crate::ngram::{Ngram, TrainingSettings, WeightFormat};
use crate::{Device, DeviceChoice, LoadSettings, Model, Precision, load};

fn folder() -> Folder {
    MemoryStores::default().open_str("s3://models/toy/version").unwrap()
}

/// A small trained model as an artifact.
pub(crate) fn toy_artifact(seed: u64) -> (Artifact, Ngram) {
    artifact_of(&TrainingSettings { seed, ..settings() })
}

/// The same, stored in some format.
fn artifact_in(weights: WeightFormat) -> (Artifact, Ngram) {
    artifact_of(&TrainingSettings { weights, ..settings() })
}

fn artifact_of(settings: &TrainingSettings) -> (Artifact, Ngram) {
    let model = trained(settings).unwrap();
    let holdout = MetricSet::of_confusion(BTreeMap::new(), None);
    let metrics = ModelMetrics::of_holdout("ngram", LabelMap::of_values([1, 2]), 600, holdout);
    let weights = model.weights().unwrap().into();
    let (metrics, baseline) = (&metrics, &Baseline::default());
    let parts = ArtifactParts {
        config: model.config(),
        weights,
        tokenizer: BTreeMap::new(),
        metrics,
        baseline,
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
    for format in [WeightFormat::F32, WeightFormat::Bf16, WeightFormat::Int8] {
        comes_back(artifact_in(format)).await;
    }
}

async fn comes_back((artifact, mut model): (Artifact, Ngram)) {
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
    let content = Ngram::load(&read, Device::CPU, Precision::F32).unwrap().weights().unwrap();
    assert!(content == *read.file(WEIGHTS).unwrap(), "and is written again as it was");
    assert!(matches!(load(&read, &in_kind(Precision::Bf16)), Err(ModelError::NoSuchPrecision { .. })));
}

#[tokio::test]
async fn damaged_missing_and_foreign_files_are_named() {
    let (artifact, _) = toy_artifact(1);
    for name in [WEIGHTS, CONFIG, METRICS, BASELINE] {
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
            "tensor `embedding.weight` is F32 [4096, 1], but config.json asks for F32 [8192, 1]",
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

/// A tensor of a file that is made by hand: one number over and over.
struct Made {
    name: &'static str,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

fn made<const N: usize>(name: &'static str, dtype: Dtype, shape: [usize; N], number: &[u8]) -> Made {
    Made { name, dtype, shape: shape.to_vec(), bytes: number.repeat(shape.iter().product()) }
}

/// `model.safetensors` of these tensors.
fn file(tensors: &[&Made]) -> Vec<u8> {
    let views =
        tensors.iter().map(|made| (made.name, TensorView::new(made.dtype, made.shape.clone(), &made.bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

#[tokio::test]
async fn weights_that_do_not_fit_are_refused_with_the_tensor() {
    use WeightFormat::{Bf16, F32, Int8};
    let (zero, nan) = ([0; 4], f32::NAN.to_le_bytes());
    let table = |dtype, number: &[u8]| made("embedding.weight", dtype, [4096, 1], number);
    let scale = |number: &[u8]| made("embedding.scale", Dtype::F32, [1], number);
    let bias = |dtype, number: &[u8]| made("linear.bias", dtype, [2], number);
    let (floats, int8, plain) = (table(Dtype::F32, &zero), table(Dtype::I8, &[7]), bias(Dtype::F32, &zero));
    let wide = made("embedding.weight", Dtype::F32, [4096, 2], &zero);
    let weight = made("linear.weight", Dtype::F32, [2, 1], &zero);
    let extra = made("extra", Dtype::F32, [2], &zero);
    let two_scales = made("embedding.scale", Dtype::F32, [2], &zero);
    let with = |table: &Made| file(&[table, &weight, &plain]);
    let scaled = |table: &Made, scale: &Made| file(&[table, scale, &weight, &plain]);
    let half_bias = file(&[&floats, &weight, &bias(Dtype::F16, &[0; 2])]);
    let bias_asked_for = "`linear.bias` is F16 [2], but config.json asks for F32 [2]";
    let halves_asked_for = "`embedding.weight` is F32 [4096, 1], but config.json asks for BF16 [4096, 1]";
    let scale_asked_for = "`embedding.scale` is F32 [2], but config.json asks for F32 [1]";
    let cases = [
        (F32, b"not safetensors at all".to_vec(), "no safetensors"),
        (F32, with(&wide), "`embedding.weight` is F32 [4096, 2], but"),
        (F32, file(&[&floats, &weight, &extra]), "`extra` is not one"),
        (F32, half_bias, bias_asked_for),
        (F32, file(&[&floats, &weight, &bias(Dtype::F32, &nan)]), "`linear.bias` holds NaN or infinity"),
        (F32, file(&[]), "`embedding.weight` is missing"),
        (F32, scaled(&floats, &scale(&zero)), "`embedding.scale` is not one"),
        (Bf16, with(&floats), halves_asked_for),
        (Bf16, with(&table(Dtype::BF16, &nan[2..])), "`embedding.weight` holds NaN or infinity"),
        (Int8, scaled(&floats, &scale(&zero)), "but config.json asks for I8 [4096, 1]"),
        (Int8, with(&int8), "`embedding.scale` is missing"),
        (Int8, scaled(&int8, &two_scales), scale_asked_for),
        (Int8, scaled(&int8, &scale(&nan)), "`embedding.scale` holds NaN or infinity"),
    ];
    for (format, content, expected) in cases {
        let folder = folder();
        artifact_in(format).0.write(&folder).await.unwrap();
        replace(&folder, WEIGHTS, content).await;
        let why = refusal(&folder).await.unwrap();
        assert!(why.contains("model.safetensors") && why.contains(expected), "{format}: {why}");
    }
}

#[tokio::test]
async fn a_folder_that_says_nothing_of_its_format_holds_floats() {
    let folder = folder();
    toy_artifact(1).0.write(&folder).await.unwrap();
    let mut config: Value = folder.read_json(CONFIG).await.unwrap();
    assert_eq!(config.get("weights"), None, "as older programs wrote it, and read it");
    config["dimensions"] = json!(3);
    replace(&folder, CONFIG, config.to_string().into_bytes()).await;
    let zeros = |name, rows| made(name, Dtype::F32, [rows, 3], &[0; 4]);
    let bias = made("linear.bias", Dtype::F32, [2], &[0; 4]);
    replace(&folder, WEIGHTS, file(&[&zeros("embedding.weight", 4096), &zeros("linear.weight", 2), &bias])).await;
    assert_eq!(refusal(&folder).await, None, "more columns than a table needs");
    config["weights"] = json!("int4");
    replace(&folder, CONFIG, config.to_string().into_bytes()).await;
    assert!(refusal(&folder).await.unwrap().contains("unknown variant `int4`, expected one of `f32`, `bf16`, `int8`"));
}

//! Encoders against what PyTorch and transformers say of the same models (`reference/make_tiny_models.py`).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tamiz_domain::LongTexts;
use tamiz_ports::{Folder, FolderStores, Stores};

use super::super::conclude::softmax;
use super::*;

const MODELS: [&str; 8] = [
    "bert-stars",
    "bert-entities",
    "distilbert-polarity",
    "distilbert-entities",
    "roberta-topics",
    "roberta-entities",
    "xlm-roberta-regression",
    "xlm-roberta-entities",
];

/// What transformers says of a text.
#[derive(Deserialize)]
struct Expected {
    text: String,
    ids: Vec<u32>,
    truncated: bool,
    /// Of the window, or of each of its tokens.
    logits: Value,
}

impl Expected {
    fn logits(&self) -> Vec<f32> {
        fn flat(value: &Value, out: &mut Vec<f32>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| flat(value, out)),
                number => out.push(number.as_f64().unwrap() as f32),
            }
        }
        let mut all = Vec::new();
        flat(&self.logits, &mut all);
        all
    }
}

fn golden(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)
}

fn folder(path: &Path) -> Folder {
    FolderStores::default().open_str(path.to_str().unwrap()).unwrap()
}

fn expected(model: &str) -> Vec<Expected> {
    serde_json::from_slice(&std::fs::read(golden(model).join("expected.json")).unwrap()).unwrap()
}

fn artifact(model: &str) -> Artifact {
    futures::executor::block_on(Artifact::read(&folder(&golden(model)))).unwrap()
}

fn settings(precision: Precision) -> LoadSettings {
    LoadSettings { precision, ..LoadSettings::on(Device::CPU) }
}

fn encoder(model: &str, precision: Precision) -> Encoder {
    Encoder::load(&artifact(model), &settings(precision)).unwrap()
}

fn logits_of(encoder: &mut Encoder, windows: &[&[u32]]) -> Vec<Vec<f32>> {
    let launched = encoder.launch(windows).unwrap();
    let lengths: Vec<usize> = windows.iter().map(|window| window.len()).collect();
    collect(&launched, &lengths, &encoder.config).unwrap()
}

/// First windows of texts, and the logits of each.
fn logits(encoder: &mut Encoder, texts: &[&str]) -> (Vec<Vec<u32>>, Vec<Vec<f32>>) {
    let _guard = tch::no_grad_guard();
    let windows: Vec<Vec<u32>> =
        texts.iter().map(|text| TextReader::read(&encoder.reader, text).unwrap().windows[0].clone()).collect();
    let found = logits_of(encoder, &windows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    (windows, found)
}

fn largest_difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max)
}

#[test]
fn logits_in_f32_are_those_of_transformers() {
    for model in MODELS {
        let rows = expected(model);
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let (windows, found) = logits(&mut encoder(model, Precision::F32), &texts);
        for ((row, window), found) in rows.iter().zip(windows).zip(found) {
            assert_eq!(window, row.ids, "{model}: tokens of {:?}", row.text);
            let difference = largest_difference(&found, &row.logits());
            assert!(difference < 1e-4, "{model}: logits of {:?} differ by {difference}", row.text);
        }
    }
}

#[test]
fn logits_in_bf16_point_the_same_way() {
    for model in MODELS {
        let rows = expected(model);
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let (_, found) = logits(&mut encoder(model, Precision::Bf16), &texts);
        let (found, expected) = (found.concat(), rows.iter().flat_map(Expected::logits).collect::<Vec<_>>());
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let cosine = dot(&found, &expected) / (dot(&found, &found) * dot(&expected, &expected)).sqrt();
        // Sums of 24 products leave more of the rounding than the 384 and more of real models (0.9999).
        assert!(cosine > 0.998, "{model}: {cosine}");
    }
}

#[test]
fn a_text_is_labelled_the_same_in_any_company() {
    for model in MODELS {
        for (precision, tolerance) in [(Precision::F32, 1e-5), (Precision::Bf16, 0.03)] {
            let mut encoder = encoder(model, precision);
            let rows = expected(model);
            let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
            let (_, together) = logits(&mut encoder, &texts);
            encoder.budget = 50;
            let (_, in_small_batches) = logits(&mut encoder, &texts);
            encoder.work = Work::Queue;
            let (_, queued) = logits(&mut encoder, &texts);
            for (at, text) in texts.iter().enumerate() {
                let (_, alone) = logits(&mut encoder, &[text]);
                let scale = together[at].iter().fold(1.0_f32, |scale, logit| scale.max(logit.abs()));
                for other in [&alone[0], &in_small_batches[at], &queued[at]] {
                    let difference = largest_difference(other, &together[at]) / scale;
                    assert!(difference < tolerance, "{model} {precision:?}: {text:?} differs by {difference}");
                }
            }
        }
    }
}

#[test]
fn a_budget_that_is_asked_for_is_kept_to() {
    let settings = LoadSettings { batch_tokens: NonZeroUsize::new(64), ..settings(Precision::F32) };
    let encoder = Encoder::load(&artifact("bert-stars"), &settings).unwrap();
    assert!(encoder.workings().ends_with("batches of 64 tokens"), "{}", encoder.workings());
}

#[test]
fn a_queue_finds_its_budget() {
    let encoder = Encoder { work: Work::Queue, ..encoder("bert-stars", Precision::F32) };
    let [smallest, largest] = QUEUE_BUDGETS;
    let found = encoder.best_budget(encoder.config.window()).unwrap();
    assert!((smallest..=largest).contains(&found) && found.is_power_of_two(), "{found}");
    assert!(encoder.workings().starts_with("Float, attention Grouped, batches of 2048 tokens"));
}

#[test]
fn the_number_of_cores_changes_no_bit() {
    for precision in [Precision::F32, Precision::Bf16] {
        let mut encoder = encoder("bert-stars", precision);
        encoder.budget = 300;
        let texts: Vec<String> =
            (0..400).map(|n| format!("Great book {n} {}", "life is short ".repeat(n % 9))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut with_threads = |count| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
            pool.install(|| logits(&mut encoder, &texts)).1
        };
        let alone = with_threads(1);
        assert!([2, 5].into_iter().all(|count| with_threads(count) == alone), "{precision:?}");
    }
}

#[test]
fn predictions_follow_from_the_logits_by_the_task() {
    let predictions = |model: &str| {
        let rows = expected(model);
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let labelled = encoder(model, Precision::F32).read_and_label(&texts).unwrap();
        rows.into_iter().zip(labelled).map(|(row, found)| (row, found.unwrap())).collect::<Vec<_>>()
    };
    for (row, found) in predictions("bert-stars") {
        let (best, _) = row
            .logits()
            .into_iter()
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .unwrap();
        assert_eq!((found.label, found.reading.truncated), (Some(best as i8 + 1), row.truncated), "{}", row.text);
        assert!((found.scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    for (row, found) in predictions("roberta-topics") {
        let sigmoid: Vec<f32> = row.logits().iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
        assert!(largest_difference(&found.scores, &sigmoid) < 1e-4);
    }
    for (row, found) in predictions("xlm-roberta-regression") {
        assert!(largest_difference(&found.scores, &row.logits()) < 1e-4);
        assert_eq!(found.label, Some(row.logits()[0].round() as i8));
    }
    for (row, found) in predictions("bert-entities") {
        let characters: Vec<char> = row.text.chars().collect();
        for entity in &found.entities {
            let spelled: String = characters[entity.start as usize..entity.end as usize].iter().collect();
            assert_eq!(entity.text, spelled);
            assert!(!spelled.is_empty() && ["person", "location"].contains(&entity.kind.as_str()));
        }
        assert!(found.scores.is_empty() && !found.reading.truncated, "all of the text is looked through");
    }
}

#[test]
fn windows_of_a_long_text_are_averaged_where_that_is_asked_for() {
    let text = expected("bert-stars").swap_remove(8).text;
    let mut encoder = Encoder::load(
        &artifact("bert-stars"),
        &LoadSettings { long_texts: LongTexts::Average, ..settings(Precision::F32) },
    )
    .unwrap();
    let read = TextReader::read(&encoder.reader, &text).unwrap();
    assert!(read.windows.len() > 1);
    let windows: Vec<&[u32]> = read.windows.iter().map(Vec::as_slice).collect();
    let logits = logits_of(&mut encoder, &windows);
    let total: usize = windows.iter().map(|window| window.len()).sum();
    let mut mean = vec![0.0; 5];
    for (window, logits) in windows.iter().zip(&logits) {
        let share = window.len() as f32 / total as f32;
        mean.iter_mut().zip(softmax(logits)).for_each(|(mean, score)| *mean += share * score);
    }
    let found = encoder.read_and_label(&[&text]).unwrap().remove(0).unwrap();
    assert!(largest_difference(&found.scores, &mean) < 1e-6 && !found.reading.truncated);
}

/// Why a copy of a golden model is refused, once `change` is through with it.
fn refusal(model: &str, change: impl FnOnce(&Path)) -> String {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(golden(model)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    change(copy.path());
    let read = futures::executor::block_on(Artifact::read(&folder(copy.path())));
    let error = read.and_then(|artifact| Encoder::load(&artifact, &settings(Precision::F32)).map(drop)).unwrap_err();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn edit_config(folder: &Path, key: &str, value: Value) {
    let path = folder.join(CONFIG);
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config[key] = value;
    std::fs::write(path, config.to_string()).unwrap();
}

#[test]
fn a_configuration_that_is_not_supported_is_refused_with_what_is() {
    for (key, value, expected) in [
        ("architectures", Value::Null, "its architecture is ``; supported: ngram"),
        (
            "architectures",
            vec!["GPT2ForSequenceClassification"].into(),
            "`GPT2ForSequenceClassification`; supported: ngram, and of",
        ),
        (
            "architectures",
            vec!["BertForMaskedLM"].into(),
            "XLMRoberta, each ForSequenceClassification or ForTokenClassification",
        ),
        ("hidden_size", 25.into(), "`hidden_size` is no multiple of num_attention_heads"),
        (
            "hidden_size",
            48.into(),
            "`bert.embeddings.word_embeddings.weight` is F32 [260, 24], but config.json asks for F32, F16 or BF16 [260, 48]",
        ),
        ("num_hidden_layers", 3.into(), "`bert.encoder.layer.2.attention.self.query.weight` is missing"),
        (
            "num_hidden_layers",
            1.into(),
            "`bert.encoder.layer.1.attention.output.LayerNorm.bias` is not one of the architecture's",
        ),
        ("num_hidden_layers", 0.into(), "`num_hidden_layers` is out of range"),
        ("hidden_act", "swish".into(), "`hidden_act` must be gelu, gelu_new"),
        ("position_embedding_type", "relative_key".into(), "`position_embedding_type` must be `absolute`"),
        ("is_decoder", true.into(), "only encoders are loaded"),
        ("vocab_size", 100.into(), "tokenizer.json"),
        ("problem_type", "ranking".into(), "`problem_type` must be single_label_classification"),
        ("id2label", serde_json::json!({"0": "a", "2": "b"}), "`id2label` must name the scores"),
    ] {
        let why = refusal("bert-stars", |folder| edit_config(folder, key, value));
        assert!(why.contains(expected), "{key}: {why}");
    }
    let why = refusal("bert-stars", |folder| {
        let other = r#"{"architectures": ["T5ForConditionalGeneration"], "d_model": 512, "model_type": "t5"}"#;
        std::fs::write(folder.join(CONFIG), other).unwrap();
    });
    assert!(why.contains("its architecture is `T5ForConditionalGeneration`; supported: ngram"), "{why}");
    let why =
        refusal("bert-entities", |folder| edit_config(folder, "id2label", serde_json::json!({"0": "B-x", "1": "I-x"})));
    assert!(why.contains("has no class `O`"), "{why}");
}

#[test]
fn files_that_are_missing_or_no_safetensors_are_refused_by_name() {
    let why = refusal("bert-stars", |folder| {
        std::fs::rename(folder.join(crate::WEIGHTS), folder.join("pytorch_model.bin")).unwrap();
    });
    assert!(why.contains("pytorch_model.bin") && why.contains("only safetensors are loaded"), "{why}");
    let why = refusal("bert-stars", |folder| std::fs::remove_file(folder.join(TOKENIZER)).unwrap());
    assert!(why.contains("tokenizer.json: it is missing"), "{why}");
    let why = refusal("bert-stars", |folder| std::fs::write(folder.join(TOKENIZER), "{}").unwrap());
    assert!(why.contains("it is no tokenizer"), "{why}");
    let why = refusal("bert-stars", |folder| std::fs::write(folder.join(crate::WEIGHTS), "PK\u{3}\u{4}").unwrap());
    assert!(why.contains("no safetensors"), "{why}");
    let why = refusal("xlm-roberta-entities", |folder| {
        std::fs::remove_file(folder.join("model-00003-of-00004.safetensors")).unwrap();
    });
    assert!(why.contains("model-00003-of-00004.safetensors: it is missing"), "{why}");
    let why = refusal("xlm-roberta-entities", |folder| {
        let index = folder.join("model.safetensors.index.json");
        let text = std::fs::read_to_string(&index).unwrap();
        std::fs::write(index, text.replace("model-00004-of-00004", "../model-00004-of-00004")).unwrap();
    });
    assert!(why.contains("does not lie in the folder"), "{why}");
}

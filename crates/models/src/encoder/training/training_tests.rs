//! Training against what PyTorch makes of the same steps (`reference/make_training_golden.py`).

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tamiz_domain::LabelMap;
use tamiz_ports::{FolderStores, Stores};

use super::super::config::{EncoderConfig, Head};
use super::rows::NO_TARGET;
use super::*;
use crate::Precision;
use crate::task::Task;
use crate::tensors::download;
use crate::training::{Balance, Corpus, Example, Mark, Marked};

#[derive(Deserialize)]
struct Golden {
    steps: Vec<GoldenStep>,
    gradients: BTreeMap<String, Gradient>,
    after: f64,
}

#[derive(Deserialize)]
struct GoldenStep {
    rows: Vec<usize>,
    loss: f64,
    length: f64,
}

#[derive(Deserialize)]
struct Gradient {
    length: f64,
    first: Vec<f64>,
}

#[derive(Deserialize)]
struct Text {
    ids: Vec<u32>,
}

fn golden(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(model)
}

fn read<T: serde::de::DeserializeOwned>(model: &str, file: &str) -> T {
    serde_json::from_slice(&std::fs::read(golden(model).join(file)).unwrap()).unwrap()
}

fn artifact(model: &str) -> Artifact {
    let folder = FolderStores::default().open_str(golden(model).to_str().unwrap()).unwrap();
    futures::executor::block_on(Artifact::read(&folder)).unwrap()
}

fn settings() -> TrainingSettings {
    TrainingSettings {
        max_tokens: 40,
        epochs: 6,
        learning_rate: 2e-3,
        warm_up: 0.1,
        weight_decay: 0.01,
        max_norm: 1.0,
        dropout: 0.0,
        step_rows: 16,
        balance: Balance::Weights,
        patience: 6,
        seed: 7,
        precision: Precision::F32,
    }
}

fn close(found: f64, expected: f64, what: &str) {
    let difference = (found - expected).abs() / expected.abs().max(1.0);
    assert!(difference < 1e-4, "{what}: {found} instead of {expected}");
}

#[test]
fn gradients_and_steps_are_those_of_pytorch() {
    let sequences = ["bert-stars", "distilbert-polarity", "roberta-topics"];
    let tokens = ["bert-entities", "distilbert-entities", "roberta-entities"];
    for model in sequences.into_iter().chain(tokens) {
        let (artifact, golden) = (artifact(model), read::<Golden>(model, "training.json"));
        let config = EncoderConfig::parse(artifact.file(CONFIG).unwrap()).unwrap();
        let count = config.classes() as usize;
        let class = |at: usize| (at % count) as i64;
        let windows = read::<Vec<Text>>(model, "expected.json").into_iter().enumerate().map(|(row, Text { ids })| {
            let token = |token| if token % 3 == 2 { NO_TARGET } else { class(row * 7 + token) };
            let targets = match config.head {
                Head::Sequence => vec![class(row * 7)],
                Head::Tokens => (0..ids.len()).map(token).collect(),
            };
            (ids, targets)
        });
        let rows = Rows::of_windows(std::iter::once(Ok(windows.collect()))).unwrap();
        let weights: Vec<f32> = (0..count).map(|class| 1.0 + class as f32 / 2.0).collect();
        let mut trainer = Trainer::new(&artifact, &config, &settings(), &weights, Device::CPU).unwrap();

        let (_, gradients) = trainer.gradients(&rows, &golden.steps[0].rows).unwrap();
        let mut compared = 0;
        for (parameter, gradient) in trainer.parameters.iter().zip(&gradients) {
            let parts = gradient.chunk(parameter.names.len() as i64, 0);
            for (name, part) in parameter.names.iter().zip(parts) {
                let expected = &golden.gradients[name];
                close(part.norm().double_value(&[]), expected.length, &format!("{model}: gradient of {name}"));
                let first: Vec<f32> = download(&part.flatten(0, -1)).unwrap();
                for (found, &expected) in first.iter().zip(&expected.first) {
                    close(f64::from(*found), expected, &format!("{model}: a number of the gradient of {name}"));
                }
                compared += 1;
            }
        }
        assert_eq!(compared, golden.gradients.len());

        for (number, step) in golden.steps.iter().enumerate() {
            let (_, gradients) = trainer.gradients(&rows, &step.rows).unwrap();
            let sum: f64 = gradients.iter().map(|gradient| gradient.norm().double_value(&[]).powi(2)).sum();
            close(sum.sqrt(), step.length, &format!("{model}: length of the gradient of step {number}"));
            let loss = trainer.step(&rows, &step.rows, 1e-3, number).unwrap();
            close(loss, step.loss, &format!("{model}: loss of step {number}"));
        }
        let (after, _) = trainer.gradients(&rows, &golden.steps[0].rows).unwrap();
        close(after, golden.after, &format!("{model}: loss after the steps"));
    }
}

/// Texts whose class follows from a word.
fn reviews(count: usize) -> Vec<(String, usize)> {
    let words = [["Terrible", "broke", "nobody"], ["Great", "best", "fine"]];
    (0..count).map(|n| (format!("It was {} in New York {}", words[n % 2][n / 2 % 3], n % 5), n % 2)).collect()
}

fn examples(rows: &[(String, usize)]) -> Vec<Example<'_>> {
    rows.iter().map(|(text, class)| Example { text, class: *class }).collect()
}

/// What becomes of a training on toy reviews: its epochs and the model.
fn trained(settings: &TrainingSettings) -> (Vec<Epoch>, Trained) {
    let rows = reviews(240);
    let (training, validation) = rows.split_at(200);
    let labels = LabelMap::of_values([1, 2]);
    let mut epochs = Vec::new();
    let mut rows_seen = 0;
    let mut watch = |event: Event<'_>| {
        match event {
            Event::Step { rows } => rows_seen += rows,
            Event::Epoch(epoch) => epochs.push(*epoch),
        }
        ControlFlow::Continue(())
    };
    let (training, validation) = (examples(training), examples(validation));
    let lesson = Lesson::Classes(Corpus { training: &training, validation: &validation, labels: &labels });
    let trained = train(&artifact("bert-stars"), &lesson, settings, Device::CPU, &mut Kept::default(), &mut watch);
    let trained = trained.unwrap();
    assert_eq!(rows_seen, 200 * epochs.len());
    (epochs, trained)
}

#[test]
fn an_encoder_learns_other_classes_and_is_loaded_as_any() {
    for (precision, dropout) in [(Precision::F32, 0.1), (Precision::Bf16, 0.0)] {
        let (epochs, trained) = trained(&TrainingSettings { precision, dropout, ..settings() });
        let last = epochs.last().unwrap();
        assert!(last.validation_accuracy > 0.95, "{precision:?}: {epochs:?}");
        assert!(last.training_loss < epochs[0].training_loss);
        let mut model = trained.load(&LoadSettings::on(Device::CPU)).unwrap();
        assert_eq!(model.task(), &Task::Classification(LabelMap::of_values([1, 2])));
        let rows = reviews(40);
        let texts: Vec<&str> = rows.iter().map(|(text, _)| text.as_str()).collect();
        let hits = model.read_and_label(&texts).unwrap().into_iter().zip(&rows);
        let hits = hits.filter(|(found, (_, class))| found.as_ref().unwrap().label == Some(*class as i8 + 1)).count();
        assert!(hits >= 38, "{hits} of 40");
    }
}

/// Texts in which a place and sometimes a person is named.
fn letters(count: usize) -> Vec<Marked<'static>> {
    let texts = [
        ("Anna bought it in New York for cold water.", vec![(1, 0, 4), (0, 18, 26)]),
        ("It broke in Zürich, twice.", vec![(0, 12, 18)]),
        ("The best toy of New York", vec![(0, 16, 24)]),
        ("Five stars and nobody answered.", vec![]),
    ];
    let marked = |(text, marks): &(&'static str, Vec<(usize, u32, u32)>)| Marked {
        text,
        marks: marks.iter().map(|&(kind, start, end)| Mark { kind, start, end }).collect(),
    };
    texts.iter().cycle().take(count).map(marked).collect()
}

#[test]
fn an_encoder_learns_to_find_entities_and_is_loaded_as_any() {
    let labels = LabelMap::of_names(["person", "location"]).unwrap();
    assert_eq!(labels.name_of(0), "location");
    let (training, validation) = (letters(160), letters(8));
    let lesson = Lesson::Entities(Corpus { training: &training, validation: &validation, labels: &labels });
    // From an encoder that told stars, one that told other entities, and a RoBERTa.
    for init in ["bert-stars", "bert-entities", "roberta-topics"] {
        let mut last = None;
        let mut watch = |event: Event<'_>| {
            if let Event::Epoch(epoch) = event {
                last = Some(*epoch);
            }
            ControlFlow::Continue(())
        };
        // Windows of 14 tokens: the first text takes more than one.
        let settings = TrainingSettings {
            balance: Balance::None,
            max_tokens: 14,
            learning_rate: 5e-3,
            step_rows: 8,
            ..settings()
        };
        let trained = train(&artifact(init), &lesson, &settings, Device::CPU, &mut Kept::default(), &mut watch);
        let trained = trained.unwrap();
        assert!(last.unwrap().validation_accuracy > 0.98, "{init}: {last:?}");
        // It knows no place in a text but those of its windows.
        let same = LoadSettings { max_tokens: NonZeroUsize::new(14), ..LoadSettings::on(Device::CPU) };
        let mut model = trained.load(&same).unwrap();
        let texts: Vec<&str> = validation.iter().map(|marked| marked.text).collect();
        for (marked, found) in validation.iter().zip(model.read_and_label(&texts).unwrap()) {
            let found: Vec<(String, u32, u32)> =
                found.unwrap().entities.into_iter().map(|entity| (entity.kind, entity.start, entity.end)).collect();
            let expected: Vec<(String, u32, u32)> =
                marked.marks.iter().map(|mark| (labels.0[mark.kind].name.clone(), mark.start, mark.end)).collect();
            assert_eq!(found, expected, "{init}: {}", marked.text);
        }
    }
    let undersampled = TrainingSettings { balance: Balance::Undersample, ..settings() };
    let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
    let refused = train(&artifact("bert-stars"), &lesson, &undersampled, Device::CPU, &mut Kept::default(), watch);
    assert!(refused.unwrap_err().to_string().contains("drawn evenly"));
}

#[test]
fn one_seed_gives_one_model_bit_for_bit_and_another_seed_another() {
    let with_seed = |seed| {
        trained(&TrainingSettings { seed, epochs: 2, dropout: 0.1, precision: Precision::Bf16, ..settings() }).1.weights
    };
    let first = with_seed(7);
    assert!(first == with_seed(7));
    assert!(first != with_seed(8));
}

/// The last checkpoint, in memory.
#[derive(Default)]
struct Kept(Option<Vec<u8>>);

impl Keeper for Kept {
    fn read(&mut self) -> Option<Vec<u8>> {
        self.0.clone()
    }

    fn write(&mut self, checkpoint: Vec<u8>) {
        self.0 = Some(checkpoint);
    }
}

#[test]
fn a_training_that_was_stopped_anywhere_ends_with_the_same_weights() {
    let rows = reviews(120);
    let (training, validation) = (examples(&rows[..100]), examples(&rows[100..]));
    let labels = LabelMap::of_values([1, 2]);
    let lesson = Lesson::Classes(Corpus { training: &training, validation: &validation, labels: &labels });
    let settings = TrainingSettings { epochs: 3, dropout: 0.1, precision: Precision::Bf16, ..settings() };
    // Runs until so many events have come; 7 steps and an epoch, three times.
    let run = |kept: &mut Kept, settings: &TrainingSettings, events: usize| {
        let mut seen = 0;
        let mut watch = |_: Event<'_>| {
            seen += 1;
            if seen >= events { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let trained = train(&artifact("bert-stars"), &lesson, settings, Device::CPU, kept, &mut watch);
        (trained.map(|trained| trained.weights), seen)
    };
    let (undisturbed, events) = run(&mut Kept::default(), &settings, usize::MAX);
    let undisturbed = undisturbed.unwrap();
    assert_eq!(events, 24);
    for stop in [1, 6, 7, 8, 9, 17, 24] {
        let mut kept = Kept::default();
        let (stopped, _) = run(&mut kept, &settings, stop);
        assert!(matches!(stopped, Err(ModelError::Stopped)), "{stop}");
        let (again, more) = run(&mut kept, &settings, usize::MAX);
        assert!(again.unwrap() == undisturbed, "stopped after {stop} events");
        assert_eq!(stop + more, events, "nothing is done twice");
    }
    // Killed in the second epoch without a word, and again: the epoch is begun anew.
    let mut kept = Kept::default();
    let _ = run(&mut kept, &settings, 8);
    let after_one = kept.0.clone();
    let _ = run(&mut kept, &settings, 3);
    kept.0 = after_one;
    assert!(run(&mut kept, &settings, usize::MAX).0.unwrap() == undisturbed);
    // A checkpoint of another training, or one that was cut off, is as none.
    let (other, events) = run(&mut kept, &TrainingSettings { seed: 8, ..settings.clone() }, usize::MAX);
    assert!(other.unwrap() != undisturbed && events == 24);
    let mut cut = Kept(kept.0.map(|bytes| bytes[..bytes.len() / 2].to_vec()));
    assert_eq!(run(&mut cut, &settings, usize::MAX).1, 24);
}

#[test]
fn what_cannot_be_trained_is_refused_with_a_reason() {
    let rows = reviews(8);
    let labels = LabelMap::of_values([1, 2]);
    let refusal = |labels: &LabelMap, settings: &TrainingSettings| {
        let rows = examples(&rows);
        let lesson = Lesson::Classes(Corpus { training: &rows, validation: &rows, labels });
        let watch = &mut |_: Event<'_>| ControlFlow::Break(());
        let refused = train(&artifact("bert-stars"), &lesson, settings, Device::CPU, &mut Kept::default(), watch);
        refused.unwrap_err().to_string()
    };
    assert!(refusal(&labels, &settings()).contains("stopped"));
    for (settings, why) in [
        (TrainingSettings { epochs: 0, ..settings() }, "at least 1"),
        (TrainingSettings { learning_rate: f64::NAN, ..settings() }, "learning rate"),
        (TrainingSettings { dropout: 1.0, ..settings() }, "dropout"),
        (TrainingSettings { max_norm: 0.0, ..settings() }, "gradients"),
        (TrainingSettings { max_tokens: 2, ..settings() }, "tokenizer.json"),
    ] {
        assert!(refusal(&labels, &settings).contains(why), "{why}: {}", refusal(&labels, &settings));
    }
    assert!(refusal(&LabelMap::of_values([1]), &settings()).contains("not in the label map"));
}

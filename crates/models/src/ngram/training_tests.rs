//! What training promises, on toy reviews that take a second.

use std::ops::ControlFlow;

use tamiz_domain::LabelMap;

use super::{FeaturiserConfig, Ngram, TrainingSettings, WeightFormat, train};
use crate::training::{Balance, Corpus, Event, Example};
use crate::{Device, Model, ModelError};

const WORDS: [[&str; 4]; 2] = [["awful", "broken", "waste", "poor"], ["lovely", "perfect", "great", "superb"]];

/// Reviews whose class follows from one of eight words among noise.
pub(crate) fn toy(rows: usize, large_class_every: usize) -> Vec<(String, usize)> {
    let row = |n: usize| {
        let class = usize::from(!n.is_multiple_of(large_class_every));
        (format!("it came on day {} and was {} said {}", n % 31, WORDS[class][n / 3 % 4], n % 17), class)
    };
    (0..rows).map(row).collect()
}

pub(crate) fn settings() -> TrainingSettings {
    TrainingSettings {
        featuriser: FeaturiserConfig::new(2, 1 << 12),
        dimensions: 4,
        weights: WeightFormat::F32,
        epochs: 6,
        learning_rate: 0.1,
        balance: Balance::Weights,
        batch_rows: 32,
        patience: 2,
        seed: 7,
    }
}

fn corpus<'a>(training: &'a [Example<'a>], validation: &'a [Example<'a>], labels: &'a LabelMap) -> Corpus<'a> {
    Corpus { training, validation, labels }
}

fn examples(rows: &[(String, usize)]) -> Vec<Example<'_>> {
    rows.iter().map(|(text, class)| Example { text, class: *class }).collect()
}

pub(crate) fn trained(settings: &TrainingSettings) -> Result<Ngram, ModelError> {
    let (training, validation) = (toy(600, 2), toy(61, 2));
    let labels = LabelMap::of_values([1, 2]);
    let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
    train(&corpus(&examples(&training), &examples(&validation), &labels), settings, Device::CPU, watch)
}

fn accuracy(model: &mut Ngram, rows: &[(String, usize)]) -> f64 {
    let texts: Vec<&str> = rows.iter().map(|(text, _)| text.as_str()).collect();
    let predictions = model.read_and_label(&texts).unwrap();
    let hits = predictions
        .iter()
        .zip(rows)
        .filter(|(found, row)| found.as_ref().unwrap().label == Some(row.1 as i8 + 1))
        .count();
    hits as f64 / rows.len() as f64
}

#[test]
fn separable_reviews_are_learnt_under_every_balance() {
    for balance in [Balance::Weights, Balance::Undersample, Balance::None] {
        let mut model = trained(&TrainingSettings { balance, ..settings() }).unwrap();
        assert!(accuracy(&mut model, &toy(200, 3)) > 0.95, "{balance:?}");
    }
}

#[test]
fn one_seed_gives_one_model_bit_for_bit_and_another_seed_another() {
    let weights = |seed| trained(&TrainingSettings { seed, ..settings() }).unwrap().weights().unwrap();
    assert!(weights(1) == weights(1), "the same seed");
    assert!(weights(1) != weights(2), "another seed");
}

#[test]
fn every_format_gives_one_file_and_scores_near_those_of_floats() {
    let texts = ["a great day", "an awful day", "", "it came on day 3 and was poor said 5"];
    let scores = |model: &mut Ngram| -> Vec<f32> {
        model.read_and_label(&texts).unwrap().into_iter().flat_map(|found| found.unwrap().scores).collect()
    };
    let exact = scores(&mut trained(&settings()).unwrap());
    let mut sizes = Vec::new();
    for weights in [WeightFormat::F32, WeightFormat::Bf16, WeightFormat::Int8] {
        let mut model = trained(&TrainingSettings { weights, ..settings() }).unwrap();
        let again = trained(&TrainingSettings { weights, ..settings() }).unwrap();
        assert!(model.weights().unwrap() == again.weights().unwrap(), "{weights}");
        assert!(accuracy(&mut model, &toy(200, 3)) > 0.95, "{weights}");
        let furthest = scores(&mut model).iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(furthest < 0.02, "{weights}: {furthest}");
        sizes.push(model.weights().unwrap().len() / (1 << 12));
    }
    assert_eq!(sizes, [4, 2, 1], "bytes of a row: two classes need one column");
}

#[test]
fn scores_do_not_depend_on_the_batch_and_empty_texts_have_some() {
    let mut model = trained(&settings()).unwrap();
    let texts = ["a great day", "", "?!", "awful awful awful", "\u{1f600}"];
    let together = model.read_and_label(&texts).unwrap();
    for (text, scores) in texts.iter().zip(&together) {
        assert_eq!(&model.read_and_label(&[text]).unwrap()[0], scores, "{text}");
        assert!((scores.as_ref().unwrap().scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
    assert!(model.read_and_label(&[]).unwrap().is_empty());
    assert!(model.read_and_label(&["", ""]).unwrap()[1].is_ok(), "a batch without any feature");
}

#[test]
fn training_stops_when_it_is_asked_to() {
    let rows = toy(100, 2);
    let watch = &mut |_: Event<'_>| ControlFlow::Break(());
    let labels = LabelMap::of_values([1, 2]);
    let rows = examples(&rows);
    let stopped = train(&corpus(&rows, &rows, &labels), &settings(), Device::CPU, watch);
    assert!(matches!(stopped, Err(ModelError::Stopped)));
}

#[test]
fn training_ends_early_when_validation_gets_no_better() {
    let (rows, mut wrong) = (toy(300, 2), toy(60, 2));
    wrong.iter_mut().for_each(|row| row.1 = 1 - row.1);
    let mut epochs = 0;
    let watch = &mut |event: Event<'_>| {
        epochs += usize::from(matches!(event, Event::Epoch(_)));
        ControlFlow::Continue(())
    };
    let many = TrainingSettings { epochs: 50, ..settings() };
    let labels = LabelMap::of_values([1, 2]);
    train(&corpus(&examples(&rows), &examples(&wrong), &labels), &many, Device::CPU, watch).unwrap();
    assert_eq!(epochs, 1 + many.patience);
}

#[test]
fn settings_that_cannot_train_are_refused_with_a_reason() {
    let cases = [
        (TrainingSettings { epochs: 0, ..settings() }, "epochs"),
        (TrainingSettings { learning_rate: f64::NAN, ..settings() }, "learning rate"),
        (TrainingSettings { dimensions: 0, ..settings() }, "dimensions"),
        (TrainingSettings { featuriser: FeaturiserConfig::new(2, 1_000), ..settings() }, "buckets"),
    ];
    for (settings, word) in cases {
        let error = trained(&settings).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

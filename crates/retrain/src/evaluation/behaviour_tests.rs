//! Changes of texts, and models that bear them or do not.

use tamiz_models::training::{Corpus, Example};
use tamiz_models::{Device, ngram};

use super::*;
use crate::data::{self, Row};
use crate::evaluation::evaluate;

fn changed(test: &str, text: &str) -> Option<String> {
    let rows = data::rows(&[(text, 1), ("other", 2)]);
    let (_, change) = PERTURBATIONS.into_iter().find(|(name, _)| *name == test).unwrap();
    let row: Row<'_> = rows.get(0);
    change(&row, &mut ChaCha8Rng::seed_from_u64(1))
}

#[test]
fn each_change_touches_what_it_names_and_nothing_else() {
    let text = "Mary said the phone is a good one, and the camera too.";
    let typed = changed("typos", text).unwrap();
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    assert!(typed != text && sorted(&typed) == sorted(text), "{typed}");
    let named = changed("names", text).unwrap();
    assert!(!named.contains("Mary") && named.ends_with("said the phone is a good one, and the camera too."), "{named}");
    let other = changed("products", text).unwrap();
    assert!(!other.contains("phone") && !other.contains("camera") && other.starts_with("Mary said the "), "{other}");
    assert_eq!(changed("upper_case", "good").unwrap(), "GOOD");
    assert_eq!(changed("emoji", "good").unwrap(), "good 📦");
    assert_eq!(changed("neutral_sentence", "good").unwrap(), "good I bought it on a Tuesday.");
    assert_eq!(changed("confusables", "space").unwrap(), "sрасе");
}

#[test]
fn a_text_without_anything_to_change_is_no_case() {
    for test in ["typos", "names", "products", "confusables"] {
        assert_eq!(changed(test, "42 !!"), None, "{test}");
        assert_eq!(changed(test, ""), None, "{test}");
    }
}

/// A model trained on rows whose label follows from one word.
fn model(pairs: &[(String, i8)]) -> Box<dyn Model> {
    let labels = LabelMap::of_values([1, 2]);
    let examples: Vec<Example<'_>> =
        pairs.iter().map(|(text, label)| Example { text, class: (*label - 1) as usize }).collect();
    let corpus = Corpus { training: &examples, validation: &examples, labels: &labels };
    let settings = ngram::TrainingSettings {
        featuriser: ngram::FeaturiserConfig::new(2, 1 << 14),
        dimensions: 4,
        weights: ngram::WeightFormat::F32,
        epochs: 20,
        learning_rate: 0.1,
        balance: tamiz_models::training::Balance::None,
        batch_rows: 64,
        patience: 20,
        seed: 1,
    };
    let watch = &mut |_: tamiz_models::training::Event<'_>| std::ops::ControlFlow::Continue(());
    Box::new(ngram::train(&corpus, &settings, Device::CPU, watch).unwrap())
}

fn pairs() -> Vec<(String, i8)> {
    let words = [["awful", "poor"], ["great", "good"]];
    (0..400).map(|n| (format!("{n} {}", words[n % 2][n / 2 % 2]), (n % 2) as i8 + 1)).collect()
}

#[test]
fn a_model_of_single_words_bears_what_leaves_them_alone_and_takes_no_denial() {
    let rows = data::rows(&pairs());
    let which: Vec<usize> = (0..rows.len()).collect();
    let tested = || {
        let mut model = model(&pairs());
        let answers = evaluate(model.as_mut(), &rows, &which).unwrap().answers;
        behaviour(model.as_mut(), &rows, &which, &answers, 1).unwrap()
    };
    let found = tested();
    let of = |test: &str| found.iter().find(|behaviour| behaviour.test == test).unwrap();
    assert_eq!((of("emoji").cases, of("emoji").failures), (400, 0));
    assert_eq!((of("upper_case").cases, of("upper_case").failures), (400, 0));
    assert_eq!(of("names").cases, 0, "nobody is named");
    assert!(of("typos").failures > 20, "words that decide were changed: {found:?}");
    assert!(of(NEGATION).failure_rate() > 0.5, "no row of the training denied anything: {found:?}");
    assert_eq!(found, tested());
}

#[test]
fn a_change_keeps_places_where_every_word_stands_where_it_stood() {
    assert!(keeps_places("Ana saw it", "ANA SAW IT") && keeps_places("Ana saw it", "Ana saw it 📦"));
    assert!(keeps_places("Ana saw it", "Mia saw it") && !keeps_places("Ana saw it", "Peter saw it"));
    assert!(!keeps_places("Ana saw Peter", "Peter saw Ana"), "as long, and its words stand elsewhere");
}

#[test]
fn only_sentiment_is_denied() {
    let names = |names: &[&str]| LabelMap::of_names(names.iter().copied()).unwrap();
    assert!(is_sentiment(&LabelMap::of_values([1, 2])) && is_sentiment(&LabelMap::of_values([1, 2, 3, 4, 5])));
    assert!(!is_sentiment(&names(&["fault", "praise"])) && !is_sentiment(&LabelMap::of_values([0, 7])));
    let pairs = sentences(&DENIALS[0]);
    assert_eq!(pairs.len(), 50);
    assert!(pairs.iter().all(|(is, is_not)| is != is_not && !is.contains('{') && !is_not.contains('{')));
}

//! How a model takes texts that are changed a little: most changes must not change its answer, a denial must (Ribeiro et al. 2020,
//! arXiv:2005.04118).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tamiz_domain::{Behaviour, LabelMap};
use tamiz_models::{Model, ModelError};

use super::figures::Numbers;
use super::perturbation::PERTURBATIONS;
use super::words::{DENIALS, Denial};
use crate::data::{Answer, Label, Rows};

/// Rows that are changed, spread evenly over all that are given.
const SAMPLE_ROWS: usize = 500;
/// Name of the test in which the answer must change.
const NEGATION: &str = "negation";

/// Runs every test on rows that training never saw; `answers` is what the model says of them.
///
/// # Errors
/// [`ModelError`] of the model.
pub(crate) fn behaviour(
    model: &mut dyn Model,
    rows: &Rows,
    which: &[usize],
    answers: &[Answer],
    seed: u64,
) -> Result<Vec<Behaviour>, ModelError> {
    let step = which.len().div_ceil(SAMPLE_ROWS).max(1);
    let sample: Vec<usize> = which.iter().copied().step_by(step).collect();
    let before = answers.iter().step_by(step);
    let mut asked = Asked { numbers: Numbers::of(model.labels(), rows.labels(), rows.have_entities()), model };
    let mut found = Vec::new();
    for (stream, (test, change)) in PERTURBATIONS.into_iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        let mut cases = Vec::new();
        for (row, before) in rows.pick(&sample).zip(before.clone()) {
            let Some(text) = change(&row, &mut rng) else { continue };
            // What is named in a text must stand where it stood.
            if !rows.have_entities() || keeps_places(row.text, &text) {
                cases.push(Case { before, label: row.label, text });
            }
        }
        found.push(invariance(&mut asked, test, &cases)?);
    }
    if is_sentiment(&asked.model.labels()) {
        found.push(negation(&mut asked, rows, &sample)?);
    }
    Ok(found)
}

/// A model that is asked, and how its answers are read.
struct Asked<'a> {
    model: &'a mut dyn Model,
    numbers: Numbers,
}

impl Asked<'_> {
    /// What it says of texts, in the numbers of the rows' labels.
    fn answers(&mut self, texts: &[&str]) -> Result<Vec<Answer>, ModelError> {
        let labelled = self.model.read_and_label(texts)?;
        Ok(labelled.into_iter().map(|labelled| self.numbers.answer(&labelled.unwrap_or_default())).collect())
    }
}

/// A changed text.
struct Case<'a> {
    /// What was said of it before.
    before: &'a Answer,
    label: Label<'a>,
    text: String,
}

/// Whether every word of a text stands where it stood before the change.
fn keeps_places(before: &str, after: &str) -> bool {
    let same = |(one, other): (char, char)| one.is_whitespace() == other.is_whitespace();
    after.starts_with(before)
        || (before.chars().count() == after.chars().count() && before.chars().zip(after.chars()).all(same))
}

/// Texts whose answer should stay as it was.
fn invariance(asked: &mut Asked<'_>, test: &str, cases: &[Case<'_>]) -> Result<Behaviour, ModelError> {
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let after = asked.answers(&texts)?;
    let count = |fails: fn(&Case<'_>, &Answer) -> bool| {
        cases.iter().zip(&after).filter(|(case, after)| fails(case, after)).count() as u64
    };
    Ok(Behaviour {
        test: test.to_owned(),
        cases: cases.len() as u64,
        independent: cases.len() as u64,
        failures: count(|case, after| case.before != after),
        wrong: count(|case, after| case.label != after.as_label()),
    })
}

/// Denials, which should not get the answer of what they deny.
fn negation(asked: &mut Asked<'_>, rows: &Rows, sample: &[usize]) -> Result<Behaviour, ModelError> {
    let speaks = |language: &str| rows.pick(sample).any(|row| row.language == Some(language));
    let mut denials: Vec<&Denial> = DENIALS.iter().filter(|denial| speaks(denial.language)).collect();
    if denials.is_empty() {
        denials.push(&DENIALS[0]);
    }
    let pairs: Vec<(String, String)> = denials.iter().flat_map(|denial| sentences(denial)).collect();
    let (affirmed, denied): (Vec<&str>, Vec<&str>) =
        pairs.iter().map(|(is, is_not)| (is.as_str(), is_not.as_str())).unzip();
    let (affirmed, denied) = (asked.answers(&affirmed)?, asked.answers(&denied)?);
    let failures = affirmed.iter().zip(&denied).filter(|(is, is_not)| is == is_not).count() as u64;
    let independent = denials.iter().map(|denial| denial.praise.len() + denial.sentences.len()).sum::<usize>() as u64;
    Ok(Behaviour { test: NEGATION.to_owned(), cases: pairs.len() as u64, independent, failures, wrong: failures })
}

/// Praise and its denial, of every product.
fn sentences(denial: &Denial) -> Vec<(String, String)> {
    let adjectives =
        denial.praise.iter().map(|praise| [denial.is, denial.is_not].map(|form| form.replace("{praise}", praise)));
    let whole = denial.sentences.iter().map(|&(is, is_not)| [is.to_owned(), is_not.to_owned()]);
    let of_product = |[is, is_not]: [String; 2]| {
        denial
            .products
            .iter()
            .map(move |product| (is.replace("{product}", product), is_not.replace("{product}", product)))
    };
    adjectives.chain(whole).flat_map(of_product).collect()
}

/// Whether the classes are polarity or stars: of other classes a denial changes nothing.
fn is_sentiment(labels: &LabelMap) -> bool {
    let values: Vec<i8> = labels.0.iter().map(|class| class.value).collect();
    let stars = labels.0.iter().all(|class| class.name == class.value.to_string());
    values.len() > 1
        && (*labels == LabelMap::of_values([1, 2]) || (stars && values.iter().all(|value| (1..=5).contains(value))))
}

#[cfg(test)]
#[path = "behaviour_tests.rs"]
mod tests;

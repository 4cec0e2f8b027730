//! How a model takes texts that are changed a little: most changes must not change its answer, a denial must (Ribeiro et al. 2020,
//! arXiv:2005.04118).

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tamiz_domain::{Behaviour, LabelMap};
use tamiz_models::{Model, ModelError};

use super::perturbation::{PERTURBATIONS, Perturbation};
use super::words::{DENIALS, Denial};
use crate::data::Rows;

/// Rows that are changed, spread evenly over all that are given.
const SAMPLE_ROWS: usize = 500;
/// Name of the test in which the answer must change.
const NEGATION: &str = "negation";

/// Runs every test on rows that training never saw.
///
/// # Errors
/// [`ModelError`] of the model.
pub(crate) fn behaviour(
    model: &mut dyn Model,
    rows: &Rows,
    which: &[usize],
    seed: u64,
) -> Result<Vec<Behaviour>, ModelError> {
    let step = which.len().div_ceil(SAMPLE_ROWS).max(1);
    let sample: Vec<usize> = which.iter().copied().step_by(step).collect();
    let texts: Vec<&str> = rows.pick(&sample).map(|row| row.text).collect();
    let before = answers(model, &texts)?;
    let mut found = Vec::new();
    for (stream, (test, change)) in PERTURBATIONS.into_iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        let (cases, failures) = invariance(model, rows, &sample, &before, change, &mut rng)?;
        found.push(Behaviour { test: test.to_owned(), cases, failures });
    }
    if is_sentiment(&model.labels()) {
        let (cases, failures) = negation(model, rows, &sample)?;
        found.push(Behaviour { test: NEGATION.to_owned(), cases, failures });
    }
    Ok(found)
}

/// Cases, and those whose answer changed.
fn invariance(
    model: &mut dyn Model,
    rows: &Rows,
    sample: &[usize],
    before: &[Option<i8>],
    change: Perturbation,
    rng: &mut ChaCha8Rng,
) -> Result<(u64, u64), ModelError> {
    let changed: Vec<(Option<i8>, String)> =
        rows.pick(sample).zip(before).filter_map(|(row, &answer)| Some((answer, change(&row, rng)?))).collect();
    let texts: Vec<&str> = changed.iter().map(|(_, text)| text.as_str()).collect();
    let after = answers(model, &texts)?;
    let failures = changed.iter().zip(after).filter(|((before, _), after)| before != after).count();
    Ok((changed.len() as u64, failures as u64))
}

/// Cases, and those in which a denial got the answer of what it denies.
fn negation(model: &mut dyn Model, rows: &Rows, sample: &[usize]) -> Result<(u64, u64), ModelError> {
    let speaks = |language: &str| rows.pick(sample).any(|row| row.language == Some(language));
    let mut pairs: Vec<(String, String)> =
        DENIALS.iter().filter(|denial| speaks(denial.language)).flat_map(sentences).collect();
    if pairs.is_empty() {
        pairs = sentences(&DENIALS[0]);
    }
    let (affirmed, denied): (Vec<&str>, Vec<&str>) =
        pairs.iter().map(|(is, is_not)| (is.as_str(), is_not.as_str())).unzip();
    let (affirmed, denied) = (answers(model, &affirmed)?, answers(model, &denied)?);
    let failures = affirmed.iter().zip(&denied).filter(|(is, is_not)| is == is_not).count();
    Ok((pairs.len() as u64, failures as u64))
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

fn answers(model: &mut dyn Model, texts: &[&str]) -> Result<Vec<Option<i8>>, ModelError> {
    let labelled = model.read_and_label(texts)?;
    Ok(labelled.into_iter().map(|labelled| labelled.ok().and_then(|prediction| prediction.label)).collect())
}

#[cfg(test)]
#[path = "behaviour_tests.rs"]
mod tests;

//! Features of every text of a training.

use std::io;
use std::ops::Range;

use super::bags::Bags;
use super::featuriser::Featuriser;
use crate::ModelError;
use crate::ragged::{Ragged, RaggedBuilder};
use crate::task::Reading;
use crate::training::Example;

/// Texts that are read together, and looked at together where all are.
const TEXTS_TOGETHER: usize = 1 << 16;

/// Features of many texts, by number.
#[derive(Debug)]
pub(super) struct Features(Ragged);

impl Features {
    /// Reads texts, on all cores.
    ///
    /// # Errors
    /// [`ModelError::Spool`] where the temporary folder has no room.
    pub fn of(featuriser: &Featuriser, texts: &[Example<'_>]) -> Result<Self, ModelError> {
        let build = || {
            let mut builder = RaggedBuilder::with_capacity(texts.len());
            for chunk in texts.chunks(TEXTS_TOGETHER) {
                add(&mut builder, &featuriser.bags(chunk))?;
            }
            builder.finish()
        };
        build().map(Self).map_err(|source| ModelError::Spool { source })
    }

    /// Features that are there already.
    #[cfg(test)]
    pub fn of_bags(bags: &Bags) -> Self {
        let mut builder = RaggedBuilder::with_capacity(0);
        add(&mut builder, bags).unwrap();
        Self(builder.finish().unwrap())
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds the features of a text to a list.
    pub fn add_to(&self, text: usize, list: &mut Vec<i32>) {
        self.0.add_to(text, list);
    }

    /// All texts in order, so many together that it pays and so few that they take little room.
    pub fn chunks(&self) -> impl Iterator<Item = Bags> {
        (0..self.len()).step_by(TEXTS_TOGETHER).map(|first| self.bags(first..(first + TEXTS_TOGETHER).min(self.len())))
    }

    fn bags(&self, texts: Range<usize>) -> Bags {
        let mut bags = Bags::default();
        for text in texts {
            self.add_to(text, &mut bags.indices);
            bags.end_text(Reading::default());
        }
        bags
    }
}

fn add(builder: &mut RaggedBuilder, bags: &Bags) -> io::Result<()> {
    let mut start = 0;
    for end in bags.ends() {
        builder.push(&bags.indices[start..end])?;
        start = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::featuriser::FeaturiserConfig;
    use super::*;

    #[test]
    fn features_are_those_of_the_texts() {
        let texts: Vec<String> = (0..50).map(|n| "good phone ".repeat(n % 7)).collect();
        let texts: Vec<Example<'_>> = texts.iter().map(|text| Example { text, class: 0 }).collect();
        let featuriser = Featuriser::new(&FeaturiserConfig::new(2, 1 << 12)).unwrap();
        let expected = featuriser.bags(&texts);
        let features = Features::of(&featuriser, &texts).unwrap();
        assert_eq!(features.len(), 50);
        for text in 0..50 {
            let mut found = Vec::new();
            features.add_to(text, &mut found);
            assert_eq!(found, expected.text(text), "text {text}");
        }
        let chunks: Vec<i32> = features.chunks().flat_map(|bags| bags.indices).collect();
        assert_eq!(chunks, expected.indices);
    }
}

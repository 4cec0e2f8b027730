//! From the classes of tokens to entities in the text. Pure.

use crate::scheme::{Scheme, TokenClass};

/// Something named in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// What it is, as the model's classes call it.
    pub kind: String,
    /// As it stands in the text.
    pub text: String,
    /// First character, counted in Unicode code points from 0.
    pub start: u32,
    /// Behind the last character.
    pub end: u32,
    /// Mean probability of its words' classes.
    pub score: f32,
}

/// A word of the text, with the class that its first token was found to be of.
///
/// Models are trained on the first token of each word only; what they say of the others means nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Word {
    /// First character and the one behind the last, in code points.
    pub span: (u32, u32),
    /// Index of the likeliest class.
    pub class: usize,
    /// Its probability.
    pub score: f32,
}

/// The entities that consecutive words make up. What a model gets wrong about beginnings and ends is mended as `seqeval` and
/// `conlleval` do: an entity begins where a word is outside or of another kind before it, whatever its class says.
pub(crate) fn entities(text: &str, words: &[Word], scheme: &Scheme) -> Vec<Entity> {
    let mut found: Vec<(&TokenClass, Vec<Word>)> = Vec::new();
    let mut last: Option<&TokenClass> = None;
    for word in words {
        let class = scheme.class(word.class);
        match (class, last, found.last_mut()) {
            (Some(class), Some(last), Some((_, words))) if continues(last, class) => words.push(*word),
            (Some(class), ..) => found.push((class, vec![*word])),
            (None, ..) => {}
        }
        last = class;
    }
    let boundaries = Boundaries::of(text);
    found.iter().map(|(class, words)| entity(&class.kind, words, &boundaries)).collect()
}

fn continues(last: &TokenClass, class: &TokenClass) -> bool {
    last.kind == class.kind && !last.ends && !class.begins
}

/// Of at least one word.
fn entity(kind: &str, words: &[Word], text: &Boundaries<'_>) -> Entity {
    let start = words.first().map_or(0, |word| word.span.0);
    let end = words.last().map_or(start, |word| word.span.1);
    let score = words.iter().map(|word| word.score).sum::<f32>() / words.len() as f32;
    Entity { kind: kind.to_owned(), text: text.slice(start, end).to_owned(), start, end, score }
}

/// Where the characters of a text begin.
struct Boundaries<'a> {
    text: &'a str,
    /// Byte of each character, and the text's end; none for ASCII.
    bytes: Option<Vec<usize>>,
}

impl<'a> Boundaries<'a> {
    fn of(text: &'a str) -> Self {
        let bytes = || text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        Self { text, bytes: (!text.is_ascii()).then(bytes) }
    }

    /// Characters `start..end`, as far as there are so many.
    fn slice(&self, start: u32, end: u32) -> &'a str {
        let byte = |character: u32| match &self.bytes {
            None => Some(character as usize),
            Some(bytes) => bytes.get(character as usize).copied(),
        };
        byte(start).zip(byte(end)).and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = ["O", "B-per", "I-per", "E-per", "S-per", "B-loc", "I-loc"];

    /// Entities of words that each are one letter of `ábcdef`, as kind and text.
    fn found(classes: &[&str]) -> Vec<(String, String)> {
        let scheme = Scheme::of(&NAMES.map(str::to_owned)).unwrap();
        let index = |name: &&str| NAMES.iter().position(|known| known == name).unwrap();
        let word =
            |(at, name): (usize, &&str)| Word { span: (at as u32, at as u32 + 1), class: index(name), score: 0.5 };
        let words: Vec<Word> = classes.iter().enumerate().map(word).collect();
        entities("ábcdef", &words, &scheme).into_iter().map(|entity| (entity.kind, entity.text)).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|&(kind, text)| (kind.to_owned(), text.to_owned())).collect()
    }

    #[test]
    fn well_formed_classes_make_entities() {
        assert_eq!(
            found(&["B-per", "I-per", "O", "B-loc", "B-loc", "I-loc"]),
            pairs(&[("per", "áb"), ("loc", "d"), ("loc", "ef")])
        );
        assert_eq!(found(&["B-per", "E-per", "S-per", "S-per"]), pairs(&[("per", "áb"), ("per", "c"), ("per", "d")]));
        assert_eq!(found(&["O", "O"]), []);
        assert_eq!(found(&[]), []);
    }

    #[test]
    fn wrong_beginnings_and_ends_are_mended() {
        assert_eq!(found(&["I-per", "I-per", "O", "I-loc"]), pairs(&[("per", "áb"), ("loc", "d")]), "no beginning");
        assert_eq!(found(&["B-per", "I-loc", "I-loc"]), pairs(&[("per", "á"), ("loc", "bc")]), "another kind");
        assert_eq!(found(&["E-per", "I-per"]), pairs(&[("per", "á"), ("per", "b")]), "over before it began");
        assert_eq!(found(&["B-per", "I-per", "S-per"]), pairs(&[("per", "áb"), ("per", "c")]), "never over");
    }

    #[test]
    fn an_entity_has_characters_and_the_mean_of_its_scores() {
        let scheme = Scheme::of(&["O", "B-loc", "I-loc"].map(str::to_owned)).unwrap();
        let words = [Word { span: (1, 4), class: 1, score: 0.5 }, Word { span: (5, 8), class: 2, score: 1.0 }];
        let entity = &entities("ñNew\u{a0}Yó!", &words, &scheme)[0];
        assert_eq!((entity.text.as_str(), entity.start, entity.end, entity.score), ("New\u{a0}Yó!", 1, 8, 0.75));
        let outside = [Word { span: (1, 400), ..words[0] }];
        assert_eq!(entities("é", &outside, &scheme)[0].text, "");
    }
}

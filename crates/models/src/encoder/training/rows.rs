//! Labelled texts as the network reads them: windows of tokens, and what it is to say of each.

use std::ops::Range;

use rayon::prelude::*;

use super::super::config::Head;
use super::super::input::Input;
use super::super::reading::{ReadText, TextReader, Words};
use crate::ModelError;
use crate::ragged::{Ragged, RaggedBuilder};
use crate::scheme::Scheme;
use crate::task::Unlabelled;
use crate::training::{Example, Lesson, Mark, Marked};

/// Target of logits that nobody asks about: special tokens, the rest of a word behind its first token, a word that another window has.
pub(super) const NO_TARGET: i64 = -100;

/// Texts that are read together.
const TEXTS_TOGETHER: usize = 1 << 14;

/// Texts as the network reads them.
#[derive(Debug)]
pub(super) struct Rows {
    /// Tokens of each window.
    windows: Ragged,
    /// Number of tokens of each window.
    pub lengths: Vec<usize>,
    /// Behind the last target of each window.
    ends: Vec<usize>,
    /// The class of each row of logits, or [`NO_TARGET`].
    targets: Vec<i64>,
}

impl Rows {
    /// Reads the texts to train and to validate with, on all cores.
    pub fn of(lesson: &Lesson<'_>, reader: &TextReader) -> Result<[Self; 2], ModelError> {
        match lesson {
            Lesson::Classes(corpus) => {
                let read = |example: &Example<'_>| {
                    // Of a long text the first window stands for all of it.
                    let window = reader.read(example.text)?.windows.into_iter().next().unwrap_or_default();
                    Ok(vec![(window, vec![example.class as i64])])
                };
                Ok([Self::read(corpus.training, read)?, Self::read(corpus.validation, read)?])
            }
            Lesson::Entities(corpus) => {
                let read = |marked: &Marked<'_>| {
                    let ReadText { windows, words, .. } = reader.read(marked.text)?;
                    Ok(with_targets(windows, words.as_ref(), &marked.marks))
                };
                Ok([Self::read(corpus.training, read)?, Self::read(corpus.validation, read)?])
            }
        }
    }

    fn read<E: Sync>(
        examples: &[E],
        read: impl Fn(&E) -> Result<Vec<Window>, Unlabelled> + Sync,
    ) -> Result<Self, ModelError> {
        let read = |example: &E| read(example).map_err(|why| ModelError::InvalidTraining { why: why.to_string() });
        let chunks = examples.chunks(TEXTS_TOGETHER);
        Self::of_windows(chunks.map(|chunk| {
            let windows: Vec<Vec<Window>> = chunk.par_iter().map(read).collect::<Result<_, _>>()?;
            Ok(windows.into_iter().flatten().collect())
        }))
    }

    /// Of windows that are read, many together.
    pub fn of_windows(chunks: impl Iterator<Item = Result<Vec<Window>, ModelError>>) -> Result<Self, ModelError> {
        let spool = |source| ModelError::Spool { source };
        let mut windows = RaggedBuilder::with_capacity(0);
        let (mut lengths, mut ends, mut targets, mut ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for chunk in chunks {
            for (window, own) in chunk? {
                ids.clear();
                Input::add_window(&window, &mut ids);
                windows.push(&ids).map_err(spool)?;
                lengths.push(window.len());
                targets.extend(own);
                ends.push(targets.len());
            }
        }
        Ok(Self { windows: windows.finish().map_err(spool)?, lengths, ends, targets })
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Adds the tokens of a window to a list.
    pub fn add_tokens(&self, row: usize, to: &mut Vec<i32>) {
        self.windows.add_to(row, to);
    }

    /// Where the targets of a window are among all.
    pub fn range(&self, row: usize) -> Range<usize> {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[row]
    }

    /// The targets of a window.
    pub fn targets(&self, row: usize) -> &[i64] {
        &self.targets[self.range(row)]
    }

    /// The classes among the targets of a window.
    pub fn classes(&self, row: usize) -> impl Iterator<Item = usize> {
        classes(self.targets(row))
    }

    /// The classes among the targets of all windows.
    pub fn all_classes(&self) -> Vec<usize> {
        classes(&self.targets).collect()
    }

    /// Targets of all windows, whether they are classes or not.
    pub fn num_targets(&self) -> usize {
        self.targets.len()
    }

    /// What there is one of for each target, with its class where it is one.
    pub fn with_classes<T>(&self, each: impl Iterator<Item = T>) -> impl Iterator<Item = (T, usize)> {
        each.zip(&self.targets).filter_map(|(one, &target)| Some((one, usize::try_from(target).ok()?)))
    }

    /// What windows are drawn by: their classes, where each has one.
    pub fn strata(&self, head: Head) -> Vec<usize> {
        match head {
            Head::Sequence => self.all_classes(),
            Head::Tokens => vec![0; self.len()],
        }
    }
}

fn classes(targets: &[i64]) -> impl Iterator<Item = usize> {
    targets.iter().filter_map(|&target| usize::try_from(target).ok())
}

/// A window's tokens and its targets.
pub(super) type Window = (Vec<u32>, Vec<i64>);

/// Windows with the classes of the words in them, at their first tokens. A word is part of an entity that it shares a character with.
fn with_targets(windows: Vec<Vec<u32>>, words: Option<&Words>, marks: &[Mark]) -> Vec<Window> {
    let mut read: Vec<Window> = windows
        .into_iter()
        .map(|window| {
            let targets = vec![NO_TARGET; window.len()];
            (window, targets)
        })
        .collect();
    let mut last = None;
    for place in words.iter().flat_map(|words| &words.places) {
        let (start, end) = place.span;
        let found = marks.iter().position(|mark| mark.start < end && start < mark.end);
        let class = found.map_or(Scheme::OUTSIDE, |at| Scheme::class_of(marks[at].kind, found != last));
        last = found;
        if let Some(target) = read.get_mut(place.window).and_then(|(_, targets)| targets.get_mut(place.token)) {
            *target = class as i64;
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::super::super::reading::WordPlace;
    use super::*;

    #[test]
    fn words_of_an_entity_begin_and_go_on_with_it_in_whatever_window() {
        // "Ana  saw New York City, London": one word a token; the second window has the last word.
        let spans = [(0, 3), (5, 8), (9, 12), (13, 17), (18, 22), (22, 23), (24, 30)];
        let places = spans.iter().enumerate().map(|(at, &span)| WordPlace {
            span,
            window: at / 6,
            token: if at < 6 { 1 + at } else { 2 },
        });
        let words = Words { text: String::new(), places: places.collect() };
        let mark = |kind, start, end| Mark { kind, start, end };
        // A mark that ends within a word has the whole of it, and one on a space nothing.
        let marks = [mark(1, 0, 3), mark(0, 4, 5), mark(0, 9, 20), mark(0, 24, 30)];
        let read = with_targets(vec![vec![0; 8], vec![0; 4]], Some(&words), &marks);
        let (begins, goes_on) = (Scheme::class_of(0, true) as i64, Scheme::class_of(0, false) as i64);
        let person = Scheme::class_of(1, true) as i64;
        assert_eq!(read[0].1, [NO_TARGET, person, 0, begins, goes_on, goes_on, 0, NO_TARGET]);
        assert_eq!(read[1].1, [NO_TARGET, NO_TARGET, begins, NO_TARGET]);
        let rows = Rows::of_windows(std::iter::once(Ok(read))).unwrap();
        assert_eq!((rows.targets(1).len(), rows.classes(1).collect::<Vec<_>>()), (4, vec![begins as usize]));
        assert_eq!((rows.num_targets(), rows.all_classes().len(), rows.strata(Head::Tokens).len()), (12, 7, 2));
    }
}

//! Features of every text of a training. Many lie in a file without a name that is mapped into memory, so that millions of texts need
//! no more memory than the system has to spare.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use memmap2::Mmap;

use super::bags::Bags;
use super::featuriser::Featuriser;
use crate::ModelError;
use crate::training::Example;

/// Features that stay in memory: 128 MB.
const KEPT_IN_MEMORY: usize = 32 << 20;
/// Texts that are read together, and looked at together where all are.
const TEXTS_TOGETHER: usize = 1 << 16;

/// Features of many texts, by number.
#[derive(Debug)]
pub(super) struct Features {
    indices: Indices,
    /// First feature of each text, and the end of the last.
    starts: Vec<u64>,
}

#[derive(Debug)]
enum Indices {
    Memory(Vec<i32>),
    /// The same numbers as the processor has them, four bytes each.
    Mapped(Mmap),
}

impl Features {
    /// Reads texts, on all cores.
    ///
    /// # Errors
    /// [`ModelError::Spool`] where the temporary folder has no room.
    pub fn of(featuriser: &Featuriser, texts: &[Example<'_>]) -> Result<Self, ModelError> {
        Self::build(featuriser, texts, TEXTS_TOGETHER, KEPT_IN_MEMORY).map_err(|source| ModelError::Spool { source })
    }

    fn build(featuriser: &Featuriser, texts: &[Example<'_>], together: usize, in_memory: usize) -> io::Result<Self> {
        let mut starts = Vec::with_capacity(texts.len() + 1);
        starts.push(0);
        let (mut kept, mut file): (Vec<i32>, Option<BufWriter<File>>) = (Vec::new(), None);
        for chunk in texts.chunks(together) {
            let bags = featuriser.bags(chunk);
            let before = starts.last().copied().unwrap_or(0);
            starts.extend(bags.ends().map(|end| before + end as u64));
            if file.is_none() && kept.len() + bags.indices.len() > in_memory {
                file = Some(spill(&std::mem::take(&mut kept))?);
            }
            match &mut file {
                Some(file) => write(file, &bags.indices)?,
                None => kept.extend_from_slice(&bags.indices),
            }
        }
        let indices = match file {
            Some(file) => Indices::Mapped(map(file)?),
            None => Indices::Memory(kept),
        };
        Ok(Self { indices, starts })
    }

    /// Features that are there already.
    #[cfg(test)]
    pub fn of_bags(bags: Bags) -> Self {
        let starts = std::iter::once(0).chain(bags.ends().map(|end| end as u64)).collect();
        Self { indices: Indices::Memory(bags.indices), starts }
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Adds the features of a text to a list.
    pub fn add_to(&self, text: usize, list: &mut Vec<i32>) {
        let range = self.starts[text] as usize..self.starts[text + 1] as usize;
        match &self.indices {
            Indices::Memory(indices) => list.extend_from_slice(&indices[range]),
            Indices::Mapped(map) => {
                let numbers = map[4 * range.start..4 * range.end].chunks_exact(4);
                list.extend(numbers.map(|bytes| i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])));
            }
        }
    }

    /// All texts in order, so many together that it pays and so few that they take little room.
    pub fn chunks(&self) -> impl Iterator<Item = Bags> {
        (0..self.len()).step_by(TEXTS_TOGETHER).map(|first| self.bags(first..(first + TEXTS_TOGETHER).min(self.len())))
    }

    fn bags(&self, texts: Range<usize>) -> Bags {
        let mut bags = Bags::default();
        for text in texts {
            self.add_to(text, &mut bags.indices);
            bags.end_text(false);
        }
        bags
    }
}

fn spill(indices: &[i32]) -> io::Result<BufWriter<File>> {
    let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
    write(&mut file, indices)?;
    Ok(file)
}

fn write(file: &mut BufWriter<File>, indices: &[i32]) -> io::Result<()> {
    indices.iter().try_for_each(|index| file.write_all(&index.to_ne_bytes()))
}

fn map(file: BufWriter<File>) -> io::Result<Mmap> {
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    // SAFETY: the file has no name and this is its only handle: nobody can change or cut it while it is mapped.
    unsafe { Mmap::map(&file) }
}

#[cfg(test)]
mod tests {
    use super::super::featuriser::FeaturiserConfig;
    use super::*;

    #[test]
    fn features_are_the_same_in_memory_and_in_a_file() {
        let texts: Vec<String> = (0..50).map(|n| "good phone ".repeat(n % 7)).collect();
        let texts: Vec<Example<'_>> = texts.iter().map(|text| Example { text, class: 0 }).collect();
        let featuriser = Featuriser::new(&FeaturiserConfig::new(2, 1 << 12)).unwrap();
        let expected = featuriser.bags(&texts);
        for (together, in_memory) in [(100, 10_000), (7, 10_000), (7, 0), (7, 100), (100, 0)] {
            let features = Features::build(&featuriser, &texts, together, in_memory).unwrap();
            assert_eq!((features.len(), in_memory < 10_000), (50, matches!(features.indices, Indices::Mapped(_))));
            for text in 0..50 {
                let mut found = Vec::new();
                features.add_to(text, &mut found);
                assert_eq!(found, expected.text(text), "text {text}, {together} together, {in_memory} in memory");
            }
            let chunks: Vec<i32> = features.chunks().flat_map(|bags| bags.indices).collect();
            assert_eq!(chunks, expected.indices);
        }
        assert_eq!(Features::build(&featuriser, &[], 7, 0).unwrap().len(), 0);
    }
}

//! Many lists of numbers. They lie in memory while they are few, and otherwise in a file without a name that is mapped into it, so that
//! what is known of millions of texts needs no more memory than the system has to spare.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;

use memmap2::Mmap;

/// Numbers that stay in memory: 128 MB.
const KEPT_IN_MEMORY: usize = 32 << 20;

/// Lists of numbers, by number.
#[derive(Debug)]
pub(crate) struct Ragged {
    numbers: Numbers,
    /// First number of each list, and the end of the last.
    starts: Vec<u64>,
}

#[derive(Debug)]
enum Numbers {
    Memory(Vec<i32>),
    /// The same as the processor has them, four bytes each.
    Mapped(Mmap),
}

impl Ragged {
    /// Number of lists.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Adds the numbers of a list to another one; as with slices, there must be as many lists.
    pub fn add_to(&self, list: usize, to: &mut Vec<i32>) {
        let range = self.range(list);
        match &self.numbers {
            Numbers::Memory(numbers) => to.extend_from_slice(&numbers[range]),
            Numbers::Mapped(map) => {
                let numbers = map[4 * range.start..4 * range.end].chunks_exact(4);
                to.extend(numbers.map(|bytes| i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])));
            }
        }
    }

    fn range(&self, list: usize) -> Range<usize> {
        self.starts[list] as usize..self.starts[list + 1] as usize
    }
}

/// Takes lists.
pub(crate) struct RaggedBuilder {
    kept: Vec<i32>,
    file: Option<BufWriter<File>>,
    starts: Vec<u64>,
    in_memory: usize,
}

impl RaggedBuilder {
    /// With room for so many lists.
    pub fn with_capacity(lists: usize) -> Self {
        Self::keeping(lists, KEPT_IN_MEMORY)
    }

    fn keeping(lists: usize, in_memory: usize) -> Self {
        let mut starts = Vec::with_capacity(lists + 1);
        starts.push(0);
        Self { kept: Vec::new(), file: None, starts, in_memory }
    }

    /// Adds a list.
    ///
    /// # Errors
    /// [`io::Error`] where the temporary folder has no room.
    pub fn push(&mut self, numbers: &[i32]) -> io::Result<()> {
        if self.file.is_none() && self.kept.len() + numbers.len() > self.in_memory {
            let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile()?);
            write(&mut file, &std::mem::take(&mut self.kept))?;
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => write(file, numbers)?,
            None => self.kept.extend_from_slice(numbers),
        }
        let before = self.starts.last().copied().unwrap_or(0);
        self.starts.push(before + numbers.len() as u64);
        Ok(())
    }

    /// The lists, to be looked up.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(self) -> io::Result<Ragged> {
        let numbers = match self.file {
            Some(file) => Numbers::Mapped(map(file)?),
            None => Numbers::Memory(self.kept),
        };
        Ok(Ragged { numbers, starts: self.starts })
    }
}

fn write(file: &mut BufWriter<File>, numbers: &[i32]) -> io::Result<()> {
    numbers.iter().try_for_each(|number| file.write_all(&number.to_ne_bytes()))
}

fn map(file: BufWriter<File>) -> io::Result<Mmap> {
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    // SAFETY: the file has no name and this is its only handle: nobody can change or cut it while it is mapped.
    unsafe { Mmap::map(&file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_the_same_in_memory_and_in_a_file() {
        let lists: Vec<Vec<i32>> = (0..50).map(|n| (0..n % 7).map(|at| 10 * n + at).collect()).collect();
        for in_memory in [10_000, 100, 0] {
            let mut builder = RaggedBuilder::keeping(0, in_memory);
            lists.iter().for_each(|list| builder.push(list).unwrap());
            let ragged = builder.finish().unwrap();
            assert_eq!((ragged.len(), in_memory < 10_000), (50, matches!(ragged.numbers, Numbers::Mapped(_))));
            for (number, list) in lists.iter().enumerate() {
                let mut found = vec![-1];
                ragged.add_to(number, &mut found);
                assert_eq!((found[0], &found[1..]), (-1, &list[..]), "list {number}, {in_memory} in memory");
            }
        }
        // Nothing can be mapped of a file that holds nothing.
        let mut empty = RaggedBuilder::keeping(0, 0);
        empty.push(&[]).unwrap();
        assert_eq!(empty.finish().unwrap().len(), 1);
    }
}

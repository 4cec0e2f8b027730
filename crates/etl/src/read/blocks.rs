//! A stream in blocks of one size.

use std::io::{self, BufRead, Read};

/// Bytes of a block.
const BLOCK_BYTES: usize = 64 << 10;

/// Gives a stream in blocks of one size, the last one excepted, in whatever pieces it comes. A decoder loses what it has unpacked of the
/// piece in which it meets damage, and pieces end where the network has them end: without this, the same damaged file would now hold
/// more records and now fewer.
pub(crate) struct Blocks<R> {
    stream: R,
    block: Vec<u8>,
    start: usize,
    /// What broke the stream behind the block.
    error: Option<io::Error>,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, block: Vec::new(), start: 0, error: None }
    }
}

impl<R: Read> BufRead for Blocks<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.block.len() {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            self.start = 0;
            self.block.clear();
            let filled = self.stream.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut self.block);
            match filled {
                Err(error) if self.block.is_empty() => return Err(error),
                filled => self.error = filled.err(),
            }
        }
        Ok(&self.block[self.start..])
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes a few at a time, and then an error.
    struct Breaking(u64);

    impl Read for Breaking {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = io::repeat(7).take(self.0.min(1_000)).read(out)?;
            self.0 -= count as u64;
            if count == 0 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(count) }
        }
    }

    #[test]
    fn blocks_are_full_and_nothing_is_lost_before_a_break() {
        let mut blocks = Blocks::new(Breaking(150_000));
        let mut sizes = Vec::new();
        let error = loop {
            match blocks.fill_buf() {
                Err(error) => break error,
                Ok(block) => sizes.push(block.len()),
            }
            blocks.consume(sizes[sizes.len() - 1]);
        };
        assert_eq!((sizes, error.kind()), (vec![65_536, 65_536, 18_928], io::ErrorKind::TimedOut));
    }
}

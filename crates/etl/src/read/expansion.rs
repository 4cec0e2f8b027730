//! A limit to what a packed file may unpack to: a few kilobytes can hold terabytes of nothing.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tamiz_domain::EtlConfiguration;

/// Unpacked bytes that every file may have, however small it is packed.
const ALWAYS_ALLOWED: u64 = 64 << 20;

/// A packed file went over a limit. Travels inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum OverExpanded {
    #[error("{packed} bytes unpack to more than {unpacked}, which is over etl.max_expansion")]
    Ratio { packed: u64, unpacked: u64 },
    #[error("it unpacks to more than etl.max_unpacked_bytes, which is {limit}")]
    Size { limit: u64 },
}

/// Counts what is consumed of a stream.
pub(crate) struct Counted<R> {
    stream: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, count: Arc::default() }
    }

    /// Bytes consumed so far, as they are counted.
    pub(crate) fn count(&self) -> Arc<AtomicU64> {
        self.count.clone()
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.stream.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.stream.consume(amount);
        self.count.fetch_add(amount as u64, Ordering::Relaxed);
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(out)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Breaks a stream that unpacks to more than the configuration allows. What came before the break stays good.
pub(crate) struct ExpansionGuard<R> {
    unpacked_stream: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    max_expansion: u64,
    max_unpacked_bytes: u64,
}

impl<R: Read> ExpansionGuard<R> {
    /// Guards `unpacked_stream`, which has consumed `packed` bytes.
    pub(crate) fn new(unpacked_stream: R, packed: Arc<AtomicU64>, limits: &EtlConfiguration) -> Self {
        let EtlConfiguration { max_expansion, max_unpacked_bytes, .. } = *limits;
        Self { unpacked_stream, packed, unpacked: 0, max_expansion, max_unpacked_bytes }
    }

    fn check(&self) -> Result<(), OverExpanded> {
        let (packed, unpacked) = (self.packed.load(Ordering::Relaxed), self.unpacked);
        if unpacked > self.max_unpacked_bytes {
            return Err(OverExpanded::Size { limit: self.max_unpacked_bytes });
        }
        if unpacked > ALWAYS_ALLOWED && unpacked > packed.saturating_mul(self.max_expansion) {
            return Err(OverExpanded::Ratio { packed, unpacked });
        }
        Ok(())
    }
}

impl<R: Read> Read for ExpansionGuard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacked_stream.read(out)?;
        self.unpacked += count as u64;
        self.check().map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(unpacked: u64, packed: u64, limits: &EtlConfiguration) -> io::Result<u64> {
        let stream = io::repeat(b'x').take(unpacked);
        io::copy(&mut ExpansionGuard::new(stream, Arc::new(AtomicU64::new(packed)), limits), &mut io::sink())
    }

    #[test]
    fn a_stream_breaks_where_it_grows_over_either_limit() {
        let limits = EtlConfiguration { max_expansion: 100, max_unpacked_bytes: 200 << 20, ..Default::default() };
        assert_eq!(read(ALWAYS_ALLOWED, 1, &limits).unwrap(), ALWAYS_ALLOWED, "small files may hold anything");
        assert_eq!(read(100 << 20, 1 << 20, &limits).unwrap(), 100 << 20);
        let ratio = read((100 << 20) + 1, 1 << 20, &limits).unwrap_err();
        assert_eq!(ratio.to_string(), "1048576 bytes unpack to more than 104857601, which is over etl.max_expansion");
        let size = read(300 << 20, 300 << 20, &limits).unwrap_err();
        assert_eq!(size.to_string(), "it unpacks to more than etl.max_unpacked_bytes, which is 209715200");
    }
}

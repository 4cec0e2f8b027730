//! Plain, gzip and zstd streams, told apart by their first bytes.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use tamiz_domain::{EtlConfiguration, FileProblem, RejectReason};

use crate::read::blocks::Blocks;
use crate::read::expansion::{Counted, ExpansionGuard, OverExpanded};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By a file's first bytes.
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// What follows the format's name in a report.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gzip => "+gzip",
            Self::Zstd => "+zstd",
        }
    }

    /// The unpacked bytes of `stream`; a gzip file of many members, or a zstd file of many frames, is one stream.
    ///
    /// # Errors
    /// When the decoder cannot be set up.
    pub(crate) fn unpack<'a>(
        self,
        stream: impl BufRead + Send + 'a,
        limits: &EtlConfiguration,
    ) -> io::Result<Box<dyn Read + Send + 'a>> {
        let counted = |stream| {
            let packed = Counted::new(Blocks::new(stream));
            let count = packed.count();
            (packed, count)
        };
        Ok(match self {
            Self::Plain => Box::new(stream),
            Self::Gzip => {
                let (packed, count) = counted(stream);
                Box::new(ExpansionGuard::new(MultiGzDecoder::new(packed), count, limits))
            }
            Self::Zstd => {
                let (packed, count) = counted(stream);
                Box::new(ExpansionGuard::new(zstd::Decoder::with_buffer(packed)?, count, limits))
            }
        })
    }
}

/// What a break of an unpacked stream means; `records` came before it.
pub(crate) fn break_problem(error: &io::Error, records: u64) -> FileProblem {
    let is_bomb = error.get_ref().is_some_and(|inner| inner.is::<OverExpanded>());
    let reason = match error.kind() {
        _ if is_bomb => RejectReason::DecompressionBomb,
        io::ErrorKind::UnexpectedEof => RejectReason::TruncatedFile,
        _ => RejectReason::CorruptFile,
    };
    FileProblem { reason, detail: format!("the stream breaks after record {records}: {error}") }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> (Packing, io::Result<Vec<u8>>) {
        let packing = Packing::of(bytes);
        let mut stream = packing.unpack(bytes, &EtlConfiguration::default()).unwrap();
        let mut out = Vec::new();
        let result = stream.read_to_end(&mut out);
        (packing, result.map(|_| out))
    }

    #[test]
    fn each_packing_is_known_by_its_bytes_and_members_are_joined() {
        assert_eq!(unpack(b"ab").1.unwrap(), b"ab");
        assert_eq!(unpack(b"").1.unwrap(), b"");
        let (packing, out) = unpack(&[gzip(b"ab"), gzip(b"cd")].concat());
        assert_eq!((packing, out.unwrap()), (Packing::Gzip, b"abcd".to_vec()));
        let frame = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        let (packing, out) = unpack(&[frame(b"ab"), frame(b"cd")].concat());
        assert_eq!((packing, out.unwrap()), (Packing::Zstd, b"abcd".to_vec()));
    }

    #[test]
    fn a_cut_stream_is_truncated_and_a_damaged_one_corrupt() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for packed in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
            let cut = unpack(&packed[..packed.len() / 2]).1.unwrap_err();
            assert_eq!(break_problem(&cut, 1).reason, RejectReason::TruncatedFile, "{cut}");
        }
        let mut packed = gzip(&text);
        let middle = packed.len() - 4;
        packed[middle..].fill(0);
        let damaged = unpack(&packed).1.unwrap_err();
        assert_eq!(break_problem(&damaged, 1).reason, RejectReason::CorruptFile, "{damaged}");
    }

    /// A file as a network brings it, some bytes at a time.
    struct Pieces<'a>(&'a [u8], usize);

    impl BufRead for Pieces<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(&self.0[..self.0.len().min(self.1)])
        }

        fn consume(&mut self, amount: usize) {
            self.0 = &self.0[amount..];
        }
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.fill_buf()?.read(out)?;
            self.consume(count);
            Ok(count)
        }
    }

    /// Found by fuzzing: more was read of a damaged file the smaller the pieces were that it came in.
    #[test]
    fn a_damaged_stream_holds_the_same_bytes_in_whatever_pieces_it_comes() {
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 20).to_le_bytes()).collect();
        let zstd = |text: &[u8]| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            // Without one, most damage makes other bytes and no error.
            encoder.include_checksum(true).unwrap();
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        for mut packed in [gzip(&text), zstd(&text)] {
            let middle = packed.len() / 2;
            packed[middle..middle + 40].fill(0xff);
            let read = |piece: usize| {
                let limits = EtlConfiguration::default();
                let mut stream = Packing::of(&packed).unpack(Pieces(&packed, piece), &limits).unwrap();
                let mut out = Vec::new();
                let error = stream.read_to_end(&mut out).unwrap_err();
                (out, error.to_string())
            };
            let whole = read(usize::MAX);
            assert!(text.starts_with(&whole.0[..1_000]), "what comes before the damage is read");
            for piece in [1, 11, 4_096, 100_000] {
                assert!(read(piece) == whole, "pieces of {piece} bytes");
            }
        }
    }
}

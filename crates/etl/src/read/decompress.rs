//! Plain, gzip and zstd streams, told apart by their first bytes.

use std::io::{self, BufRead, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use tamiz_domain::{FileProblem, RejectReason};

/// Longest signature of a compressed stream.
const SIGNATURE_BYTES: usize = 4;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(start: &[u8]) -> Self {
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
}

/// The unpacked bytes of `stream`; a gzip file of many members, or a zstd file of many frames, is one stream.
///
/// # Errors
/// When the first bytes cannot be read.
pub(crate) fn decompress<R: BufRead>(mut stream: R) -> io::Result<(Packing, Unpacked<R>)> {
    let mut start = Vec::with_capacity(SIGNATURE_BYTES);
    stream.by_ref().take(SIGNATURE_BYTES as u64).read_to_end(&mut start)?;
    let packing = Packing::of(&start);
    let whole = Cursor::new(start).chain(stream);
    let unpacked = match packing {
        Packing::Plain => Unpacked::Plain(whole),
        Packing::Gzip => Unpacked::Gzip(Box::new(MultiGzDecoder::new(whole))),
        Packing::Zstd => Unpacked::Zstd(zstd::Decoder::with_buffer(whole)?),
    };
    Ok((packing, unpacked))
}

/// See [`decompress`].
pub(crate) enum Unpacked<R: BufRead> {
    Plain(Chain<Cursor<Vec<u8>>, R>),
    Gzip(Box<MultiGzDecoder<Chain<Cursor<Vec<u8>>, R>>>),
    Zstd(zstd::Decoder<'static, Chain<Cursor<Vec<u8>>, R>>),
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(out),
            Self::Gzip(stream) => stream.read(out),
            Self::Zstd(stream) => stream.read(out),
        }
    }
}

/// What a break of an unpacked stream means; `records` came before it.
pub(crate) fn break_problem(error: &io::Error, records: u64) -> FileProblem {
    let reason = match error.kind() {
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
        let (packing, mut stream) = decompress(bytes).unwrap();
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
}

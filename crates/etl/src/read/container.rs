//! What an object holds, by its first bytes: Parquet, or a stream of text.

use std::io::{self, BufRead, Cursor, Read};

use tamiz_domain::EtlConfiguration;

use crate::read::decompress::Packing;
use crate::read::utf16::{Utf16, marked_utf16};

/// Longest signature of a container.
const SIGNATURE_BYTES: u64 = 4;
/// First bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// Where the records of a file come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Text in UTF-8 or, without a mark that says so, in some encoding that contains ASCII.
    Text,
    /// Text that was UTF-16.
    Utf16,
    /// Rows of a Parquet file, written as JSON.
    Parquet,
}

/// An opened object.
pub(crate) enum Container<'a> {
    /// Parquet is read by ranges and not from front to back.
    Parquet,
    Text(TextStream<'a>),
}

/// Unpacked text.
pub(crate) struct TextStream<'a> {
    pub packing: Packing,
    pub origin: Origin,
    pub bytes: Box<dyn Read + Send + 'a>,
}

/// Opens an object.
///
/// # Errors
/// When the first bytes cannot be read.
pub(crate) fn open_container<'a>(
    mut stream: impl BufRead + Send + 'a,
    limits: &EtlConfiguration,
) -> io::Result<Container<'a>> {
    let start = first_bytes(&mut stream)?;
    if start == PARQUET {
        return Ok(Container::Parquet);
    }
    let packing = Packing::of(&start);
    let mut unpacked = packing.unpack(Cursor::new(start).chain(stream), limits)?;
    let start = first_bytes(&mut unpacked)?;
    let encoding = marked_utf16(&start);
    let whole = Cursor::new(start).chain(unpacked);
    Ok(Container::Text(match encoding {
        Some(encoding) => TextStream { packing, origin: Origin::Utf16, bytes: Box::new(Utf16::new(whole, encoding)) },
        None => TextStream { packing, origin: Origin::Text, bytes: Box::new(whole) },
    }))
}

fn first_bytes(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    stream.take(SIGNATURE_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

//! From bytes to text, saying what had to be assumed.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Encoding that bytes turned out to be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little-endian, by its byte order mark.
    Utf16Le,
    /// UTF-16, big-endian, by its byte order mark.
    Utf16Be,
    /// Windows-1252 (and so Latin-1), because it is not UTF-8.
    Windows1252,
}

/// What was done to get text out of bytes; worth telling the person who uploaded them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncodingRepair {
    /// Was UTF-16 and is UTF-8 now.
    FromUtf16,
    /// Was not UTF-8 and was read as Windows-1252: a guess, though nearly always a good one.
    FromWindows1252,
}

impl EncodingRepair {
    /// Stable name for reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::FromUtf16 => "utf-16",
            Self::FromWindows1252 => "windows-1252",
        }
    }
}

/// Decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without its byte order mark; borrowed where the bytes were UTF-8.
    pub text: Cow<'a, str>,
    /// What the bytes were.
    pub encoding: Encoding,
    /// How many NUL characters the text holds; real text has none.
    pub num_nul: usize,
}

impl Decoded<'_> {
    /// What was done to the bytes, if anything.
    pub fn repair(&self) -> Option<EncodingRepair> {
        match self.encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le | Encoding::Utf16Be => Some(EncodingRepair::FromUtf16),
            Encoding::Windows1252 => Some(EncodingRepair::FromWindows1252),
        }
    }
}

/// Why bytes are not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Partly UTF-8: text that was damaged, and that Windows-1252 would turn into nonsense without a word.
    #[error("byte {offset} breaks text that is UTF-8 elsewhere")]
    DamagedUtf8 {
        /// First byte that is wrong, counted from 0.
        offset: usize,
    },
    /// Neither UTF-8 nor Windows-1252, which leaves five bytes undefined.
    #[error("byte {offset} belongs to no character in UTF-8 or Windows-1252")]
    UnknownEncoding {
        /// First byte that is wrong, counted from 0.
        offset: usize,
    },
    /// A byte order mark says UTF-16, the bytes behind it say otherwise.
    #[error("the text is marked as UTF-16 and is not")]
    MalformedUtf16,
    /// A record holds a NUL byte.
    #[error("byte {offset} is NUL")]
    NulByte {
        /// The first of them, counted from 0.
        offset: usize,
    },
}

/// The encoding that a byte order mark names, and how many bytes the mark takes.
pub fn byte_order_mark(bytes: &[u8]) -> Option<(Encoding, usize)> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        _ => None,
    }
}

/// Decodes a whole file or block: by its byte order mark, else as UTF-8, else as Windows-1252.
///
/// # Errors
/// When the bytes are damaged UTF-8, no valid UTF-16 behind a mark that says so, or in no encoding known here. NUL
/// characters are counted, not refused: a file may be good around them.
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    let (text, encoding) = match byte_order_mark(bytes) {
        Some((Encoding::Utf16Le, mark)) => (decode_utf16(UTF_16LE, &bytes[mark..])?, Encoding::Utf16Le),
        Some((Encoding::Utf16Be, mark)) => (decode_utf16(UTF_16BE, &bytes[mark..])?, Encoding::Utf16Be),
        Some((_, mark)) => decode_bytes(&bytes[mark..])?,
        None => decode_bytes(bytes)?,
    };
    let num_nul = memchr::memchr_iter(0, text.as_bytes()).count();
    Ok(Decoded { text, encoding, num_nul })
}

/// Decodes one record of a file whose byte order mark has been dealt with: UTF-8, else Windows-1252.
///
/// # Errors
/// As [`decode`], and for a NUL byte: such a record comes from a damaged file.
pub fn decode_record(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    if let Some(offset) = memchr::memchr(0, bytes) {
        return Err(DecodeError::NulByte { offset });
    }
    let (text, encoding) = decode_bytes(bytes)?;
    Ok(Decoded { text, encoding, num_nul: 0 })
}

fn decode_utf16<'a>(encoding: &'static encoding_rs::Encoding, bytes: &'a [u8]) -> Result<Cow<'a, str>, DecodeError> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or(DecodeError::MalformedUtf16)
}

fn decode_bytes(bytes: &[u8]) -> Result<(Cow<'_, str>, Encoding), DecodeError> {
    match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => Ok((Cow::Borrowed(text), Encoding::Utf8)),
        Err(error) => decode_windows_1252(bytes, error.valid_up_to()),
    }
}

#[cold]
fn decode_windows_1252(bytes: &[u8], offset: usize) -> Result<(Cow<'_, str>, Encoding), DecodeError> {
    if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        return Err(DecodeError::DamagedUtf8 { offset });
    }
    if let Some(offset) = bytes.iter().position(|byte| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)) {
        return Err(DecodeError::UnknownEncoding { offset });
    }
    Ok((WINDOWS_1252.decode_without_bom_handling(bytes).0, Encoding::Windows1252))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn utf8_is_borrowed_and_its_mark_taken_off() {
        for bytes in ["niño".as_bytes(), "\u{feff}niño".as_bytes()] {
            let decoded = decode(bytes).unwrap();
            assert!(matches!(&decoded.text, Cow::Borrowed("niño")));
            assert_eq!(decoded.repair(), None);
        }
    }

    #[test]
    fn utf16_is_read_in_the_order_of_its_mark() {
        for (bytes, encoding) in [
            (utf16("niño 😁", u16::to_le_bytes), Encoding::Utf16Le),
            (utf16("niño 😁", u16::to_be_bytes), Encoding::Utf16Be),
        ] {
            let decoded = decode(&bytes).unwrap();
            assert_eq!((&*decoded.text, decoded.encoding, decoded.num_nul), ("niño 😁", encoding, 0));
            assert_eq!(decoded.repair(), Some(EncodingRepair::FromUtf16));
            assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(DecodeError::MalformedUtf16));
        }
    }

    #[test]
    fn windows_1252_is_read_and_told() {
        let decoded = decode_record(b"ni\xf1o \x93caf\xe9\x94").unwrap();
        assert_eq!(decoded.text, "niño “café”");
        assert_eq!(decoded.repair(), Some(EncodingRepair::FromWindows1252));
    }

    #[test]
    fn damaged_utf8_is_refused_rather_than_turned_into_mojibake() {
        assert_eq!(decode_record(b"caf\xc3\xa9 ni\xc3"), Err(DecodeError::DamagedUtf8 { offset: 8 }));
        assert_eq!(decode_record(b"caf\x81"), Err(DecodeError::UnknownEncoding { offset: 3 }));
    }

    #[test]
    fn nul_is_counted_in_a_file_and_refused_in_a_record() {
        assert_eq!(decode(b"a\0b\0").unwrap().num_nul, 2);
        assert_eq!(decode_record(b"a\0b"), Err(DecodeError::NulByte { offset: 1 }));
    }
}

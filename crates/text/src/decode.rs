//! From bytes to text, saying what had to be assumed.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// What was done to get text out of bytes; worth telling the person who uploaded them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EncodingRepair {
    /// Was UTF-16 and is UTF-8 now.
    FromUtf16,
    /// Was not UTF-8 and was read as Windows-1252: a guess, though nearly always a good one.
    FromWindows1252,
    /// Was UTF-8 that somebody had read as Windows-1252 and written again, and was turned back.
    FromMojibake,
}

impl EncodingRepair {
    /// Stable name for reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::FromUtf16 => "utf-16",
            Self::FromWindows1252 => "windows-1252",
            Self::FromMojibake => "mojibake",
        }
    }
}

/// Decoded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; borrowed where the bytes were UTF-8.
    pub text: Cow<'a, str>,
    /// What was done to the bytes, if anything.
    pub repair: Option<EncodingRepair>,
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
    /// A record holds a NUL byte.
    #[error("byte {offset} is NUL")]
    NulByte {
        /// The first of them, counted from 0.
        offset: usize,
    },
}

/// Decodes one record, or one name, as UTF-8, else as Windows-1252 (and so Latin-1).
///
/// # Errors
/// When the bytes are damaged UTF-8, in no encoding known here, or hold a NUL: such a record comes from a damaged file.
pub fn decode_record(bytes: &[u8]) -> Result<Decoded<'_>, DecodeError> {
    if let Some(offset) = memchr::memchr(0, bytes) {
        return Err(DecodeError::NulByte { offset });
    }
    match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text: Cow::Borrowed(text), repair: None }),
        Err(error) => decode_windows_1252(bytes, error.valid_up_to()),
    }
}

#[cold]
fn decode_windows_1252(bytes: &[u8], offset: usize) -> Result<Decoded<'_>, DecodeError> {
    if bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        return Err(DecodeError::DamagedUtf8 { offset });
    }
    if let Some(offset) = bytes.iter().position(|byte| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)) {
        return Err(DecodeError::UnknownEncoding { offset });
    }
    let text = WINDOWS_1252.decode_without_bom_handling(bytes).0;
    Ok(Decoded { text, repair: Some(EncodingRepair::FromWindows1252) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_borrowed() {
        let decoded = decode_record("niño".as_bytes()).unwrap();
        assert!(matches!(decoded, Decoded { text: Cow::Borrowed("niño"), repair: None }));
    }

    #[test]
    fn windows_1252_is_read_and_told() {
        let decoded = decode_record(b"ni\xf1o \x93caf\xe9\x94").unwrap();
        assert_eq!((&*decoded.text, decoded.repair), ("niño “café”", Some(EncodingRepair::FromWindows1252)));
    }

    #[test]
    fn damaged_utf8_is_refused_rather_than_turned_into_mojibake() {
        assert_eq!(decode_record(b"caf\xc3\xa9 ni\xc3"), Err(DecodeError::DamagedUtf8 { offset: 8 }));
        assert_eq!(decode_record(b"caf\x81"), Err(DecodeError::UnknownEncoding { offset: 3 }));
    }

    #[test]
    fn a_nul_byte_is_refused() {
        assert_eq!(decode_record(b"a\0b"), Err(DecodeError::NulByte { offset: 1 }));
    }
}

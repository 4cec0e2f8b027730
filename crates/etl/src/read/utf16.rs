//! UTF-16 text as a stream of UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// Bytes read at once.
const READ_BYTES: usize = 64 << 10;
/// Bytes of UTF-8 that [`READ_BYTES`] of UTF-16, and what waits in the decoder, take up at most.
const TEXT_BYTES: usize = 2 * READ_BYTES + 16;
/// Written for half a character. The byte belongs to no text in UTF-8 or Windows-1252, so that the record around it is
/// rejected, instead of being passed on with a hole in it.
const BROKEN: u8 = 0x81;

/// Decodes UTF-16.
pub(crate) struct Utf16<R> {
    stream: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// Where the undecoded part of `input` starts.
    next: usize,
    text: Vec<u8>,
    /// Where the part of `text` starts that was not handed out yet.
    start: usize,
    is_done: bool,
}

/// The encoding that a byte order mark of UTF-16 names.
pub(crate) fn marked_utf16(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ => None,
    }
}

impl<R: Read> Utf16<R> {
    /// Decodes `stream`, which begins with the byte order mark of `encoding`. The mark is no part of the text.
    pub(crate) fn new(stream: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { stream, decoder, input: Vec::new(), next: 0, text: Vec::new(), start: 0, is_done: false }
    }

    /// Decodes some more; leaves `text` empty only at the end.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.start = 0;
        while self.text.is_empty() && !self.is_done {
            if self.next == self.input.len() {
                self.read_input()?;
            }
            self.decode();
        }
        Ok(())
    }

    fn read_input(&mut self) -> io::Result<()> {
        self.input.resize(READ_BYTES, 0);
        self.next = 0;
        let count = match self.stream.read(&mut self.input) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return self.read_input(),
            other => other,
        };
        self.input.truncate(*count.as_ref().unwrap_or(&0));
        count.map(drop)
    }

    fn decode(&mut self) {
        let is_last = self.input.is_empty();
        self.text.resize(TEXT_BYTES, 0);
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(&self.input[self.next..], &mut self.text, is_last);
        self.next += read;
        self.text.truncate(written);
        match result {
            DecoderResult::InputEmpty => self.is_done = is_last,
            DecoderResult::Malformed(..) => self.text.push(BROKEN),
            DecoderResult::OutputFull => {}
        }
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.text.len() {
            self.fill()?;
        }
        let count = (&self.text[self.start..]).read(out)?;
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<u8> {
        let encoding = marked_utf16(bytes).unwrap();
        let mut text = Vec::new();
        Utf16::new(bytes, encoding).read_to_end(&mut text).unwrap();
        text
    }

    fn encoded(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(to_bytes).collect()
    }

    #[test]
    fn text_of_any_length_is_read_in_the_order_of_its_mark() {
        for text in ["", "niño 😁", &"niño 😁\n".repeat(50_000)] {
            for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                assert!(decoded(&encoded(text, to_bytes)) == text.as_bytes());
            }
        }
    }

    #[test]
    fn half_characters_leave_a_byte_that_no_text_holds() {
        let mut bytes = encoded("a\n", u16::to_le_bytes);
        bytes.extend([0x3d, 0xd8, b'b', 0, b'\n', 0, b'c']);
        assert_eq!(decoded(&bytes), b"a\n\x81b\n\x81");
    }
}

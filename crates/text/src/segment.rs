//! Where the words of a text begin and end: runs of bytes between white space, found eight bytes at a time.
//!
//! A loop that looks for the end of each word mispredicts a branch a word, which costs more than everything else that is
//! done for the word. Here white space becomes a bit mask, and the bits that change are the borders.

use crate::unicode::is_space;

/// Spaces after the text, so that sixteen bytes may be read from the start of any word.
pub(crate) const PADDING: usize = 16;

const LANES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH_BITS: u64 = 0x80 * LANES;
/// Multiplied with the lowest bit of each byte, this moves all eight into the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A text, its words, and what was seen in passing.
#[derive(Default)]
pub(crate) struct Segments {
    /// The text with [`PADDING`] spaces behind it, and every kind of white space outside ASCII replaced by a space.
    padded: Vec<u8>,
    /// Start and end of each word in turn, in bytes.
    borders: Vec<u32>,
}

impl Segments {
    /// Cuts `text` into words. Texts of more than 4 GiB are cut off there.
    pub(crate) fn cut(&mut self, text: &str) {
        self.padded.clear();
        if has_wide_space(text) {
            self.padded.extend(text.split(is_space).flat_map(|word| word.bytes().chain([b' '])));
        } else {
            self.padded.extend_from_slice(text.as_bytes());
        }
        let length = self.padded.len().min(u32::MAX as usize - PADDING);
        // At least one space behind the last word, and then whole groups of eight.
        self.padded.resize(length.next_multiple_of(8) + PADDING, b' ');
        self.find_borders();
    }

    /// The text with spaces behind it.
    pub(crate) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// Start and end of each word.
    pub(crate) fn words(&self) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.borders.chunks_exact(2).map(|border| (border[0] as usize, border[1] as usize))
    }

    fn find_borders(&mut self) {
        self.borders.clear();
        let mut after_space = 1;
        for (group, bytes) in self.padded.as_chunks::<64>().0.iter().enumerate() {
            let spaces = spaces_of(bytes);
            push_borders(spaces ^ (spaces << 1 | after_space), group * 64, &mut self.borders);
            after_space = spaces >> 63;
        }
        let rest = self.padded.as_chunks::<64>().1;
        let mut last = [b' '; 64];
        last[..rest.len()].copy_from_slice(rest);
        let spaces = spaces_of(&last);
        push_borders(spaces ^ (spaces << 1 | after_space), self.padded.len() - rest.len(), &mut self.borders);
    }
}

fn push_borders(mut changes: u64, base: usize, borders: &mut Vec<u32>) {
    while changes != 0 {
        borders.push(base as u32 + changes.trailing_zeros());
        changes &= changes - 1;
    }
}

/// A bit for each byte that is white space of ASCII, the first byte's lowest.
fn spaces_of(bytes: &[u8; 64]) -> u64 {
    let (groups, _) = bytes.as_chunks::<8>();
    groups.iter().rev().fold(0, |mask, group| mask << 8 | space_bits(u64::from_le_bytes(*group)))
}

fn space_bits(bytes: u64) -> u64 {
    let ascii = bytes & !HIGH_BITS;
    // A byte below 0x80 plus 0x80 - n has its high bit set if it is n or more, and never carries into the next byte.
    let at_least = |n: u64| ascii + (0x80 - n) * LANES;
    let in_range = |first: u64, last: u64| at_least(first) & !at_least(last + 1);
    let spaces = (in_range(0x09, 0x0d) | in_range(0x1c, 0x20)) & !bytes & HIGH_BITS;
    (spaces >> 7).wrapping_mul(GATHER) >> 56
}

/// Whether `text` holds white space outside ASCII.
fn has_wide_space(text: &str) -> bool {
    // The first bytes of all such characters; most texts of most languages hold none of them.
    let may_hold = text.bytes().fold(false, |found, byte| found | matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3));
    may_hold && text.chars().any(|c| !c.is_ascii() && is_space(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut segments = Segments::default();
        segments.cut(text);
        let word = |(start, end)| String::from_utf8(segments.padded()[start..end].to_vec()).unwrap();
        segments.words().map(word).collect()
    }

    #[test]
    fn every_byte_alone_is_space_or_not() {
        for byte in 0..=0xffu8 {
            let is_space = byte.is_ascii() && is_space(char::from(byte));
            for place in 0..8 {
                let mut bytes = [b'x'; 8];
                bytes[place] = byte;
                assert_eq!(space_bits(u64::from_le_bytes(bytes)), u64::from(is_space) << place, "{byte:#x}");
            }
        }
    }

    #[test]
    fn sixteen_bytes_can_be_read_from_the_start_of_each_word() {
        let mut segments = Segments::default();
        for length in 0..200 {
            segments.cut(&"x".repeat(length));
            let words: Vec<_> = segments.words().collect();
            assert_eq!(words, if length == 0 { vec![] } else { vec![(0, length)] });
            assert!(words.iter().all(|&(start, _)| start + PADDING <= segments.padded().len()));
        }
    }

    proptest! {
        #[test]
        fn words_are_what_lies_between_white_space(text in "[a-zñ \t\u{1c}\u{85}\u{a0}\u{3000}.“]{0,200}|\\PC{0,100}") {
            let expected: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
            prop_assert_eq!(words(&text), expected);
        }
    }
}

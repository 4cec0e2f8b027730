//! Groups of digits that may belong together: `+34 (612) 345-678`.

use arrayvec::{ArrayString, ArrayVec};

/// Most digits in anything that is looked for: a payment card's.
const MAX_DIGITS: usize = 19;

/// Most characters between two groups: `1 ( 800 ) 201-7575`, as some sources space them.
const MAX_GAP: usize = 3;

/// Up to [`MAX_DIGITS`] digits in groups, from one place of a text on.
#[derive(Debug, Default)]
pub(super) struct Number {
    digits: ArrayString<MAX_DIGITS>,
    groups: ArrayVec<Group, MAX_DIGITS>,
    lengths: ArrayVec<u8, MAX_DIGITS>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

/// The first groups of a number, as a detector looks at them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// The digits without what separates them.
    pub digits: &'a str,
    /// Number of digits in each group.
    pub lengths: &'a [u8],
    /// Byte after the last digit.
    pub end: usize,
    text: &'a str,
    groups: &'a [Group],
}

impl Number {
    /// The digit groups of `text` from byte `start` on, which is the first digit of a group; none when the first
    /// group alone is too long.
    pub(super) fn at(text: &str, start: usize) -> Self {
        let mut number = Self::default();
        let mut next = Some(start);
        while let Some(start) = next {
            let length = digits_length(&text[start..]);
            if number.digits.len() + length > MAX_DIGITS {
                break;
            }
            let end = start + length;
            number.digits.push_str(&text[start..end]);
            number.groups.push(Group { start, end });
            number.lengths.push(length as u8);
            next = gap_length(&text[end..]).map(|gap| end + gap);
        }
        number
    }

    /// Number of digits.
    pub(super) fn num_digits(&self) -> usize {
        self.digits.len()
    }

    /// All groups, then ever fewer of them.
    pub(super) fn candidates<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Candidate<'a>> {
        let mut num_digits = self.digits.len();
        (1..=self.groups.len()).rev().map(move |num_groups| {
            let (groups, lengths) = (&self.groups[..num_groups], &self.lengths[..num_groups]);
            let candidate = Candidate {
                digits: &self.digits[..num_digits],
                lengths,
                end: groups[num_groups - 1].end,
                text,
                groups,
            };
            num_digits -= usize::from(lengths[num_groups - 1]);
            candidate
        })
    }
}

impl<'a> Candidate<'a> {
    /// What stands between the groups.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &'a str> {
        let text = self.text;
        self.groups.windows(2).map(move |pair| &text[pair[0].end..pair[1].start])
    }
}

/// Number of digits that `text` begins with, at most one more than can be of use.
fn digits_length(text: &str) -> usize {
    text.bytes().take(MAX_DIGITS + 1).take_while(u8::is_ascii_digit).count()
}

/// Length of what separates two groups, when a digit follows it.
fn gap_length(text: &str) -> Option<usize> {
    let is_gap = |c: char| matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{2010}'..='\u{2013}');
    let length = text.chars().take(MAX_GAP).take_while(|&c| is_gap(c)).map(char::len_utf8).sum();
    (length > 0 && text[length..].starts_with(|c: char| c.is_ascii_digit())).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_gathered_and_tried_from_the_longest_on() {
        let text = "612 (34)-5-678, 9";
        let number = Number::at(text, 0);
        let found: Vec<_> = number.candidates(text).map(|c| (c.digits, c.lengths.to_vec(), &text[..c.end])).collect();
        assert_eq!(found[0], ("612345678", vec![3, 2, 1, 3], "612 (34)-5-678"));
        assert_eq!(found[3], ("612", vec![3], "612"));
        assert_eq!(number.candidates(text).next().unwrap().gaps().collect::<Vec<_>>(), [" (", ")-", "-"]);
    }

    #[test]
    fn no_more_digits_are_taken_than_anything_can_have() {
        let text = "1234567890 123456789 1";
        assert_eq!(Number::at(text, 0).num_digits(), 19);
        assert_eq!(Number::at(&"1".repeat(50), 0).num_digits(), 0);
    }
}

//! Lines of fastText: `__label__2 Great CD: My lovely Pat has …`.

use std::borrow::Cow;

use tamiz_domain::{LabelScheme, RejectReason};

use crate::clean::labels::class_of;
use crate::columns::{Field, Values};
use crate::read::framing::Fault;
use crate::read::sniff::FASTTEXT_LABEL;

/// Longest title. The polarity data holds none over 128; a colon further on is one of the text's own.
const MAX_TITLE_BYTES: usize = 256;

/// Reads one line. Of several labels the first that is a class counts; the title is what stands before the first
/// colon with a space behind it, as in the Amazon polarity data.
///
/// # Errors
/// For a line without a label: it is a piece of a broken one.
pub(crate) fn fasttext_values<'a>(line: &'a str, scheme: &LabelScheme) -> Result<Values<'a>, Fault> {
    let mut rest = line.trim_start();
    let mut labels = Vec::new();
    while let Some(labelled) = rest.strip_prefix(FASTTEXT_LABEL) {
        let (label, after) = labelled.split_once(char::is_whitespace).unwrap_or((labelled, ""));
        labels.push(label);
        rest = after.trim_start();
    }
    let class = labels.iter().find(|label| matches!(class_of(Some(label), None, scheme), Ok(Some(_))));
    let Some(label) = class.or(labels.first()) else {
        return Err(Fault::new(RejectReason::InvalidLabel, "the line does not begin with `__label__`"));
    };
    let (title, text) = match rest.split_once(": ") {
        Some((title, text)) if title.len() <= MAX_TITLE_BYTES => (Some(title), text),
        _ => (None, rest),
    };
    let mut values = Values::default();
    *values.get_mut(Field::Label) = Some(Cow::Borrowed(label));
    *values.get_mut(Field::Title) = title.map(Cow::Borrowed);
    *values.get_mut(Field::Text) = Some(Cow::Borrowed(text));
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label, title and text.
    fn read(line: &str) -> [Option<String>; 3] {
        let values = fasttext_values(line, &LabelScheme::default()).unwrap();
        [Field::Label, Field::Title, Field::Text].map(|field| values.get(field).as_ref().map(ToString::to_string))
    }

    fn some(values: [&str; 3]) -> [Option<String>; 3] {
        values.map(|value| Some(value.to_owned()))
    }

    #[test]
    fn the_title_ends_at_the_first_colon_with_a_space() {
        assert_eq!(read("__label__2 Great CD: My: own"), some(["2", "Great CD", "My: own"]));
        assert_eq!(read("__label__1 broken :(: not 10:30"), some(["1", "broken :(", "not 10:30"]));
        assert_eq!(read("__label__1\tno title")[1..], [None, Some("no title".to_owned())]);
        let long = format!("__label__1 {}: b", "a".repeat(257));
        assert_eq!(read(&long)[1], None);
    }

    #[test]
    fn of_several_labels_the_first_that_is_a_class_counts() {
        assert_eq!(read("__label__books __label__2004 __label__2 __label__1 a: b"), some(["2", "a", "b"]));
        assert_eq!(read("__label__good __label__books a: b"), some(["good", "a", "b"]), "for the reason of its reject");
    }

    #[test]
    fn a_line_without_a_label_is_refused() {
        let fault = fasttext_values("a: b", &LabelScheme::default()).unwrap_err();
        assert_eq!(fault.detail, "the line does not begin with `__label__`");
    }
}

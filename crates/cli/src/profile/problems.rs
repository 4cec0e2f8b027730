//! Records that could not be used, with a few of each kind to look at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::error::ArrowError;
use serde::Serialize;
use tamiz_domain::RejectReason;
use tamiz_text::redact::{redact, shorten};

use crate::error::CommandError;
use crate::profile::names::file_name;
use crate::profile::parts::{column, for_each_batch, strings};

/// Examples of each reason.
const EXAMPLES: usize = 3;
/// Characters shown of a record.
const SHOWN_CHARS: usize = 160;
/// Characters looked at for personal data, so that none is cut in half and missed.
const MASKED_CHARS: usize = 2_000;
/// Letters and digits from which on a word of both is taken for somebody's or something's number.
const MIN_ID_CHARS: usize = 10;

/// Records that were rejected for one reason.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The reason.
    pub reason: RejectReason,
    /// What was wrong.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// How many.
    pub records: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A rejected record.
#[derive(Debug, Serialize)]
pub struct Example {
    /// Which file and record it is, and what was seen.
    pub detail: String,
    /// How it begins, with personal data masked.
    pub raw: String,
}

/// Reads the parts of rejected records.
pub fn read(parts: &[PathBuf], by_reason: &BTreeMap<RejectReason, u64>) -> Result<Vec<Problem>, CommandError> {
    let mut examples: BTreeMap<String, Vec<Example>> = BTreeMap::new();
    for_each_batch(parts, &["source", "reason", "detail", "raw"], |batch| {
        let (source, reason, detail) =
            (strings(batch, "source")?, strings(batch, "reason")?, strings(batch, "detail")?);
        let raw = column(batch, "raw")?;
        let raw =
            raw.as_binary_opt::<i32>().ok_or_else(|| ArrowError::SchemaError("`raw` is not binary".to_owned()))?;
        for row in 0..batch.num_rows() {
            let found = examples.entry(reason.value(row).to_owned()).or_default();
            if found.len() < EXAMPLES {
                let source = source.value(row);
                let detail = detail.value(row).replacen(source, file_name(source), 1);
                found.push(Example { detail, raw: shown(raw.value(row)) });
            }
        }
        Ok(())
    })?;
    let problem = |(reason, records): (&RejectReason, &u64)| Problem {
        reason: *reason,
        meaning: reason.meaning(),
        remedy: reason.remedy(),
        records: *records,
        examples: examples.remove(reason.code()).unwrap_or_default(),
    };
    let mut problems: Vec<Problem> = by_reason.iter().map(problem).collect();
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.records));
    Ok(problems)
}

/// The beginning of a record for people: whatever its bytes are, one line, without personal data.
fn shown(raw: &[u8]) -> String {
    let beginning = String::from_utf8_lossy(&raw[..raw.len().min(4 * MASKED_CHARS)]);
    let line = beginning.trim_end().replace(['\n', '\r'], "⏎");
    shorten(&without_ids(&redact(&shorten(&line, MASKED_CHARS))), SHOWN_CHARS).into_owned()
}

/// Masks numbers of people and products: long words of capital letters and digits.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        word.len() >= MIN_ID_CHARS
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let ends = |c: char| !c.is_ascii_alphanumeric();
    let pieces = text.split_inclusive(ends).map(|piece| {
        let word = piece.trim_end_matches(ends);
        if is_id(word) { piece.replacen(word, "[id]", 1) } else { piece.to_owned() }
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_not_shown() {
        let raw =
            br#"{"user_id": "AFKZENTNBQ7A7V7UXW5JJI6UGRYQ", "text": "mail jane@example.org", "asin": "B00YQ6X8EG"}"#;
        let shown = shown(raw);
        assert_eq!(shown, r#"{"user_id": "[id]", "text": "mail [email]", "asin": "[id]"}"#);
    }

    #[test]
    fn any_bytes_become_one_short_line() {
        assert_eq!(shown(b"a,\"b\nc\"\r\n"), "a,\"b⏎c\"");
        assert!(shown(&[0xff; 1_000]).chars().count() <= SHOWN_CHARS);
        assert_eq!(shown(b"LOVED THIS 1234567890"), "LOVED THIS [phone]");
    }
}

//! Records of JSON that is not one object a line: arrays of objects, and objects one after the other, in any layout.

use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memchr3};
use serde::de::IgnoredAny;
use tamiz_domain::RejectReason;

use crate::read::framing::{Fault, Framed, Framing, Horizon, Reading};

/// Bytes behind a broken object in which the next one is looked for first, by the name that it begins with.
const NEAR_BYTES: usize = 64 << 10;
/// Longest first name that an object is recognised by.
const MAX_NAME_BYTES: usize = 256;

/// Objects, divided by white space, commas and the brackets of arrays.
///
/// An object ends at its last brace. One that is broken (a quote or brace is missing) ends where the next one begins:
/// at a brace before the same first name as its own, since all objects of a file begin alike, or else at any
/// object that follows another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonFraming;

impl Framing for JsonFraming {
    fn frame(&self, bytes: &[u8], horizon: Horizon) -> Framed {
        let between = bytes.iter().take_while(|byte| is_between(**byte)).count();
        if between > 0 {
            return Framed::Blank(between);
        }
        let next = match value_end(bytes, horizon) {
            // Two missing quotes make a whole out of two broken objects and all between them.
            Some(end) => match way_back(&bytes[..end], Horizon::End) {
                Some(next) if serde_json::from_slice::<IgnoredAny>(&bytes[..end]).is_err() => next,
                _ => return Framed::Record { content: end, consumed: end, reading: Ok(Reading::Json) },
            },
            None => match way_back(bytes, horizon) {
                Some(next) => next,
                None if horizon == Horizon::End => bytes.len(),
                None => return Framed::Incomplete,
            },
        };
        let content = bytes[..next].iter().rposition(|byte| !is_between(*byte)).map_or(next, |last| last + 1);
        Framed::Record { content, consumed: next, reading: Err(broken()) }
    }

    fn resume(&self, bytes: &[u8]) -> Option<usize> {
        next_object(bytes)
    }
}

/// What stands between two objects.
fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']')
}

/// Where the value ends that begins `bytes`. None if it does not, or holds a string that does not end on its line.
fn value_end(bytes: &[u8], horizon: Horizon) -> Option<usize> {
    match bytes.first() {
        Some(b'{') => object_end(bytes),
        Some(b'"') => string_end(bytes, 1),
        // A number, a word, or nonsense: none of them is an object, and the parser says so.
        _ => {
            let end = bytes.iter().skip(1).position(|byte| is_between(*byte) || *byte == b'{').map(|at| at + 1);
            end.or_else(|| (horizon == Horizon::End).then_some(bytes.len()))
        }
    }
}

/// Where the object ends that begins `bytes`.
pub(crate) fn object_end(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        at += memchr3(b'"', b'{', b'}', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' => {
                depth += 1;
                at += 1;
            }
            _ => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
    }
}

/// Where the string ends whose text begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr3(b'"', b'\\', b'\n', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

/// Where the object begins that follows the broken one at the start of `bytes`. Looks at so many bytes whatever was
/// read by then that the answer does not depend on it.
fn way_back(bytes: &[u8], horizon: Horizon) -> Option<usize> {
    let near = bytes.get(..NEAR_BYTES);
    match (near, horizon) {
        (None, Horizon::Open) => None,
        (None, _) => next_alike(bytes).or_else(|| next_object(bytes)),
        (Some(near), _) => next_alike(near).or_else(|| next_object(near)).or_else(|| match horizon {
            Horizon::Open => None,
            Horizon::Limit | Horizon::End => next_alike(bytes).or_else(|| next_object(bytes)),
        }),
    }
}

/// The next object that begins with the name that the first one begins with.
fn next_alike(bytes: &[u8]) -> Option<usize> {
    let inside = bytes.strip_prefix(b"{")?.trim_ascii_start();
    let text = inside.strip_prefix(b"\"")?;
    let length = memchr(b'"', &text[..text.len().min(MAX_NAME_BYTES)])?;
    let name = &inside[..length + 2];
    let after_name = bytes.len() - inside.len() + name.len();
    Finder::new(name).find_iter(&bytes[after_name..]).find_map(|at| {
        let before = bytes[..after_name + at].trim_ascii_end();
        before.strip_suffix(b"{").map(<[u8]>::len)
    })
}

/// The next object that follows another one: a brace behind a closing brace, with nothing but white space and a comma
/// between them, and before a name.
fn next_object(bytes: &[u8]) -> Option<usize> {
    memchr_iter(b'{', bytes).find(|at| {
        let before = bytes[..*at].trim_ascii_end();
        let before = before.strip_suffix(b",").unwrap_or(before).trim_ascii_end();
        before.ends_with(b"}") && bytes[at + 1..].trim_ascii_start().starts_with(b"\"")
    })
}

fn broken() -> Fault {
    Fault::new(RejectReason::InvalidJson, "a quote or a brace is missing; reading goes on with the next object")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each record as its text and, for a rejected one, the reason's code.
    fn records(mut text: &str) -> Vec<(&str, &'static str)> {
        let mut found = Vec::new();
        while !text.is_empty() {
            match JsonFraming.frame(text.as_bytes(), Horizon::End) {
                Framed::Blank(length) => text = &text[length..],
                Framed::Record { content, consumed, reading } => {
                    found.push((&text[..content], reading.map_or_else(|fault| fault.reason.code(), |_| "ok")));
                    text = &text[consumed..];
                }
                Framed::Incomplete => panic!("incomplete at the end of the input"),
            }
        }
        found
    }

    #[test]
    fn objects_are_found_in_any_layout() {
        let pretty = "{\n  \"a\": \"}{ \\\" [\",\n  \"b\": {\"c\": [1, {}]}\n}";
        for text in [
            format!("[{pretty},{{}}]"),
            format!("[\n{pretty}\n,\r\n{{}}\n]\n"),
            format!("{pretty}{{}}"),
            format!("{pretty}\n\n{{}}"),
            format!("[{pretty}\n,{{}}"),
        ] {
            assert_eq!(records(&text), [(pretty, "ok"), ("{}", "ok")], "{text}");
        }
        assert_eq!(records(" [ ] "), []);
    }

    #[test]
    fn what_is_no_object_is_a_record_of_its_own() {
        let found: Vec<&str> = records("[1, \"a, b\", null, {}] x").into_iter().map(|(text, _)| text).collect();
        assert_eq!(found, ["1", "\"a, b\"", "null", "{}", "x"]);
    }

    #[test]
    fn a_broken_object_ends_where_the_next_one_begins() {
        let (two, three) = (r#"{"a": 2, "c": [{"d": 1}, {"d": 2}]}"#, r#"{"a": 3}"#);
        for broken in [
            r#"{"a": "never closed}"#,
            r#"{"a": 1, "c": [{"d": 1}, {"d": "2}]}"#,
            r#"{"a": {"b": 1}"#,
            r#"{"a": 1"#,
            r#"{ "a": 1, b": 2}"#,
            "{\"a\": \"two\nlines\"",
        ] {
            for between in [", ", ",\n", "\n"] {
                let text = format!("[{}]", [broken, two, three].join(between));
                assert_eq!(records(&text), [(broken, "invalid_json"), (two, "ok"), (three, "ok")], "{text}");
            }
            // Two missing quotes or braces could be taken for one object with everything between them.
            let text = format!("[{}]", [broken, two, broken, three].join(", "));
            let outcomes: Vec<_> = records(&text).into_iter().map(|(_, outcome)| outcome).collect();
            assert_eq!(outcomes, ["invalid_json", "ok", "invalid_json", "ok"], "{text}");
        }
    }

    #[test]
    fn an_object_without_a_first_name_ends_before_any_other() {
        let text = r#"[{a": 1}, {"a": 2}]"#;
        assert_eq!(records(text), [(r#"{a": 1}"#, "invalid_json"), (r#"{"a": 2}"#, "ok")]);
    }

    #[test]
    fn an_array_that_breaks_off_keeps_its_objects() {
        assert_eq!(records(r#"[{"a": 1}, {"a": "tw"#), [(r#"{"a": 1}"#, "ok"), (r#"{"a": "tw"#, "invalid_json")]);
    }

    #[test]
    fn answers_do_not_depend_on_how_much_was_read() {
        let text = r#"[{"a": 1}, 12, {"a": "open}, {"a": 2}, {"a": 3, {"a": 4}, tail"#.as_bytes();
        let mut rest = text;
        while !rest.is_empty() {
            let whole = JsonFraming.frame(rest, Horizon::End);
            for cut in 1..rest.len() {
                let part = JsonFraming.frame(&rest[..cut], Horizon::Open);
                let is_part = matches!(part, Framed::Incomplete | Framed::Blank(_));
                assert!(is_part || part == whole, "{cut}: {part:?} and then {whole:?}");
            }
            let (Framed::Record { consumed, .. } | Framed::Blank(consumed)) = whole else { panic!("incomplete") };
            rest = &rest[consumed..];
        }
    }
}

//! What MLflow takes in one request, and in one name or value (`mlflow/utils/validation.py`). What is longer is cut
//! here: the server would refuse the whole request for it.

/// Params of a batch.
pub const PARAMS: usize = 100;
/// Metrics of a batch.
pub const METRICS: usize = 1000;
/// Tags of a batch.
pub const TAGS: usize = 100;

const KEY_CHARS: usize = 250;
const PARAM_CHARS: usize = 6000;
const TAG_CHARS: usize = 8000;

/// A key of a param, metric or tag that MLflow takes: a relative path of ASCII letters, digits and `_ . - : space`.
///
/// MLflow allows letters beyond ASCII, but by Python's idea of a letter, which is not Rust's: they are written as
/// their code points, so that different keys stay different.
pub fn key(name: &str) -> String {
    let legal: String = name.chars().map(legal).collect();
    let parts: Vec<&str> = legal.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    match cut(parts.join("/").trim_start_matches(['.', '/']), KEY_CHARS) {
        "" => "_".to_owned(),
        key => key.trim_end_matches('/').to_owned(),
    }
}

fn legal(c: char) -> String {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' | ':' | ' ' | '/' => c.to_string(),
        c if c.is_ascii() => "_".to_owned(),
        c => format!("u{:x}", u32::from(c)),
    }
}

/// A param's value, cut.
pub fn param(value: &str) -> &str {
    cut(value, PARAM_CHARS)
}

/// A tag's value, cut.
pub fn tag(value: &str) -> &str {
    cut(value, TAG_CHARS)
}

/// A run's name, cut to the width of the column that holds it.
pub fn run_name(name: &str) -> &str {
    cut(name, KEY_CHARS)
}

fn cut(text: &str, chars: usize) -> &str {
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legal_key_stays_as_it_is() {
        for name in ["loss", "hold-out/f1: very bad", "a.b_c", "k8s/..a"] {
            assert_eq!(key(name), name);
        }
    }

    #[test]
    fn a_key_becomes_a_relative_path_of_legal_characters() {
        assert_eq!(key("/a//b/./../c/"), "a/b/c");
        assert_eq!(key("100%\n"), "100__");
        assert_eq!(key("..a"), "a");
        assert_eq!([key(""), key("/"), key("..."), key("..../x")], ["_", "_", "_", "x"]);
    }

    #[test]
    fn keys_of_different_letters_stay_different() {
        assert_eq!(key("f1/好"), "f1/u597d");
        assert_ne!(key("f1/好"), key("f1/坏"));
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        assert_eq!(param(&"é".repeat(6001)), "é".repeat(6000));
        assert_eq!(tag("short"), "short");
        assert_eq!(key(&format!("{}/{}", "a".repeat(249), "b")), "a".repeat(249));
    }
}

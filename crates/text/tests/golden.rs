//! Every row of `tests/golden/` comes from the Python reference (`reference/make_golden.py`); we are to equal it exactly.

#![expect(clippy::unwrap_used, reason = "a golden row that lacks a field is a failed test")]

use std::path::Path;

use serde_json::Value;
use tamiz_text::vader::Vader;
use tamiz_text::{Analyzer, Language};

#[test]
fn rows_of_real_text_equal_the_reference() {
    check("real.jsonl", 700);
}

#[test]
fn nasty_rows_equal_the_reference() {
    check("nasty.jsonl", 93);
}

#[test]
fn spanish_rows_equal_the_reference() {
    check("spanish.jsonl", 8);
}

#[test]
fn every_rule_of_vader_meets_every_other_as_in_the_reference() {
    let mut vader = Vader::new();
    for row in golden("rules.jsonl", 1_000) {
        let text = row["text"].as_str().unwrap();
        assert_eq!(vader.compound(text), row["compound"].as_f64().unwrap(), "compound of {text:?}");
    }
}

fn check(file: &str, num_rows: usize) {
    let mut analyzer = Analyzer::new();
    golden(file, num_rows).iter().for_each(|row| check_row(&mut analyzer, row));
}

fn golden(file: &str, num_rows: usize) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let rows = std::fs::read_to_string(path).unwrap();
    assert_eq!(rows.lines().count(), num_rows, "a golden file was cut short");
    rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

fn check_row(analyzer: &mut Analyzer, row: &Value) {
    let text = row["text"].as_str().unwrap();
    let language = if row["language"] == "es" { Language::Spanish } else { Language::English };
    let found = analyzer.analyze_as(text, language);
    assert_eq!(found.clean_text(), row["clean"], "clean text of {text:?}");
    assert_eq!(found.tokens().collect::<Vec<_>>(), strings(&row["tokens"]), "tokens of {text:?}");
    assert_eq!(found.content_tokens().collect::<Vec<_>>(), strings(&row["content"]), "content of {text:?}");
    assert_eq!(found.stems().collect::<Vec<_>>(), strings(&row["stems"]), "stems of {text:?}");
    let compound = row["compound"].as_f64().map(|score| score as f32);
    assert_eq!(found.compound(), compound, "compound of {text:?}");
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|token| token.as_str().unwrap()).collect()
}

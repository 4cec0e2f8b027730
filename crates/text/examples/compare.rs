//! Compares tamiz-text with the Python reference on many rows, and says how fast it is.
//!
//! `cargo run --release -p tamiz-text --example compare -- ROWS.jsonl`, rows as `reference/make_golden.py --rows` writes
//! them. For each step: the share of rows, and of stems, that are equal; then some of the words stemmed differently.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::Value;
use tamiz_text::{Analysis, Analyzer, Language};

const STEPS: [&str; 5] = ["clean", "tokens", "content", "stems", "compound"];

#[derive(Default)]
struct Comparison {
    num_rows: usize,
    num_equal: [usize; STEPS.len()],
    num_stems: usize,
    different_stems: BTreeMap<(String, String, String), usize>,
    languages: BTreeMap<&'static str, usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: compare ROWS.jsonl")?;
    let rows: Vec<Value> =
        std::fs::read_to_string(path)?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut comparison = Comparison::default();
    let mut analyzer = Analyzer::new();
    for row in &rows {
        let text = row["text"].as_str().unwrap_or_default();
        let language = if row["language"] == "es" { Language::Spanish } else { Language::English };
        comparison.add(row, &analyzer.analyze_as(text, language));
        *comparison.languages.entry(analyzer.analyze(text).language().code()).or_default() += 1;
    }
    comparison.print();
    print_speed(&rows);
    Ok(())
}

impl Comparison {
    fn add(&mut self, row: &Value, found: &Analysis<'_>) {
        self.num_rows += 1;
        let is_equal = [
            row["clean"] == found.clean_text(),
            row["tokens"] == Value::from_iter(found.tokens()),
            row["content"] == Value::from_iter(found.content_tokens()),
            row["stems"] == Value::from_iter(found.stems()),
            row["compound"].as_f64().map(|score| score as f32) == found.compound(),
        ];
        for (count, is_equal) in self.num_equal.iter_mut().zip(is_equal) {
            *count += usize::from(is_equal);
        }
        self.add_stems(row, found);
    }

    fn add_stems(&mut self, row: &Value, found: &Analysis<'_>) {
        let expected = row["stems"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for ((token, stem), expected) in found.content_tokens().zip(found.stems()).zip(expected) {
            self.num_stems += 1;
            if stem != expected {
                *self.different_stems.entry((token.into(), stem.into(), expected.into())).or_default() += 1;
            }
        }
    }

    fn print(&self) {
        for (step, count) in STEPS.into_iter().zip(self.num_equal) {
            println!("{step:>10}: {count} of {} rows equal, {:.3}%", self.num_rows, percent(count, self.num_rows));
        }
        let equal = self.num_stems - self.different_stems.values().sum::<usize>();
        println!("     stems: {equal} of {} occurrences equal, {:.4}%", self.num_stems, percent(equal, self.num_stems));
        for ((token, stem, expected), count) in self.different_stems.iter().take(40) {
            println!("            {token}: {stem}, reference {expected} ({count} times)");
        }
        println!(" languages: {:?}", self.languages);
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Throughput of one thread, in megabytes of raw text, over at least two seconds.
fn print_speed(rows: &[Value]) {
    let texts: Vec<&str> = rows.iter().filter_map(|row| row["text"].as_str()).collect();
    let megabytes = texts.iter().map(|text| text.len()).sum::<usize>() as f64 / 1e6;
    let mut analyzer = Analyzer::new();
    let (start, mut rounds, mut num_tokens) = (Instant::now(), 0, 0);
    while start.elapsed() < Duration::from_secs(2) {
        num_tokens = texts.iter().map(|text| analyzer.analyze(text).stems().len()).sum();
        rounds += 1;
    }
    let speed = megabytes * f64::from(rounds) / start.elapsed().as_secs_f64();
    println!("     speed: {speed:.1} MB/s on one thread ({megabytes:.1} MB, {num_tokens} stems, {rounds} rounds)");
}

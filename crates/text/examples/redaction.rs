//! What the redactor finds in real texts, and what it costs.
//!
//! `zstd -dc reviews.csv.zst | cargo run --release -p tamiz-text --example redaction [-- --print]`: every line of the
//! input is a text. Prints how much of each kind was found, and megabytes per second of CPU time on one thread; with
//! `--print` every finding too, with what stands around it.

#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;

use tamiz_domain::PersonalData;
use tamiz_text::redact::Redactor;

/// CPU seconds to measure for at least.
const MEASURED: f64 = 2.0;

/// Bytes shown on either side of a finding.
const AROUND: usize = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let input = String::from_utf8_lossy(&input);
    let texts: Vec<&str> = input.lines().collect();
    let redactor = Redactor::new(PersonalData::ALL);
    if std::env::args().any(|flag| flag == "--print") {
        texts.iter().for_each(|text| print(&redactor, text));
    }
    measure(&redactor, &texts)
}

fn print(redactor: &Redactor, text: &str) {
    for found in redactor.find(text) {
        let start = text.floor_char_boundary(found.span.start.saturating_sub(AROUND));
        let end = text.ceil_char_boundary(found.span.end + AROUND);
        let (before, after) = (&text[start..found.span.start], &text[found.span.end..end]);
        println!("{}\t{before}⟦{}⟧{after}", found.kind.mask(), &text[found.span]);
    }
}

fn measure(redactor: &Redactor, texts: &[&str]) -> Result<(), Box<dyn Error>> {
    let megabytes = texts.iter().map(|text| text.len()).sum::<usize>() as f64 / 1e6;
    let (mut counts, mut num_changed, mut rounds) = (BTreeMap::new(), 0, 0);
    let start = cpu_seconds()?;
    while rounds == 0 || cpu_seconds()? < start + MEASURED {
        counts = BTreeMap::new();
        let is_changed = |text: &&&str| redactor.redact_counted(text, &mut counts).len() != text.len();
        num_changed = texts.iter().filter(is_changed).count();
        rounds += 1;
    }
    let speed = megabytes * f64::from(rounds) / (cpu_seconds()? - start);
    println!("{} texts, {megabytes:.1} MB, {num_changed} with personal data: {counts:?}", texts.len());
    println!("{speed:.0} MB per CPU-second ({rounds} rounds)");
    Ok(())
}

/// CPU time of this thread, as Linux counts it.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = statistics.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds as f64 / 1e9)
}

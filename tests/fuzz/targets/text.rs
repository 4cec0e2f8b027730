//! Functions on text.
//!
//! Decode, clean, tokenise, stop-words, stems, VADER, language and redaction, with any Unicode.

#![no_main]

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use tamiz_domain::PersonalData;
use tamiz_fuzz::execution;
use tamiz_text::decode::decode_record;
use tamiz_text::mojibake::undo_mojibake;
use tamiz_text::redact::{Redactor, shorten};
use tamiz_text::stem::Stemmer;
use tamiz_text::stopwords::StopWords;
use tamiz_text::tokenize::tokens;
use tamiz_text::vader::Vader;
use tamiz_text::{Analyzer, clean};

/// What an execution may take: new words of the vocabulary, and copies of a text of some kilobytes.
const MEGABYTES: isize = 32;

/// Tools that serve every text, as a worker's do.
struct Tools {
    analyzer: Analyzer,
    vader: Vader,
    stemmer: Stemmer,
    stop_words: StopWords,
    redactor: Redactor,
}

thread_local! {
    static TOOLS: RefCell<Tools> = RefCell::new(Tools {
        analyzer: Analyzer::new(),
        vader: Vader::new(),
        stemmer: Stemmer::new(),
        stop_words: StopWords::new(),
        redactor: Redactor::new(PersonalData::ALL),
    });
}

fuzz_target!(|bytes: &[u8]| {
    TOOLS.with_borrow_mut(|tools| {
        execution::within(MEGABYTES, || {
            redact_bytes(tools, bytes);
            if let Ok(decoded) = decode_record(bytes) {
                let is_text = std::str::from_utf8(bytes).is_ok_and(|text| text == decoded.text);
                assert!(is_text || decoded.repair.is_some(), "text was changed without a word");
                analyze(tools, &decoded.text);
                redact(tools, &decoded.text);
                let _ = undo_mojibake(&decoded.text);
            }
        });
    });
});

/// One look-up a word finds what the single steps find.
fn analyze(tools: &mut Tools, text: &str) {
    let Tools { analyzer, vader, stemmer, stop_words, .. } = tools;
    analyzer.begin_batch();
    let found = analyzer.analyze(text);
    let mut cleaned = String::new();
    clean::clean_into(text, &mut cleaned);
    assert_eq!(found.clean_text(), cleaned);
    assert!(!cleaned.contains("  ") && cleaned.trim_matches(' ') == cleaned);
    assert!(found.tokens().eq(tokens(&cleaned)));
    let language = found.language();
    let is_content = |token: &&str| !stop_words.contains(language, token);
    assert!(found.content_tokens().eq(tokens(&cleaned).filter(is_content)));
    assert!(found.stems().eq(found.content_tokens().map(|token| stemmer.stem(language, token))));
    let compound = vader.compound(text);
    assert!((-1.0..=1.0).contains(&compound), "{compound}");
    assert!(found.compound().is_none_or(|found| found == compound as f32));
}

/// Masks stand for what was found, and nothing is found behind them.
fn redact(tools: &Tools, text: &str) {
    let (mut counts, found) = (BTreeMap::new(), tools.redactor.find(text));
    let once = tools.redactor.redact_counted(text, &mut counts);
    assert_eq!(counts.values().sum::<u64>(), found.len() as u64);
    assert_eq!(found.is_empty(), matches!(once, Cow::Borrowed(_)));
    assert_eq!(tools.redactor.redact(&once), once);
    let limit = text.len() % 40;
    assert!(shorten(text, limit).chars().count() <= limit);
}

/// Bytes are masked as their text is.
fn redact_bytes(tools: &Tools, bytes: &[u8]) {
    let masked = tools.redactor.redact_bytes(bytes, &mut BTreeMap::new());
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert_eq!(masked, tools.redactor.redact(text).as_bytes());
    }
}

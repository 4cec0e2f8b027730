//! What must hold on any text at all.

use proptest::prelude::*;
use tamiz_text::decode::decode_record;
use tamiz_text::mojibake::undo_mojibake;
use tamiz_text::redact::{redact, shorten};
use tamiz_text::vader::Vader;
use tamiz_text::{Analyzer, clean};

/// Text from which the steps have something to take out: pieces of markup, words that rules name, any characters.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(str::to_owned),
        any::<String>(),
        "[a-zA-ZñÑéİıßΣ\u{307} .!?]{0,12}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

const PIECES: &[&str] = &[
    "http://",
    "https://",
    "www.",
    "@",
    "<",
    ">",
    "&",
    "&amp;",
    "&#",
    "&#x1c;",
    ";",
    "\n",
    " ",
    " but ",
    " NOT ",
    " good ",
    " kind of ",
    " least ",
    "😁",
    "cannot",
    "\u{85}",
    "\0",
    "+34 612 345 678",
    "a@b.c",
    "!",
    "?",
];

fn analyze(analyzer: &mut Analyzer, text: &str) -> (String, Vec<String>, Vec<String>, Option<f32>) {
    let found = analyzer.analyze(text);
    let owned = |tokens: &mut dyn Iterator<Item = &str>| tokens.map(str::to_owned).collect();
    (found.clean_text().to_owned(), owned(&mut found.tokens()), owned(&mut found.stems()), found.compound())
}

proptest! {
    #[test]
    fn analysis_never_panics_and_does_not_depend_on_what_came_before(first in text(), second in text()) {
        let mut used = Analyzer::new();
        used.analyze(&first);
        prop_assert_eq!(analyze(&mut used, &second), analyze(&mut Analyzer::new(), &second));
    }

    #[test]
    fn clean_text_has_single_inner_spaces_and_its_tokens_are_its_words(text in text()) {
        let mut analyzer = Analyzer::new();
        let found = analyzer.analyze(&text);
        let clean = found.clean_text();
        prop_assert!(!clean.contains("  ") && clean.trim_matches(' ') == clean);
        prop_assert_eq!(found.tokens().collect::<String>(), clean.replace(' ', ""));
        prop_assert!(found.tokens().all(|token| !token.is_empty()));
        prop_assert_eq!(found.content_tokens().len(), found.stems().len());
    }

    #[test]
    fn cleaning_clean_text_changes_nothing(text in text()) {
        // `İ`, which an entity can hide, lowers to two characters, the second no word character: Python's exception too.
        let text = text.replace(['İ', '&'], " ");
        let (mut once, mut twice) = (String::new(), String::new());
        clean::clean_into(&text, &mut once);
        clean::clean_into(&once, &mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn compound_is_a_score_with_4_decimals(text in text()) {
        let compound = Vader::new().compound(&text);
        prop_assert!((-1.0..=1.0).contains(&compound));
        prop_assert_eq!(format!("{compound:.4}").parse::<f64>().unwrap(), compound);
    }

    #[test]
    fn decoding_never_panics_and_leaves_utf8_alone(bytes in prop::collection::vec(any::<u8>(), 0..64), text in any::<String>()) {
        let _ = decode_record(&bytes);
        if !text.contains('\0') {
            prop_assert_eq!(decode_record(text.as_bytes()).unwrap().text, text.as_str());
        }
        let misread: String = text.bytes().map(char::from).collect();
        let is_lost = text.is_ascii() || text.contains(char::REPLACEMENT_CHARACTER);
        prop_assert!(is_lost || undo_mojibake(&misread).is_some());
    }

    #[test]
    fn redacting_twice_changes_nothing_and_shortening_keeps_its_limit(text in text(), limit in 0usize..40) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once.as_ref());
        prop_assert!(shorten(&text, limit).chars().count() <= limit);
    }
}

//! What must hold on any text at all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use tamiz_domain::PersonalData;
use tamiz_text::decode::decode_record;
use tamiz_text::mojibake::undo_mojibake;
use tamiz_text::redact::{Redactor, redact, shorten};
use tamiz_text::stem::Stemmer;
use tamiz_text::stopwords::StopWords;
use tamiz_text::tokenize::tokens;
use tamiz_text::vader::Vader;
use tamiz_text::{Analysis, Analyzer, Language, Sentiment, SharedVocabulary, clean};

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

/// Text in which personal data, things like it, and what decides about them meet in any order.
fn personal_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(PERSONAL_PIECES).prop_map(str::to_owned),
        2 => "[0-9]{1,10}",
        2 => "[-+.,:/()@ #_]{1,2}",
        1 => "[a-zA-Z]{1,5}",
        1 => "[0-9a-f:.]{1,9}",
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

const PERSONAL_PIECES: &[&str] = &[
    "a@b.com",
    "x.y",
    ".com",
    "@gmail.com",
    " @ gmail.com",
    "://",
    "https://u:p@h",
    "612345678",
    "+34 612 345 678",
    "555-123-4567",
    "(800) 201-7575",
    "4111111111111111",
    "4111 1111 1111 1111",
    "ES9121000418450200051332",
    "GB29 NWBK 6016 1331 9268 19",
    "192.168.1.10",
    "2001:db8::1",
    "::",
    "call ",
    "tel: ",
    "isbn ",
    "order no. ",
    "version ",
    "\\n",
    "[phone]",
    "]",
    "[",
    "@name",
    "www.",
    "\u{a0}",
    "\u{2013}",
    "ñ",
    " ",
    " ",
];

/// One megabyte of `piece`, over and over.
fn megabyte(piece: &str) -> String {
    piece.repeat(1_000_000 / piece.len())
}

#[test]
fn redaction_takes_no_longer_for_any_pattern_than_its_length_asks_for() {
    // With quadratic time any of these would take hours.
    let mut patterns = vec![
        "1 ",
        "12.",
        "@",
        "a@",
        "a@b.",
        "x@c-",
        ":",
        "a:",
        "ab::",
        "es12 ",
        "://a@",
        "://a@[",
        "a1",
        "(+",
        "www.",
        "call 1 2 ",
    ];
    patterns.extend(PERSONAL_PIECES);
    let redactor = Redactor::new(PersonalData::ALL);
    for pattern in patterns {
        let text = megabyte(pattern);
        let once = redactor.redact(&text);
        assert_eq!(redactor.redact(&once), once, "{pattern}");
        assert!(redact(&text).len() <= 8 * text.len(), "{pattern}");
    }
}

fn analyze(analyzer: &mut Analyzer, text: &str) -> (String, Vec<String>, Vec<String>, Option<f32>) {
    spelled(analyzer.analyze(text))
}

fn spelled(found: Analysis<'_>) -> (String, Vec<String>, Vec<String>, Option<f32>) {
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
        prop_assert_eq!(found.content_tokens().count(), found.stems().len());
    }

    #[test]
    fn one_look_up_a_word_finds_what_the_single_steps_find(text in text()) {
        let mut analyzer = Analyzer::new();
        let found = analyzer.analyze(&text);
        let mut clean = String::new();
        clean::clean_into(&text, &mut clean);
        prop_assert_eq!(found.clean_text(), &clean);
        prop_assert_eq!(found.tokens().collect::<Vec<_>>(), tokens(&clean).collect::<Vec<_>>());
        let (stop_words, stemmer, language) = (StopWords::new(), Stemmer::new(), found.language());
        let content: Vec<_> = tokens(&clean).filter(|token| !stop_words.contains(language, token)).collect();
        prop_assert_eq!(found.content_tokens().collect::<Vec<_>>(), content.clone());
        let stems: Vec<_> = content.iter().map(|token| stemmer.stem(language, token)).collect();
        prop_assert_eq!(found.stems().collect::<Vec<_>>(), stems);
        if let Some(compound) = found.compound() {
            prop_assert_eq!(compound, Vader::new().compound(&text) as f32);
        }
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
    fn masks_replace_what_was_found_and_nothing_is_found_behind_them(text in personal_text(), wanted in any::<[bool; 6]>()) {
        let redactor = Redactor::new(PersonalData::ALL.into_iter().filter(|&kind| wanted[kind as usize]));
        let (mut counts, found) = (BTreeMap::new(), redactor.find(&text));
        let once = redactor.redact_counted(&text, &mut counts);
        prop_assert_eq!(found.is_empty(), matches!(once, Cow::Borrowed(_)));
        prop_assert_eq!(counts.values().sum::<u64>(), found.len() as u64);
        let (mut rebuilt, mut kept) = (String::new(), 0);
        for found in &found {
            rebuilt = rebuilt + &text[kept..found.span.start] + found.kind.mask();
            kept = found.span.end;
        }
        prop_assert_eq!(rebuilt + &text[kept..], once.as_ref());
        prop_assert_eq!(redactor.redact(&once), once.as_ref());
    }

    #[test]
    fn bytes_are_redacted_as_their_text_and_others_are_kept(text in personal_text(), latin in any::<bool>()) {
        let (redactor, mut counts) = (Redactor::new(PersonalData::ALL), BTreeMap::new());
        if latin {
            let bytes: Vec<u8> = text.chars().map(|c| c as u8).chain([0xff]).collect();
            let as_text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
            let expected: Vec<u8> = redactor.redact(&as_text).chars().map(|c| c as u8).collect();
            prop_assert_eq!(redactor.redact_bytes(&bytes, &mut counts), expected);
        } else {
            let expected = redactor.redact(&text);
            prop_assert_eq!(redactor.redact_bytes(text.as_bytes(), &mut counts), expected.as_bytes());
        }
    }

    #[test]
    fn redacting_twice_changes_nothing_and_shortening_keeps_its_limit(text in text(), limit in 0usize..40) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once.as_ref());
        prop_assert!(shorten(&text, limit).chars().count() <= limit);
    }

    #[test]
    fn a_text_in_a_known_language_is_analysed_as_if_it_had_been_found_to_be_in_it(text in text(), language in language()) {
        let mut analyzer = Analyzer::new();
        let found = analyzer.analyze(&text).language();
        prop_assert_eq!(spelled(analyzer.analyze_as(&text, found)), analyze(&mut Analyzer::new(), &text));
        let told = analyzer.analyze_as(&text, language);
        prop_assert_eq!(told.language(), language);
        prop_assert_eq!(told.compound().is_some(), language == Language::English);
        prop_assert_eq!(told.sentiment(), told.compound().map(|compound| class_of(f64::from(compound))));
    }

    #[test]
    fn threads_that_share_their_words_find_what_each_would_find_alone(texts in prop::collection::vec(text(), 1..4)) {
        let shared = SharedVocabulary::new();
        let analyze_all = || {
            let mut analyzer = Analyzer::sharing(shared.clone());
            texts.iter().map(|text| analyze(&mut analyzer, text)).collect::<Vec<_>>()
        };
        let found: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(analyze_all)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let alone: Vec<_> = texts.iter().map(|text| analyze(&mut Analyzer::new(), text)).collect();
        prop_assert_eq!(found, [alone.clone(), alone]);
    }

    #[test]
    fn words_of_any_letters_have_a_hash_a_stem_and_no_surprise(word in text(), language in language()) {
        let stem = Stemmer::new().stem(language, &word).into_owned();
        prop_assert!(stem.len() <= word.len() + 2, "{stem}");
        if let Language::Other(_) = language {
            prop_assert_eq!(&stem, &word);
            prop_assert!(!StopWords::new().contains(language, &word));
        }
        prop_assert_eq!(tokens(&word).collect::<String>(), word.replace(' ', ""));
        let mut analyzer = Analyzer::new();
        let found = analyzer.analyze(&word);
        for (&id, &hash) in found.token_ids().iter().zip(found.token_hashes()) {
            prop_assert_eq!(found.vocabulary().hash(id), hash);
        }
    }

    #[test]
    fn what_is_no_mojibake_any_more_was_misread_before(text in any::<String>(), rounds in 1usize..4) {
        let misread = |text: &str| text.bytes().map(char::from).collect::<String>();
        let mojibake = (0..rounds).fold(text.clone(), |text, _| misread(&text));
        for seen in [text, mojibake] {
            let Some(meant) = undo_mojibake(&seen) else { continue };
            prop_assert!(meant.len() < seen.len() && !meant.contains(char::REPLACEMENT_CHARACTER));
            prop_assert!(meant.chars().count() < seen.chars().count());
        }
    }
}

fn language() -> impl Strategy<Value = Language> {
    prop::sample::select(&[Language::English, Language::Spanish, Language::Other("de"), Language::Other("zh")][..])
}

/// By the scores that the shards hold, in which 0.05 is no less than 0.05.
fn class_of(compound: f64) -> Sentiment {
    Sentiment::from_compound((compound * 10_000.0).round() / 10_000.0)
}

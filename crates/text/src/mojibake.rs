//! Text that went through the wrong encoding once too often: `cafÃ©` for `café`.

use encoding_rs::WINDOWS_1252;

/// Times that a text may have been misread: files that went through two wrong tools exist, four do not.
const MAX_ROUNDS: usize = 3;

/// The text that was meant, where `text` as a whole is UTF-8 that was read as Windows-1252 (or Latin-1) and written
/// again. None where that is not certain: one character that does not fit in, and the text stays as it is.
///
/// Text that came out of it with replacement characters (`ï¿½`) stays too: what they stand for is lost.
/// A false alarm needs text in which every character beyond ASCII stands, by chance, in a sequence like `Ã©`; words of
/// no language are spelt so.
pub fn undo_mojibake(text: &str) -> Option<String> {
    if !begins_misread(text) {
        return None;
    }
    let mut meant = undo_once(text)?;
    for _ in 1..MAX_ROUNDS {
        let Some(deeper) = undo_once(&meant) else { break };
        meant = deeper;
    }
    (!meant.contains(char::REPLACEMENT_CHARACTER)).then_some(meant)
}

/// Whether the first two characters beyond ASCII stand for a UTF-8 lead byte and a byte that may follow it. Tells good
/// text from bad without allocating.
fn begins_misread(text: &str) -> bool {
    // Eight bytes at a time, which most texts are done with.
    if text.is_ascii() {
        return false;
    }
    let Some(first) = text.bytes().position(|byte| !byte.is_ascii()) else { return false };
    let mut chars = text[first..].chars();
    let lead = chars.next().and_then(byte_of);
    let next = chars.next().and_then(byte_of);
    matches!((lead, next), (Some(0xc2..=0xf4), Some(0x80..=0xbf)))
}

fn undo_once(text: &str) -> Option<String> {
    let bytes: Vec<u8> = text.chars().map(byte_of).collect::<Option<_>>()?;
    String::from_utf8(bytes).ok().filter(|meant| meant.len() < text.len())
}

/// The byte that Windows-1252 reads as `char`; for the control characters that it leaves out, Latin-1's.
fn byte_of(char: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(char) {
        return Some(byte);
    }
    let mut utf8 = [0; 4];
    let (bytes, _, is_unmappable) = WINDOWS_1252.encode(char.encode_utf8(&mut utf8));
    if is_unmappable { None } else { bytes.first().copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misread(text: &str) -> String {
        WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned()
    }

    #[test]
    fn misread_text_is_turned_back_however_often_it_was_misread() {
        for text in ["café", "It’s “great” – really…", "¡Qué niño! 😁", "à la carte", "Привет"] {
            let once = misread(text);
            assert_eq!(undo_mojibake(&once).as_deref(), Some(text), "{once}");
            assert_eq!(undo_mojibake(&misread(&once)).as_deref(), Some(text), "{once} twice");
        }
        let latin_1: String = "it’s".bytes().map(char::from).collect();
        assert_eq!(undo_mojibake(&latin_1).as_deref(), Some("it’s"));
    }

    #[test]
    fn good_text_and_text_that_is_misread_in_part_stay_as_they_are() {
        for text in [
            "plain",
            "",
            "café",
            "niño “café”",
            "NÃO",
            "São João",
            "Â£ and é",
            "Ã© 😁",
            "Übergröße ÄÖ",
            "Ã",
            "clichï¿½",
        ] {
            assert_eq!(undo_mojibake(text), None, "{text}");
        }
    }
}

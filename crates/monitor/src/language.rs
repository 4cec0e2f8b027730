//! The languages in which a report is written, and how each writes numbers.
//!
//! English stands where it is said, by [`say!`]; other languages stand in a gettext catalogue beside this file, found by the
//! English text. `summary.json`, mails and logs are English whatever the page is: programs and colleagues elsewhere read them.

mod catalogue;

use std::fmt::Display;

use crate::figures;

/// A language of the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// English
    #[default]
    #[value(name = "en")]
    English,
    /// Spanish
    #[value(name = "es")]
    Spanish,
}

/// A sentence in a language: `say!(language, "{rows} of {total}", rows = 3, total)`. It is written in English, where the compiler holds
/// its values to it; the tests hold the catalogues to every sentence that is said this way.
macro_rules! say {
    (@value $name:ident $value:expr) => { $value };
    (@value $name:ident) => { $name };
    ($language:expr, $text:literal) => { $language.word($text).to_owned() };
    ($language:expr, $text:literal $(, $name:ident $(= $value:expr)?)+ $(,)?) => {
        match $language.translated($text) {
            None => format!($text $(, $name = $crate::language::say!(@value $name $($value)?))+),
            Some(text) => $crate::language::filled(
                text,
                &[$((stringify!($name), &$crate::language::say!(@value $name $($value)?) as &dyn ::std::fmt::Display)),+],
            ),
        }
    };
}

pub(crate) use say;

/// Marks words that [`Language::word`] says later, so that the tests find them.
macro_rules! sayable {
    ($words:expr) => {
        $words
    };
}

pub(crate) use sayable;

/// `text` with each `{name}` replaced by the value of that name.
pub(crate) fn filled(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    // In one pass, since a value may hold braces: file names come from whoever uploads.
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        filled.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(&value.to_string()),
            None => filled.extend(["{", name, "}"]),
        }
        rest = after;
    }
    filled + rest
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// ISO 639-1 code, as `lang` of a page wants it.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The sentence that stands for an English one; none where that is said itself.
    pub(crate) fn translated(self, english: &str) -> Option<&'static str> {
        match self {
            Self::English => None,
            Self::Spanish => catalogue::spanish(english),
        }
    }

    /// A word or sentence without values; as it is where the language has none for it.
    pub(crate) fn word(self, english: &str) -> &str {
        self.translated(english).unwrap_or(english)
    }

    /// A number and its noun, such as `1 file` and `2 files`.
    pub(crate) fn count_of(self, number: u64, noun: &str) -> String {
        match self {
            Self::English => figures::count_of(number, noun),
            Self::Spanish => format!("{} {}", self.thousands(number), catalogue::spanish_noun(noun, number == 1)),
        }
    }

    /// A whole number. Spanish groups digits from five on, as Unicode CLDR has it.
    pub(crate) fn thousands(self, number: u64) -> String {
        match self {
            Self::English => figures::thousands(number),
            Self::Spanish if number < 10_000 => number.to_string(),
            Self::Spanish => figures::thousands(number).replace(',', "."),
        }
    }

    /// A number with so many decimals.
    pub(crate) fn decimal(self, number: f64, decimals: usize) -> String {
        self.pointed(format!("{number:.decimals$}"))
    }

    /// A share as a percentage, as [`figures::percent`] writes it.
    pub(crate) fn percent(self, share: f64) -> String {
        self.marked(figures::percent(share))
    }

    /// A limit as a percentage, as [`figures::limit`] writes it.
    pub(crate) fn limit(self, share: f64) -> String {
        self.marked(figures::limit(share))
    }

    /// `a`, `a and b`, `a, b and c`. In Spanish the last one follows `e` where it begins with the same sound as `y`.
    pub(crate) fn listed(self, names: &[&str]) -> String {
        let [first @ .., last] = names else { return String::new() };
        if self == Self::English || first.is_empty() {
            return figures::listed(names);
        }
        let and = if last.starts_with(['i', 'I', 'í']) || last.starts_with("hi") { "e" } else { "y" };
        format!("{} {and} {last}", first.join(", "))
    }

    /// A figure that was written as English does.
    fn pointed(self, figure: String) -> String {
        match self {
            Self::English => figure,
            Self::Spanish => figure.replace('.', ","),
        }
    }

    /// A percentage that was written as English does; Spanish puts a space, which no line breaks at, before the sign.
    fn marked(self, percentage: String) -> String {
        match self {
            Self::English => percentage,
            Self::Spanish => self.pointed(percentage).replace('%', "\u{a0}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ES: Language = Language::Spanish;

    #[test]
    fn numbers_are_written_as_the_language_does() {
        assert_eq!([999, 1_234, 12_345, 1_234_567].map(|n| ES.thousands(n)), ["999", "1234", "12.345", "1.234.567"]);
        assert_eq!(
            [ES.decimal(0.125, 2), ES.percent(0.034), ES.percent(0.0001)],
            ["0,12", "3,4\u{a0}%", "<0,1\u{a0}%"]
        );
        assert_eq!([ES.limit(0.1), ES.limit(0.005)], ["10\u{a0}%", "0,5\u{a0}%"]);
        assert_eq!(Language::English.decimal(0.125, 2), "0.12");
    }

    #[test]
    fn nouns_agree_with_their_number() {
        assert_eq!([1, 2].map(|n| ES.count_of(n, "labelled review")), ["1 reseña etiquetada", "2 reseñas etiquetadas"]);
    }

    #[test]
    fn names_are_listed_as_the_language_does() {
        assert_eq!(ES.listed(&["longitud", "confianza", "idioma"]), "longitud, confianza e idioma");
        assert_eq!(
            [ES.listed(&["idioma", "clase"]), ES.listed(&["idioma"]), ES.listed(&[])],
            ["idioma y clase", "idioma", ""]
        );
    }

    #[test]
    fn a_value_with_braces_is_no_place_for_another() {
        let values: [(&str, &dyn Display); 2] = [("file", &"{rows}.csv"), ("rows", &3)];
        assert_eq!(filled("{rows} de {file}, {nada} {", &values), "3 de {rows}.csv, {nada} {");
    }
}

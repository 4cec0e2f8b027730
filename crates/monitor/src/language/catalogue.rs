//! The gettext catalogues, which are part of the program.

use std::sync::LazyLock;

use polib::catalog::Catalog;
use polib::po_file::parse_from_reader;

const SPANISH: &str = include_str!("es.po");

/// None where the catalogue cannot be read, which the tests rule out; the report is English then.
static PARSED: LazyLock<Option<Catalog>> = LazyLock::new(|| parse_from_reader(SPANISH.as_bytes()).ok());

/// The Spanish sentence for an English one.
pub(super) fn spanish(english: &str) -> Option<&'static str> {
    let found = PARSED.as_ref()?.find_message(None, english, None)?;
    found.msgstr().ok().filter(|text| !text.is_empty())
}

/// The Spanish noun for an English one, which is given in the singular.
pub(super) fn spanish_noun(english: &str, is_one: bool) -> String {
    let forms = || {
        let found = PARSED.as_ref()?.find_message(None, english, Some(&format!("{english}s")))?;
        found.msgstr_plural().ok()?.get(usize::from(!is_one)).cloned()
    };
    forms().unwrap_or_else(|| english.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use polib::message::MessageView;
    use proc_macro2::{TokenStream, TokenTree};
    use tamiz_domain::{Feature, RejectReason, Shift, length_class};

    use super::*;

    /// What the sources say, as one who translates has to know it.
    #[derive(Debug, Default)]
    struct Said {
        sentences: BTreeSet<String>,
        nouns: BTreeSet<String>,
    }

    impl Said {
        fn by_the_sources() -> Self {
            let mut said = Self::default();
            said.in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
            let reasons = RejectReason::ALL.iter().flat_map(|reason| [reason.meaning(), reason.remedy()]);
            let shifts = [Shift::Stable, Shift::Slight, Shift::Moderate, Shift::Strong].map(Shift::name);
            let lengths = [0, 100, 500].map(length_class);
            let of_domain =
                reasons.chain(Feature::ALL.map(Feature::name)).chain(shifts).chain(lengths).chain(["length"]);
            said.sentences.extend(of_domain.map(str::to_owned));
            said
        }

        fn in_folder(&mut self, folder: &Path) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    self.in_folder(&path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    // Tests say English, and things that nobody says.
                    let text = std::fs::read_to_string(&path).unwrap();
                    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                    self.in_tokens(code.parse().unwrap());
                }
            }
        }

        fn in_tokens(&mut self, tokens: TokenStream) {
            let mut before: Vec<String> = Vec::new();
            for token in tokens {
                if let TokenTree::Group(group) = &token {
                    let before: Vec<&str> = before.iter().rev().take(2).map(String::as_str).collect();
                    let literals = || literals(group.stream(), false);
                    match before[..] {
                        ["!", "say"] => self.sentences.extend(literals().into_iter().next()),
                        ["!", "sayable"] => {
                            let marked = self::literals(group.stream(), true);
                            self.sentences.extend(marked);
                        }
                        ["word", "."] => self.sentences.extend(literals()),
                        ["count_of", "."] => self.nouns.extend(literals()),
                        _ => {}
                    }
                    self.in_tokens(group.stream());
                }
                before.push(token.to_string());
            }
        }
    }

    /// The strings among tokens, and inside of their groups where `is_deep`.
    fn literals(tokens: TokenStream, is_deep: bool) -> Vec<String> {
        let of = |token| match token {
            TokenTree::Literal(literal) => {
                syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| vec![text.value()]).unwrap_or_default()
            }
            TokenTree::Group(group) if is_deep => literals(group.stream(), true),
            _ => Vec::new(),
        };
        tokens.into_iter().flat_map(of).collect()
    }

    /// Every message of the catalogue by its English text; the plural of a noun stands behind its singular.
    fn messages() -> BTreeMap<String, Vec<String>> {
        let catalogue = PARSED.as_ref().expect("the catalogue cannot be read");
        let of = |message: &dyn MessageView| match message.msgstr_plural() {
            Ok(forms) => (message.msgid_plural().unwrap().to_owned(), forms.clone()),
            Err(_) => (message.msgid().to_owned(), vec![message.msgstr().unwrap().to_owned()]),
        };
        // The first one is the header.
        catalogue.messages().filter(|message| !message.msgid().is_empty()).map(of).collect()
    }

    /// The names in braces of a sentence.
    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn everything_that_is_said_has_its_spanish_and_nothing_else_has() {
        let said = Said::by_the_sources();
        let plurals = said.nouns.iter().map(|noun| format!("{noun}s"));
        let said: BTreeSet<String> = said.sentences.into_iter().chain(plurals).collect();
        let known: BTreeSet<String> = messages().into_keys().collect();
        let missing: Vec<_> = said.difference(&known).collect();
        let dead: Vec<_> = known.difference(&said).collect();
        assert!(missing.is_empty() && dead.is_empty(), "without Spanish: {missing:#?}\nsaid nowhere: {dead:#?}");
    }

    #[test]
    fn a_translation_has_every_value_of_its_sentence() {
        for (english, spanish) in messages() {
            for form in &spanish {
                assert!(!form.is_empty(), "{english:?} has no translation");
                assert_eq!(places(form), places(&english), "{english:?}");
            }
        }
    }
}

//! The classes of tokens, by their names.

use crate::Problem;

/// What the classes of tokens mean: the kind of entity and whether one begins or ends there (IO, BIO and BIOES).
#[derive(Debug, Clone, PartialEq)]
pub struct Scheme(Vec<Option<TokenClass>>);

/// A class of tokens that are part of an entity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TokenClass {
    pub kind: String,
    /// `B-` and `S-`.
    pub begins: bool,
    /// `E-` and `S-`.
    pub ends: bool,
}

impl Scheme {
    /// Reads the classes' names: `O`, `B-person`, `I-person`, …; a name without prefix is a kind.
    pub(crate) fn of(names: &[String]) -> Result<Self, Problem> {
        let class = |name: &String| {
            if name == "O" {
                return None;
            }
            let (prefix, kind) = match name.split_once('-') {
                Some((prefix @ ("B" | "I" | "E" | "S" | "L" | "U"), kind)) => (prefix, kind),
                _ => ("I", name.as_str()),
            };
            let begins = matches!(prefix, "B" | "S" | "U");
            let ends = matches!(prefix, "E" | "L" | "S" | "U");
            Some(TokenClass { kind: kind.to_owned(), begins, ends })
        };
        let classes: Vec<_> = names.iter().map(class).collect();
        match classes.iter().any(Option::is_none) {
            true => Ok(Self(classes)),
            false => Err(Problem::Labels("has no class `O` of tokens outside of entities")),
        }
    }

    /// Class of tokens outside of entities, where [`Self::names`] has given the names.
    pub(crate) const OUTSIDE: usize = 0;

    /// Names of the classes that tell entities of these kinds, by the scheme BIO (Ramshaw and Marcus 1995).
    pub(crate) fn names<'a>(kinds: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let both = |kind: &str| [format!("B-{kind}"), format!("I-{kind}")];
        ["O".to_owned()].into_iter().chain(kinds.into_iter().flat_map(both)).collect()
    }

    /// The class among [`Self::names`] of a word that begins an entity of a kind, or goes on with it.
    pub(crate) fn class_of(kind: usize, begins: bool) -> usize {
        1 + 2 * kind + usize::from(!begins)
    }

    /// Number of classes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What a class means; none for tokens outside of entities.
    pub(crate) fn class(&self, index: usize) -> Option<&TokenClass> {
        self.0.get(index)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_of_tokens_is_read() {
        let names = ["O", "B-a", "I-a", "E-a", "S-a", "product", "I-x-y"].map(str::to_owned);
        let scheme = Scheme::of(&names).unwrap();
        let class = |index| scheme.class(index).map(|class| (class.kind.as_str(), class.begins, class.ends));
        let a = |begins, ends| Some(("a", begins, ends));
        assert_eq!([0, 1, 2, 3, 4].map(class), [None, a(true, false), a(false, false), a(false, true), a(true, true)]);
        assert_eq!([5, 6].map(class), [Some(("product", false, false)), Some(("x-y", false, false))]);
        assert!(Scheme::of(&names[1..]).is_err());
    }

    #[test]
    fn the_names_of_kinds_mean_what_they_were_made_for() {
        let scheme = Scheme::of(&Scheme::names(["a", "I-b"])).unwrap();
        assert_eq!((scheme.len(), scheme.class(Scheme::OUTSIDE)), (5, None));
        for (kind, name) in ["a", "I-b"].into_iter().enumerate() {
            for begins in [true, false] {
                let class = scheme.class(Scheme::class_of(kind, begins)).unwrap();
                assert_eq!((class.kind.as_str(), class.begins, class.ends), (name, begins, false));
            }
        }
    }
}

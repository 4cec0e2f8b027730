//! What VADER's rules ask of a single word.

use std::num::NonZeroI8;

use crate::unicode::is_upper;

use super::lexicon::Lexicon;

/// By how much a degree adverb strengthens or weakens.
pub(super) const BOOST: f64 = 0.293;

/// "Degree adverbs" that strengthen what follows.
pub(super) const INTENSIFIERS: &[&str] = &[
    "absolutely",
    "amazingly",
    "awfully",
    "completely",
    "considerable",
    "considerably",
    "decidedly",
    "deeply",
    "effing",
    "enormous",
    "enormously",
    "entirely",
    "especially",
    "exceptional",
    "exceptionally",
    "extreme",
    "extremely",
    "fabulously",
    "flipping",
    "flippin",
    "frackin",
    "fracking",
    "fricking",
    "frickin",
    "frigging",
    "friggin",
    "fully",
    "fuckin",
    "fucking",
    "fuggin",
    "fugging",
    "greatly",
    "hella",
    "highly",
    "hugely",
    "incredible",
    "incredibly",
    "intensely",
    "major",
    "majorly",
    "more",
    "most",
    "particularly",
    "purely",
    "quite",
    "really",
    "remarkably",
    "so",
    "substantially",
    "thoroughly",
    "total",
    "totally",
    "tremendous",
    "tremendously",
    "uber",
    "unbelievably",
    "unusually",
    "utter",
    "utterly",
    "very",
];

/// "Degree adverbs" that weaken what follows; those of two words are in [`super::phrases`].
pub(super) const DAMPENERS: &[&str] = &[
    "almost",
    "barely",
    "hardly",
    "kinda",
    "kindof",
    "kind-of",
    "less",
    "little",
    "marginal",
    "marginally",
    "occasional",
    "occasionally",
    "partly",
    "scarce",
    "scarcely",
    "slight",
    "slightly",
    "somewhat",
    "sorta",
    "sortof",
    "sort-of",
];

/// Words that turn what follows round; so does everything with `n't` in it.
pub(super) const NEGATIONS: &[&str] = &[
    "aint", "arent", "cannot", "cant", "couldnt", "darent", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent",
    "isnt", "mightnt", "mustnt", "neither", "neednt", "never", "none", "nope", "nor", "not", "nothing", "nowhere",
    "oughtnt", "shant", "shouldnt", "uhuh", "wasnt", "werent", "uh-uh", "without", "wont", "wouldnt", "rarely",
    "seldom", "despite",
];

/// A word as the rules see it; everything that would need its letters has been asked already. Five bytes, so that the
/// words of a review lie in a few cache lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Valence in the lexicon, in tenths (no word of the lexicon needs more).
    tenths: Option<NonZeroI8>,
    strength: Strength,
    pub(super) is_upper: bool,
    pub(super) negates: bool,
    pub(super) keyword: Option<Keyword>,
}

/// What a degree adverb does to a positive word after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Strength {
    #[default]
    None,
    Strengthens,
    Weakens,
}

macro_rules! keywords {
    ($($variant:ident $text:literal)+) => {
        /// The words that a rule or a phrase names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Keyword { $($variant,)+ }

        impl Keyword {
            /// Each keyword and how it is spelled.
            pub(super) const ALL: &[(&str, Self)] = &[$(($text, Self::$variant)),+];
        }
    };
}

keywords! {
    Ass "ass" At "at" Bad "bad" Beating "beating" Bomb "bomb" Bus "bus" But "but" Death "death" Die "die" Doubt "doubt"
    Enough "enough" For "for" Heart "heart" Just "just" Kind "kind" Kiss "kiss" Least "least" Never "never" No "no"
    Nor "nor" Of "of" Or "or" Right "right" Shit "shit" So "so" Sort "sort" Stop "stop" The "the" This "this" To "to"
    Very "very" Without "without" Yeah "yeah"
}

/// Words of ASCII of up to this many bytes, nearly all, are put into lower case without memory of their own.
const SHORT_BYTES: usize = 32;

impl Word {
    /// A word that means nothing to the rules.
    pub(crate) const NONE: Self =
        Self { tenths: None, strength: Strength::None, is_upper: false, negates: false, keyword: None };

    /// Looks at a token that was split off at white space.
    pub(super) fn new(token: &str, lexicon: &Lexicon) -> Self {
        let word = strip_punctuation(token);
        let mut short = [0; SHORT_BYTES];
        let lower = match short.get_mut(..word.len()).filter(|_| word.is_ascii()) {
            Some(short) => {
                short.copy_from_slice(word.as_bytes());
                short.make_ascii_lowercase();
                String::from_utf8_lossy(short)
            }
            None => word.to_lowercase().into(),
        };
        let known = lexicon.word(&lower);
        let negates = known.negates || lower.as_bytes().windows(3).any(|letters| letters == b"n't");
        Self { is_upper: is_upper(word), negates, ..known }
    }

    /// The same word, of which the letters were capitals or not.
    #[inline]
    pub(crate) fn in_case(self, is_upper: bool) -> Self {
        Self { is_upper: self.is_upper | is_upper, ..self }
    }

    pub(super) fn is(self, keyword: Keyword) -> bool {
        self.keyword == Some(keyword)
    }

    /// Valence in the lexicon.
    pub(super) fn valence(self) -> Option<f64> {
        // The division rounds to the double nearest to the decimal, as parsing it does.
        self.tenths.map(|tenths| f64::from(tenths.get()) / 10.0)
    }

    pub(super) fn set_valence(&mut self, valence: f64) {
        self.tenths = NonZeroI8::new((valence * 10.0).round() as i8);
    }

    /// By how much it strengthens (or, below zero, weakens) a positive word after it.
    pub(super) fn boost(self) -> Option<f64> {
        match self.strength {
            Strength::None => None,
            Strength::Strengthens => Some(BOOST),
            Strength::Weakens => Some(-BOOST),
        }
    }

    pub(super) fn strengthens(&mut self) {
        self.strength = Strength::Strengthens;
    }

    pub(super) fn weakens(&mut self) {
        self.strength = Strength::Weakens;
    }
}

/// Takes ASCII punctuation off both ends, unless that leaves two characters or less: then it was an emoticon.
fn strip_punctuation(token: &str) -> &str {
    let stripped = token.trim_matches(|c: char| c.is_ascii_punctuation());
    if stripped.chars().nth(2).is_some() { stripped } else { token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_goes_but_emoticons_stay() {
        assert_eq!(strip_punctuation("(\"good!!\")"), "good");
        assert_eq!(strip_punctuation(":)"), ":)");
        assert_eq!(strip_punctuation("ok."), "ok.");
        assert_eq!(strip_punctuation("“good”"), "“good”");
    }

    #[test]
    fn words_are_known_whatever_their_case() {
        let lexicon = Lexicon::new();
        let word = Word::new("VERY,", &lexicon);
        assert_eq!((word.boost(), word.is_upper, word.keyword), (Some(BOOST), true, Some(Keyword::Very)));
        assert!(Word::new("Couldn't", &lexicon).negates && !Word::new("could", &lexicon).negates);
        assert_eq!(Word::new("(good)", &lexicon).valence(), Some(1.9));
    }
}

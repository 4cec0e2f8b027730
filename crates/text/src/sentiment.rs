//! The three sentiment classes of the original data dictionary.

use std::fmt;

/// Class of a VADER compound score, named as in the original data dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sentiment {
    /// Compound of 0.05 and above.
    Positive,
    /// Compound of -0.05 and below.
    Negative,
    /// Between the two.
    Neutral,
}

impl Sentiment {
    /// Class of a compound score in [-1, 1]; the bounds are those that VADER's authors recommend.
    pub fn from_compound(compound: f64) -> Self {
        if compound >= 0.05 {
            Self::Positive
        } else if compound <= -0.05 {
            Self::Negative
        } else {
            Self::Neutral
        }
    }

    /// Name as written in the `sentiment` column: `Positivo`, `Negativo` or `Neutral`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Positive => "Positivo",
            Self::Negative => "Negativo",
            Self::Neutral => "Neutral",
        }
    }
}

impl fmt::Display for Sentiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_outer_classes() {
        assert_eq!(Sentiment::from_compound(0.05), Sentiment::Positive);
        assert_eq!(Sentiment::from_compound(0.0499), Sentiment::Neutral);
        assert_eq!(Sentiment::from_compound(-0.05), Sentiment::Negative);
        assert_eq!(Sentiment::from_compound(-0.0499), Sentiment::Neutral);
        assert_eq!(Sentiment::from_compound(-1.0).to_string(), "Negativo");
    }
}

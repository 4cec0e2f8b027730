//! From what sources write to typed values.

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;
use tamiz_domain::LabelScheme;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// A label that is none of the scheme's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidLabel {
    NotANumber,
    OutOfRange,
}

/// The class of a record: its label if it has one, otherwise the class of its stars. None for an unlabelled
/// record, and for stars that the scheme does not list.
pub(crate) fn class_of(
    label: Option<&str>,
    rating: Option<&str>,
    scheme: &LabelScheme,
) -> Result<Option<i8>, InvalidLabel> {
    let filled = |value: &&str| !value.is_empty();
    match (label.map(str::trim).filter(filled), rating.map(str::trim).filter(filled)) {
        (Some(label), _) => direct_class(label, scheme).map(Some),
        (None, Some(rating)) => class_of_rating(rating, scheme),
        (None, None) => Ok(None),
    }
}

fn direct_class(label: &str, scheme: &LabelScheme) -> Result<i8, InvalidLabel> {
    let number: f64 = label.parse().map_err(|_| InvalidLabel::NotANumber)?;
    if number.fract() != 0.0 {
        return Err(InvalidLabel::NotANumber);
    }
    let inside = (f64::from(scheme.min)..=f64::from(scheme.max)).contains(&number);
    if inside { Ok(number as i8) } else { Err(InvalidLabel::OutOfRange) }
}

/// The scheme lists `5` for what sources write as 5, 5.0 or "5.0". Ratings between two listed ones leave the
/// record unlabelled; ratings outside of all listed ones are none.
fn class_of_rating(rating: &str, scheme: &LabelScheme) -> Result<Option<i8>, InvalidLabel> {
    if let Some(class) = scheme.from_rating.get(rating) {
        return Ok(Some(*class));
    }
    let stars: f64 = rating.parse().map_err(|_| InvalidLabel::NotANumber)?;
    let listed = || scheme.from_rating.iter().filter_map(|(key, class)| Some((key.parse::<f64>().ok()?, *class)));
    if let Some((_, class)) = listed().find(|(key, _)| *key == stars) {
        return Ok(Some(class));
    }
    let below = listed().any(|(key, _)| key < stars);
    let above = listed().any(|(key, _)| key > stars);
    if below && above { Ok(None) } else { Err(InvalidLabel::OutOfRange) }
}

/// Number of votes: `7`, `7.0`, `1,234`; none for anything else.
pub(crate) fn votes(value: &str) -> Option<i64> {
    let digits = value.trim().replace(',', "");
    digits.parse().ok().or_else(|| {
        let number: f64 = digits.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
    })
}

/// Yes or no in the spellings of several sources; none for anything else.
pub(crate) fn truth(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
        _ => None,
    }
}

/// Milliseconds since 1970 (UTC) of Unix seconds, Unix milliseconds or an ISO 8601 date; none for anything else.
pub(crate) fn milliseconds(value: &str) -> Option<i64> {
    let value = value.trim();
    match value.parse::<f64>() {
        Ok(number) if number.abs() < 1e15 => {
            let number = number as i64;
            Some(if number.abs() < FIRST_MILLISECONDS { number * 1_000 } else { number })
        }
        Ok(_) => None,
        Err(_) => string_to_timestamp_nanos(value).ok().map(|nanos| nanos.div_euclid(1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_stars_become_classes() {
        let class = |label, rating| class_of(label, rating, &LabelScheme::default());
        assert_eq!(class(Some("2"), Some("1")), Ok(Some(2)));
        assert_eq!(class(Some(" 2.0 "), None), Ok(Some(2)));
        assert_eq!(class(Some(""), Some("5.0")), Ok(Some(2)));
        assert_eq!(class(None, Some("1")), Ok(Some(1)));
        for unlabelled in [(None, None), (None, Some("3")), (None, Some("4.5")), (Some(" "), Some(""))] {
            assert_eq!(class(unlabelled.0, unlabelled.1), Ok(None), "{unlabelled:?}");
        }
        for wrong in ["7", "0", "-1", "1e9"] {
            assert_eq!(class(Some(wrong), None), Err(InvalidLabel::OutOfRange), "{wrong}");
            assert_eq!(class(None, Some(wrong)), Err(InvalidLabel::OutOfRange), "{wrong}");
        }
        for wrong in ["abc", "⭐⭐⭐", "2024-01-31", "NaN stars"] {
            assert_eq!(class(Some(wrong), None), Err(InvalidLabel::NotANumber), "{wrong}");
            assert_eq!(class(None, Some(wrong)), Err(InvalidLabel::NotANumber), "{wrong}");
        }
        assert_eq!(class(Some("1.5"), None), Err(InvalidLabel::NotANumber));
        assert!(class(Some("NaN"), None).is_err() && class(None, Some("NaN")).is_err());
    }

    #[test]
    fn votes_and_truths_are_read_in_every_spelling() {
        assert_eq!(["7", "1,234", "7.0", "-", ""].map(votes), [Some(7), Some(1_234), Some(7), None, None]);
        assert_eq!(["True", "N", "1", "maybe"].map(truth), [Some(true), Some(false), Some(true), None]);
    }

    #[test]
    fn seconds_milliseconds_and_dates_mean_the_same_moment() {
        for value in ["1436400000", "1436400000000", "2015-07-09", "2015-07-09T00:00:00Z", "1436400000.0"] {
            assert_eq!(milliseconds(value), Some(1_436_400_000_000), "{value}");
        }
        assert_eq!(["yesterday", "", "1e99"].map(milliseconds), [None; 3]);
    }
}

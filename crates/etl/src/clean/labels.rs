//! From the labels and ratings that sources write to the classes of the scheme.

use tamiz_domain::LabelScheme;

/// A label that is none of the scheme's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvalidLabel {
    NotANumber,
    OutOfRange,
}

/// The class of a record: of its stars where it has some, otherwise its label. None for an unlabelled record, and for
/// stars that the scheme does not list.
///
/// The stars decide because the reviewer gave them, while a label beside them is often a model's, on a scale of its
/// own; the label decides where the rating is nothing that the scheme knows.
pub(crate) fn class_of(
    label: Option<&str>,
    rating: Option<&str>,
    scheme: &LabelScheme,
) -> Result<Option<i8>, InvalidLabel> {
    match (filled(label), filled(rating)) {
        (None, None) => Ok(None),
        (Some(label), None) => class_of_label(label, scheme),
        (None, Some(rating)) => class_of_rating(rating, scheme),
        (Some(label), Some(rating)) => class_of_rating(rating, scheme).or_else(|_| class_of_label(label, scheme)),
    }
}

fn filled(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|value| !value.is_empty())
}

/// A label names its class; one that is written in stars is a rating.
fn class_of_label(label: &str, scheme: &LabelScheme) -> Result<Option<i8>, InvalidLabel> {
    let Ok(number) = label.parse::<f64>() else { return class_of_rating(label, scheme) };
    if number.fract() != 0.0 {
        return Err(InvalidLabel::NotANumber);
    }
    let inside = (f64::from(scheme.min)..=f64::from(scheme.max)).contains(&number);
    if inside { Ok(Some(number as i8)) } else { Err(InvalidLabel::OutOfRange) }
}

/// The scheme lists `5` for what sources write as 5, 5.0 or "5.0". Ratings between two listed ones leave the
/// record unlabelled; ratings outside of all listed ones are none.
fn class_of_rating(rating: &str, scheme: &LabelScheme) -> Result<Option<i8>, InvalidLabel> {
    if let Some(class) = scheme.from_rating.get(rating) {
        return Ok(Some(*class));
    }
    let stars = stars(rating).ok_or(InvalidLabel::NotANumber)?;
    let listed = || scheme.from_rating.iter().filter_map(|(key, class)| Some((key.parse::<f64>().ok()?, *class)));
    if let Some((_, class)) = listed().find(|(key, _)| *key == stars) {
        return Ok(Some(class));
    }
    let below = listed().any(|(key, _)| key < stars);
    let above = listed().any(|(key, _)| key > stars);
    if below && above { Ok(None) } else { Err(InvalidLabel::OutOfRange) }
}

/// Number of stars: `4`, `4.0`, `4 stars`, `4.0 out of 5 stars`, `4/5`, `⭐⭐⭐⭐`, `★★★★☆`.
fn stars(rating: &str) -> Option<f64> {
    let rating = rating.trim_end_matches("stars").trim_end_matches("star").trim_end();
    let rating = rating.trim_end_matches("/5").trim_end_matches("out of 5").trim_end();
    let number = rating.parse().ok().filter(|number: &f64| number.is_finite());
    number.or_else(|| drawn_stars(rating))
}

fn drawn_stars(rating: &str) -> Option<f64> {
    let is_full = |char: char| matches!(char, '⭐' | '★' | '🌟');
    let is_empty = |char: char| matches!(char, '☆' | '\u{fe0f}' | ' ');
    let num_full = rating.chars().filter(|char| is_full(*char)).count();
    let all_stars = rating.chars().all(|char| is_full(char) || is_empty(char));
    (all_stars && num_full > 0).then_some(num_full as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(label: Option<&str>, rating: Option<&str>) -> Result<Option<i8>, InvalidLabel> {
        class_of(label, rating, &LabelScheme::default())
    }

    #[test]
    fn labels_and_stars_become_classes() {
        for label in ["2", " 2.0 "] {
            assert_eq!(class(Some(label), None), Ok(Some(2)), "{label}");
        }
        assert_eq!(class(Some("5"), None), Ok(Some(5)), "a scheme may have five classes");
        for rating in ["5", "5.0", " 4 ", "5 stars", "5.0 out of 5 stars", "4/5", "⭐⭐⭐⭐⭐", "★★★★☆", "⭐️⭐️⭐️⭐️"]
        {
            assert_eq!(class(None, Some(rating)), Ok(Some(2)), "{rating}");
            assert_eq!(class(Some(""), Some(rating)), Ok(Some(2)), "{rating}");
        }
        assert_eq!(class(None, Some("1 star")), Ok(Some(1)));
        for (label, rating) in
            [(None, None), (None, Some("3")), (None, Some("4.5")), (Some(" "), Some("")), (Some("⭐⭐⭐"), None)]
        {
            assert_eq!(class(label, rating), Ok(None), "{label:?} {rating:?}");
        }
    }

    #[test]
    fn what_is_no_class_is_refused() {
        for wrong in ["7", "0", "-1", "1e9", "⭐⭐⭐⭐⭐⭐"] {
            assert_eq!(class(Some(wrong), None), Err(InvalidLabel::OutOfRange), "{wrong}");
            assert_eq!(class(None, Some(wrong)), Err(InvalidLabel::OutOfRange), "{wrong}");
        }
        for wrong in ["abc", "2024-01-31", "NaN stars", "☆☆", "8/10", "stars", "positive"] {
            assert_eq!(class(Some(wrong), None), Err(InvalidLabel::NotANumber), "{wrong}");
            assert_eq!(class(None, Some(wrong)), Err(InvalidLabel::NotANumber), "{wrong}");
        }
        assert_eq!(class(Some("1.5"), None), Err(InvalidLabel::NotANumber));
        assert!(class(Some("NaN"), None).is_err() && class(None, Some("NaN")).is_err());
    }

    #[test]
    fn the_stars_decide_over_a_label_beside_them_unless_the_scheme_does_not_know_them() {
        assert_eq!(class(Some("-1"), Some("5")), Ok(Some(2)));
        assert_eq!(class(Some("1"), Some("5")), Ok(Some(2)));
        assert_eq!(class(Some("5"), Some("3")), Ok(None));
        assert_eq!(class(Some("2"), Some("n/a")), Ok(Some(2)));
        assert_eq!(class(Some("2"), Some("9")), Ok(Some(2)));
        assert!(class(Some("9"), Some("9")).is_err());
    }
}

//! From what sources write to typed values.

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;

/// Numbers from here on are milliseconds: as seconds they would lie beyond the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

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

/// Milliseconds since 1970 (UTC) of Unix seconds, Unix milliseconds, an ISO 8601 date or the `09 13, 2009` of 2014;
/// none for anything else.
pub(crate) fn milliseconds(value: &str) -> Option<i64> {
    let value = value.trim();
    match value.parse::<f64>() {
        Ok(number) if number.abs() < 1e15 => {
            let number = number as i64;
            Some(if number.abs() < FIRST_MILLISECONDS { number * 1_000 } else { number })
        }
        Ok(_) => None,
        Err(_) => milliseconds_of_date(value).or_else(|| milliseconds_of_date(&iso_date(value)?)),
    }
}

fn milliseconds_of_date(value: &str) -> Option<i64> {
    string_to_timestamp_nanos(value).ok().map(|nanos| nanos.div_euclid(1_000_000))
}

/// `2009-09-03` for `09 3, 2009`.
fn iso_date(value: &str) -> Option<String> {
    let (day_of_month, year) = value.split_once(", ")?;
    let (month, day) = day_of_month.split_once(' ')?;
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(milliseconds("07 9, 2015"), Some(1_436_400_000_000));
        assert_eq!(["yesterday", "", "1e99", "Born, 2015", "a b, c"].map(milliseconds), [None; 5]);
    }
}

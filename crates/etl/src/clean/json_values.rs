//! The values that matter of one JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::columns::{FieldNames, Values};

/// Reads the configured fields of one line, and nothing else of it.
///
/// # Errors
/// What the parser says. Its message may quote the line: show its position only.
pub(crate) fn json_values<'a>(line: &'a str, names: &FieldNames) -> serde_json::Result<Values<'a>> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let values = Picker(names).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(values)
}

struct Picker<'n>(&'n FieldNames);

impl<'de> DeserializeSeed<'de> for Picker<'_> {
    type Value = Values<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Picker<'_> {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = Values::default();
        let mut ranks = crate::columns::PerField::<usize>::default();
        while let Some(Text(name)) = map.next_key()? {
            match self.0.find(&name) {
                // Ranks are kept from 1 on, so that the default means "not seen yet".
                Some((field, rank)) if *ranks.get(field) == 0 || rank < *ranks.get(field) - 1 => {
                    let Scalar(value) = map.next_value()?;
                    if value.is_some() {
                        *ranks.get_mut(field) = rank + 1;
                        *values.get_mut(field) = value;
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// A string, borrowed from the line where it holds no escape.
struct Text<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Scalar(value) = deserializer.deserialize_str(ScalarVisitor)?;
        Ok(Self(value.unwrap_or_default()))
    }
}

/// A value as text: numbers and booleans as they are written, of a list its first scalar (`"helpful": [2, 3]`),
/// nothing for null and for objects.
struct Scalar<'a>(Option<Cow<'a, str>>);

impl<'de> serde::Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(value))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Owned(value.to_owned()))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(value.to_string().into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(value.to_string().into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar(Some(value.to_string().into())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar(Some(Cow::Borrowed(if value { "true" } else { "false" }))))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let first = list.next_element::<Scalar<'de>>()?.and_then(|Scalar(value)| value);
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar(first))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }
}

#[cfg(test)]
mod tests {
    use tamiz_domain::Columns;

    use super::*;
    use crate::columns::Field;

    fn values(line: &str) -> Vec<Option<String>> {
        let values = json_values(line, &FieldNames::new(&Columns::default())).unwrap();
        let wanted = [Field::Rating, Field::Text, Field::HelpfulVote, Field::VerifiedPurchase, Field::Title];
        wanted.map(|field| values.get(field).as_ref().map(ToString::to_string)).into()
    }

    #[test]
    fn fields_of_every_generation_are_found() {
        let of = |parts: [Option<&str>; 5]| parts.map(|part| part.map(str::to_owned)).to_vec();
        assert_eq!(
            values(r#"{"overall": 5.0, "reviewText": "a\n\"b\"", "vote": "1,234", "verified": true, "summary": null}"#),
            of([Some("5"), Some("a\n\"b\""), Some("1,234"), Some("true"), None])
        );
        assert_eq!(
            values(r#"{"rating": 4, "text": "ñ", "images": [{"a": 1}], "helpful_vote": [2, 3], "title": "null"}"#),
            of([Some("4"), Some("ñ"), Some("2"), None, Some("null")])
        );
    }

    #[test]
    fn of_two_names_the_one_configured_first_wins_unless_it_is_null() {
        assert_eq!(values(r#"{"body": "b", "text": "t", "review": "r"}"#)[1].as_deref(), Some("t"));
        assert_eq!(values(r#"{"body": "b", "text": null}"#)[1].as_deref(), Some("b"));
    }

    #[test]
    fn broken_lines_are_refused() {
        let names = FieldNames::new(&Columns::default());
        for line in ["", "{", "[1]", "\"text\"", r#"{"text": "a"} x"#, r#"{"text": "a",}"#] {
            assert!(json_values(line, &names).is_err(), "{line}");
        }
    }
}

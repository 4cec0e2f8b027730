//! The columns of a file, and what each is read as: for people, who see in it what was not recognised.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use tamiz_domain::SourceColumn;
use tamiz_text::redact::shorten;

use crate::columns::{Field, FieldNames};
use crate::read::framing::{Framed, Horizon};
use crate::read::shape::{Records, Shape};
use crate::read::sniff::{FASTTEXT_LABEL, Layout};
use crate::read::table::SAMPLE_RECORDS;

/// Columns told of; `etl.json` stays small.
const MAX_COLUMNS: usize = 100;
/// Characters of a name.
const MAX_NAME_CHARS: usize = 60;

/// Columns of a file that begins like this, in the order of the file.
pub(crate) fn source_columns(layout: &Layout, sample: &[u8], names: &FieldNames) -> Vec<SourceColumn> {
    let known = |name: &str, field: Field| SourceColumn { name: name.to_owned(), field: Some(field.name().to_owned()) };
    match &layout.shape.records {
        Records::FastText => vec![known(FASTTEXT_LABEL, Field::Label), known("text", Field::Text)],
        Records::Delimited(table) if table.is_polarity => {
            let columns = [("column 1", Field::Label), ("column 2", Field::Title), ("column 3", Field::Text)];
            columns.map(|(name, field)| known(name, field)).into()
        }
        Records::Delimited(table) => named_columns(&table.columns, names),
        Records::JsonLines | Records::Json { .. } => {
            named_columns(&keys(&layout.shape, sample.get(layout.skip..).unwrap_or_default()), names)
        }
    }
}

/// Columns of these names. Where several could be read as the same field, the one that is says so.
pub(crate) fn named_columns(columns: &[String], names: &FieldNames) -> Vec<SourceColumn> {
    let positions = names.positions(columns.iter().map(String::as_str));
    let field = |at: usize| positions.found().find(|(_, position)| *position == at).map(|(field, _)| field);
    let column = |(at, name): (usize, &String)| SourceColumn {
        name: shorten(name.trim(), MAX_NAME_CHARS).into_owned(),
        field: field(at).map(|field| field.name().to_owned()),
    };
    columns.iter().enumerate().take(MAX_COLUMNS).map(column).collect()
}

/// Keys of the first objects, in the order in which they appear.
fn keys(shape: &Shape, mut rest: &[u8]) -> Vec<String> {
    let framing = shape.framing();
    let mut found = Vec::new();
    for _ in 0..SAMPLE_RECORDS {
        match framing.frame(rest, Horizon::Open) {
            Framed::Record { content, consumed, .. } => {
                let Keys(keys) = serde_json::from_slice(&rest[..content]).unwrap_or_default();
                for key in keys {
                    if !found.contains(&key) && found.len() < MAX_COLUMNS {
                        found.push(key);
                    }
                }
                rest = &rest[consumed..];
            }
            Framed::Blank(length) => rest = &rest[length..],
            Framed::Incomplete => break,
        }
        if rest.is_empty() {
            break;
        }
    }
    found
}

/// The keys of an object, whatever its values are.
#[derive(Default)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

#[cfg(test)]
mod tests {
    use tamiz_domain::{Columns, LabelScheme};

    use super::*;
    use crate::read::container::Origin;
    use crate::read::sniff::sniff;

    fn columns(text: &str) -> Vec<String> {
        let names = FieldNames::new(&Columns::default());
        let layout = sniff(text.as_bytes(), true, Origin::Text, &names, &LabelScheme::default()).unwrap();
        let tell = |column: SourceColumn| match column.field {
            Some(field) => format!("{}={field}", column.name),
            None => column.name,
        };
        source_columns(&layout, text.as_bytes(), &names).into_iter().map(tell).collect()
    }

    #[test]
    fn a_header_tells_what_is_read_and_what_is_not() {
        let found = columns("Id,Stars, reviewText ,body,colour\n1,5,good,better,red\n");
        assert_eq!(found, ["Id", "Stars=rating", "reviewText=text", "body", "colour"]);
    }

    #[test]
    fn keys_of_all_objects_are_columns_in_any_layout() {
        let lines = "{\"text\":\"a\",\"overall\":5}\nbroken\n{\"images\":[{\"x\":1}],\"text\":\"b\"}\n";
        assert_eq!(columns(lines), ["text=text", "overall=rating", "images"]);
        assert_eq!(columns("[{\"text\": \"a\"},\n {\"asin\": \"B\", \"text\": \"b\"}]"), ["text=text", "asin=asin"]);
    }

    #[test]
    fn files_without_names_have_their_order() {
        assert_eq!(columns("\"2\",\"t\",\"b\"\n"), ["column 1=label", "column 2=title", "column 3=text"]);
        assert_eq!(columns("__label__1 a: b\n__label__2 c: d\n"), ["__label__=label", "text=text"]);
    }
}

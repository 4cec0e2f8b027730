//! Entities as a Parquet file has them: lists of `{kind, start, end}`, as `predictions/` has them too. Pure.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, UInt32Type};

use super::columns::cast_to;

/// An entity by the name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NamedSpan {
    /// First character, counted in Unicode code points from 0.
    pub start: u32,
    /// Behind the last character.
    pub end: u32,
    /// What it is.
    pub kind: String,
}

/// Whether a column may hold entities.
pub(super) fn are_entities(kind: &DataType) -> bool {
    matches!(kind, DataType::List(item) | DataType::LargeList(item) if matches!(item.data_type(), DataType::Struct(_)))
}

/// The same column with nothing but kind, start and end of each entity.
///
/// # Errors
/// What is wrong with it.
pub(super) fn uniform(column: &ArrayRef, name: &str) -> Result<ArrayRef, String> {
    let item = match column.data_type() {
        DataType::List(item) | DataType::LargeList(item) => item.clone(),
        other => return Err(format!("its column `{name}` is {other}, not a list of entities")),
    };
    let column = cast(column, &DataType::List(item)).map_err(|error| format!("its column `{name}`: {error}"))?;
    let list = column.as_list::<i32>();
    let entities = list.values().as_struct();
    let part = |part: &str, kind: &DataType| {
        let column = entities
            .column_by_name(part)
            .ok_or_else(|| format!("its column `{name}` holds lists of entities without `{part}`"))?;
        cast_to(column, &format!("{name}.{part}"), kind)
    };
    let numbers = DataType::UInt32;
    let parts = [part("kind", &DataType::Utf8)?, part("start", &numbers)?, part("end", &numbers)?];
    if entities.null_count() + parts.iter().map(Array::null_count).sum::<usize>() > 0 {
        return Err(format!("its column `{name}` holds an entity without kind, start or end"));
    }
    let fields: Fields =
        ["kind", "start", "end"].into_iter().zip(&parts).map(|(name, part)| field(name, part)).collect();
    let entities = StructArray::new(fields.clone(), parts.to_vec(), None);
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), false));
    let list = ListArray::try_new(item, list.offsets().clone(), Arc::new(entities), list.nulls().cloned());
    Ok(Arc::new(list.map_err(|error| format!("its column `{name}`: {error}"))?))
}

fn field(name: &str, part: &ArrayRef) -> Field {
    Field::new(name, part.data_type().clone(), false)
}

/// The entities of each row of a [`uniform`] column, in the order of the text.
///
/// # Errors
/// The row, counted from 0 among these, and what is wrong with its entities.
pub(super) fn spans(column: &ArrayRef, texts: &StringArray) -> Result<Vec<Vec<NamedSpan>>, (usize, String)> {
    let list = column.as_list::<i32>();
    let of_row = |row: usize| {
        let entities = list.value(row);
        let entities = entities.as_struct();
        let kinds = entities.column(0).as_string::<i32>();
        let [starts, ends] = [1, 2].map(|at| entities.column(at).as_primitive::<UInt32Type>().values());
        let span = |at: usize| NamedSpan { start: starts[at], end: ends[at], kind: kinds.value(at).to_owned() };
        let mut spans: Vec<NamedSpan> = (0..entities.len()).map(span).collect();
        spans.sort_unstable();
        match problem(&spans, texts.value(row)) {
            Some(why) => Err((row, why)),
            None => Ok(spans),
        }
    };
    (0..list.len()).map(of_row).collect()
}

/// What is wrong with the entities of a text.
fn problem(spans: &[NamedSpan], text: &str) -> Option<String> {
    let named = |span: &NamedSpan| format!("the entity `{}` from {} to {}", span.kind, span.start, span.end);
    let characters = text.chars().count();
    let outside = spans.iter().find(|span| span.start >= span.end || span.end as usize > characters);
    if let Some(span) = outside {
        return Some(format!("{} is no part of its text of {characters} characters", named(span)));
    }
    if let Some(span) = spans.iter().find(|span| span.kind.is_empty()) {
        return Some(format!("{} has no kind", named(span)));
    }
    let overlaps = |pair: &&[NamedSpan]| pair[0].end > pair[1].start;
    spans.windows(2).find(overlaps).map(|pair| format!("{} lies over {}", named(&pair[0]), named(&pair[1])))
}

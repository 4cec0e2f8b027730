//! Labelled rows, by number.

use std::collections::BTreeSet;

use tamiz_domain::LabelMap;

use super::columns::Block;
use super::label::{Label, Spans};

/// A labelled review.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row<'a> {
    /// Title and body.
    pub text: &'a str,
    /// What it is labelled with.
    pub label: Label<'a>,
    /// Stable id, if the file has one.
    pub id: Option<&'a str>,
    /// Provenance, if the file has it.
    pub source: Option<&'a str>,
    /// Record number in the source.
    pub number: Option<u64>,
    /// Language (ISO 639-1), if the file tells.
    pub language: Option<&'a str>,
    /// Whether the shop saw the purchase.
    pub verified: Option<bool>,
}

/// Labelled rows. They lie in a file that is mapped into memory, so that the system keeps as much of them there as there is room for.
#[derive(Debug)]
pub(crate) struct Rows {
    blocks: Vec<Block>,
    /// First row of each block, and at last the number of rows.
    starts: Vec<usize>,
    labels: LabelMap,
    /// The labels, where they are entities and no classes.
    entities: Option<Spans>,
}

impl Rows {
    pub(super) fn new(blocks: Vec<Block>, labels: LabelMap, entities: Option<Spans>) -> Self {
        let mut starts = vec![0];
        starts.extend(blocks.iter().scan(0, |sum, block| {
            *sum += block.labels.values().len();
            Some(*sum)
        }));
        Self { blocks, starts, labels, entities }
    }

    /// Whether labels are entities and no classes.
    pub fn have_entities(&self) -> bool {
        self.entities.is_some()
    }

    /// Every class or kind of entity that occurs.
    pub fn labels(&self) -> &LabelMap {
        &self.labels
    }

    /// Every class or kind of entity of some of the rows.
    pub fn labels_of(&self, which: &[usize]) -> LabelMap {
        let occurring: BTreeSet<i8> = self.pick(which).flat_map(|row| row.label.classes()).collect();
        // Numbers are named by which of them there are.
        if self.labels == LabelMap::of_values(self.labels.0.iter().map(|class| class.value)) {
            return LabelMap::of_values(occurring);
        }
        LabelMap(self.labels.0.iter().filter(|class| occurring.contains(&class.value)).cloned().collect())
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row; as with slices, there must be as many.
    pub fn get(&self, row: usize) -> Row<'_> {
        let at = self.starts.partition_point(|&start| start <= row) - 1;
        let entities = self.entities.as_ref().map(|spans| Label::Entities(spans.of_row(row)));
        let (block, at) = (&self.blocks[at], row - self.starts[at]);
        Row {
            text: block.texts.value(at),
            label: entities.unwrap_or_else(|| Label::Class(block.labels.value(at))),
            id: text(&block.ids, at),
            source: text(&block.sources, at),
            number: value(&block.numbers, at).map(|at| block.numbers.value(at)),
            language: text(&block.languages, at),
            verified: value(&block.verified, at).map(|at| block.verified.value(at)),
        }
    }

    /// All rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Some of the rows, in the order in which they are named.
    pub fn pick<'a>(&'a self, rows: &'a [usize]) -> impl ExactSizeIterator<Item = Row<'a>> + Clone {
        rows.iter().map(|&row| self.get(row))
    }
}

fn value(column: &dyn arrow::array::Array, at: usize) -> Option<usize> {
    column.is_valid(at).then_some(at)
}

fn text(column: &arrow::array::StringArray, at: usize) -> Option<&str> {
    value(column, at).map(|at| column.value(at))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int8Array, RecordBatch, StringArray};

    use super::super::columns::{labelled, numbered};
    use super::*;

    /// Rows of texts and labels, in blocks of two.
    pub(crate) fn rows<T: AsRef<str>>(of: &[(T, i8)]) -> Rows {
        let block = |rows: &[(T, i8)]| {
            let texts: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(text, _)| text)));
            let labels: ArrayRef = Arc::new(Int8Array::from_iter_values(rows.iter().map(|(_, label)| *label)));
            let batch = RecordBatch::try_from_iter([("text", texts), ("label", labels.clone())]).unwrap();
            let (batch, _) = labelled(&batch, "label", 0).unwrap();
            Block::of(&numbered(&batch, Int8Array::from(labels.to_data())).unwrap())
        };
        Rows::new(of.chunks(2).map(block).collect(), LabelMap::of_values(of.iter().map(|(_, label)| *label)), None)
    }

    #[test]
    fn rows_are_found_by_number_across_blocks() {
        let all = rows(&[("a", 1), ("b", 2), ("c", 1), ("d", 2), ("e", 1)]);
        assert_eq!((all.len(), all.is_empty(), rows::<&str>(&[]).len()), (5, false, 0));
        let texts: Vec<&str> = all.iter().map(|row| row.text).collect();
        assert_eq!(texts, ["a", "b", "c", "d", "e"]);
        let picked: Vec<(&str, Label<'_>)> = all.pick(&[4, 1]).map(|row| (row.text, row.label)).collect();
        assert_eq!(picked, [("e", Label::Class(1)), ("b", Label::Class(2))]);
        let first = all.get(0);
        assert_eq!((first.id, first.number, first.verified), (None, None, None), "the file lacked them");
    }
}

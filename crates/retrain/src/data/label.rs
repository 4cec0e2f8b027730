//! What a text is labelled with: a class, or entities.

use tamiz_domain::MetricSet;

/// Stands for no label; no row has it.
pub(crate) const NO_LABEL: i8 = MetricSet::NOTHING;

/// An entity in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// First character, counted in Unicode code points from 0.
    pub start: u32,
    /// Behind the last character.
    pub end: u32,
    /// Number of its kind among the rows' labels.
    pub kind: i8,
}

/// What a text is labelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label<'a> {
    /// A class.
    Class(i8),
    /// The entities in it, in its order.
    Entities(&'a [Span]),
}

impl<'a> Label<'a> {
    /// Its class, or the kinds of its entities.
    pub fn classes(self) -> impl Iterator<Item = i8> + use<'a> {
        let (class, spans) = match self {
            Self::Class(class) => (Some(class), &[][..]),
            Self::Entities(spans) => (None, spans),
        };
        class.into_iter().chain(spans.iter().map(|span| span.kind))
    }
}

/// What a model says of a text, in the numbers of the rows' labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A class; [`NO_LABEL`] where it says nothing.
    Class(i8),
    /// Entities, in the order of the text.
    Entities(Vec<Span>),
}

impl Answer {
    /// The label of a row that it is right of.
    pub fn as_label(&self) -> Label<'_> {
        match self {
            Self::Class(class) => Label::Class(*class),
            Self::Entities(spans) => Label::Entities(spans),
        }
    }
}

/// The entities of many rows, by number.
#[derive(Debug, Default)]
pub(super) struct Spans {
    spans: Vec<Span>,
    /// Behind the last entity of each row.
    ends: Vec<usize>,
}

impl Spans {
    /// Adds a row.
    pub fn push(&mut self, spans: impl IntoIterator<Item = Span>) {
        self.spans.extend(spans);
        self.ends.push(self.spans.len());
    }

    /// The entities of a row; as with slices, there must be as many.
    pub fn of_row(&self, row: usize) -> &[Span] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.spans[start..self.ends[row]]
    }

    /// Gives every kind another number.
    pub fn renumber(&mut self, number: impl Fn(i8) -> i8) {
        self.spans.iter_mut().for_each(|span| span.kind = number(span.kind));
    }
}

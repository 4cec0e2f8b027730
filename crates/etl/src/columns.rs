//! Which of a source's columns holds which field.

use std::borrow::Cow;
use std::collections::HashMap;

use tamiz_domain::{Columns, MAX_TARGETS};

/// A field that Tamiz reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Label,
    Rating,
    Title,
    Text,
    Asin,
    ParentAsin,
    HelpfulVote,
    VerifiedPurchase,
    Timestamp,
    User,
    /// A further label, by its number.
    Target(u8),
}

const NUM_OWN_FIELDS: usize = 10;
const NUM_FIELDS: usize = NUM_OWN_FIELDS + MAX_TARGETS;
const OWN_FIELDS: [Field; NUM_OWN_FIELDS] = [
    Field::Label,
    Field::Rating,
    Field::Title,
    Field::Text,
    Field::Asin,
    Field::ParentAsin,
    Field::HelpfulVote,
    Field::VerifiedPurchase,
    Field::Timestamp,
    Field::User,
];

impl Field {
    /// Name of the column that it goes to; stars become a label.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Rating => "rating",
            Self::Title => "title",
            Self::Text => "text",
            Self::Asin => "asin",
            Self::ParentAsin => "parent_asin",
            Self::HelpfulVote => "helpful_vote",
            Self::VerifiedPurchase => "verified_purchase",
            Self::Timestamp => "timestamp",
            Self::User => "user",
            Self::Target(_) => "target",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Label => 0,
            Self::Rating => 1,
            Self::Title => 2,
            Self::Text => 3,
            Self::Asin => 4,
            Self::ParentAsin => 5,
            Self::HelpfulVote => 6,
            Self::VerifiedPurchase => 7,
            Self::Timestamp => 8,
            Self::User => 9,
            Self::Target(number) => NUM_OWN_FIELDS + usize::from(number),
        }
    }

    /// Every field.
    fn all() -> impl Iterator<Item = Self> {
        OWN_FIELDS.into_iter().chain((0..MAX_TARGETS as u8).map(Self::Target))
    }
}

/// Something for each field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PerField<T>([T; NUM_FIELDS]);

impl<T> PerField<T> {
    pub(crate) fn get(&self, field: Field) -> &T {
        &self.0[field.index()]
    }

    pub(crate) fn get_mut(&mut self, field: Field) -> &mut T {
        &mut self.0[field.index()]
    }
}

/// A record's values as the source wrote them; none for what it lacks. Empty text is a value here.
pub(crate) type Values<'a> = PerField<Option<Cow<'a, str>>>;

impl Values<'_> {
    /// The values, for longer than the text that they were read from.
    pub(crate) fn into_owned(self) -> Values<'static> {
        PerField(self.0.map(|value| value.map(|value| Cow::Owned(value.into_owned()))))
    }
}

/// Position of each field among a delimited record's fields.
pub(crate) type Positions = PerField<Option<usize>>;

/// The configured names, compared without case.
#[derive(Debug, Clone)]
pub(crate) struct FieldNames {
    by_name: HashMap<String, (Field, usize)>,
}

impl FieldNames {
    pub(crate) fn new(columns: &Columns) -> Self {
        let lists = [
            (Field::Label, &columns.label),
            (Field::Rating, &columns.rating),
            (Field::Title, &columns.title),
            (Field::Text, &columns.text),
            (Field::Asin, &columns.asin),
            (Field::ParentAsin, &columns.parent_asin),
            (Field::HelpfulVote, &columns.helpful_vote),
            (Field::VerifiedPurchase, &columns.verified_purchase),
            (Field::Timestamp, &columns.timestamp),
            (Field::User, &columns.user),
        ];
        let mut by_name = HashMap::new();
        // First: who names a further label wants it to be one, whatever else could be read from it.
        for (number, name) in columns.targets.iter().take(MAX_TARGETS).enumerate() {
            by_name.insert(name.trim().to_lowercase(), (Field::Target(number as u8), 0));
        }
        for (field, names) in lists {
            for (rank, name) in names.iter().enumerate() {
                by_name.entry(name.to_lowercase()).or_insert((field, rank));
            }
        }
        Self { by_name }
    }

    /// The field of this name and the name's rank in the configured order: the lower one wins.
    pub(crate) fn find(&self, name: &str) -> Option<(Field, usize)> {
        // Most names are lower case already; only the others pay for a copy.
        self.by_name.get(name).or_else(|| self.by_name.get(&name.trim().to_lowercase())).copied()
    }

    /// Where a header holds each field.
    pub(crate) fn positions<'a>(&self, header: impl IntoIterator<Item = &'a str>) -> Positions {
        let mut ranks = PerField([usize::MAX; NUM_FIELDS]);
        let mut positions = Positions::default();
        for (position, name) in header.into_iter().enumerate() {
            if let Some((field, rank)) = self.find(name)
                && rank < *ranks.get(field)
            {
                *ranks.get_mut(field) = rank;
                *positions.get_mut(field) = Some(position);
            }
        }
        positions
    }
}

impl Positions {
    /// The headerless Amazon polarity order: class, title, text.
    pub(crate) fn polarity() -> Self {
        let mut positions = Self::default();
        for (position, field) in [Field::Label, Field::Title, Field::Text].into_iter().enumerate() {
            *positions.get_mut(field) = Some(position);
        }
        positions
    }

    /// Each field that has a position, with it.
    pub(crate) fn found(&self) -> impl Iterator<Item = (Field, usize)> + '_ {
        Field::all().filter_map(|field| Some((field, (*self.get(field))?)))
    }

    /// Number of fields that have a position.
    pub(crate) fn num_found(&self) -> usize {
        self.found().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_match_without_case_and_the_earlier_configured_name_wins() {
        let names = FieldNames::new(&Columns::default());
        let positions = names.positions(["Id", "BODY", " Text ", "overall", "reviewText"]);
        assert_eq!(*positions.get(Field::Text), Some(2));
        assert_eq!(*positions.get(Field::Rating), Some(3));
        assert_eq!(*positions.get(Field::Title), None);
        assert_eq!(positions.num_found(), 2);
    }
}

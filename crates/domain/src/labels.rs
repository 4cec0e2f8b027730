//! The classes of a model, in the order of its scores.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// One class: the value found in the `label` column and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelClass {
    /// Value in the `label` and `predicted` columns.
    pub value: i8,
    /// Name shown to people.
    pub name: String,
}

/// The classes of a model; the position of a class is its index in `scores`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelMap(pub Vec<LabelClass>);

impl LabelMap {
    /// The map of the label values found in training data, in ascending order, with the usual names:
    /// polarity 1 and 2 are negative and positive, other values are named by their number.
    pub fn of_values(values: impl IntoIterator<Item = i8>) -> Self {
        let mut values: Vec<i8> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        let polarity = values == [1, 2];
        let name = |value: i8| match (polarity, value) {
            (true, 1) => "negative".to_owned(),
            (true, 2) => "positive".to_owned(),
            _ => value.to_string(),
        };
        Self(values.into_iter().map(|value| LabelClass { value, name: name(value) }).collect())
    }

    /// The map of class names found in training data: ascending, numbered from 0. None where there are more than numbers.
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let class =
            |(at, name): (usize, &str)| Some(LabelClass { value: i8::try_from(at).ok()?, name: name.to_owned() });
        names.into_iter().enumerate().map(class).collect::<Option<_>>().map(Self)
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no class.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two classes have one value or one name.
    pub fn has_repeats(&self) -> bool {
        let repeats = |(at, class): (usize, &LabelClass)| {
            self.0[..at].iter().any(|other| other.value == class.value || other.name == class.name)
        };
        self.0.iter().enumerate().any(repeats)
    }

    /// Position of a label value among the scores.
    pub fn index_of(&self, value: i8) -> Option<usize> {
        self.0.iter().position(|class| class.value == value)
    }

    /// Name of a label value; the number itself for a value that the map lacks.
    pub fn name_of(&self, value: i8) -> String {
        self.index_of(value).map_or_else(|| value.to_string(), |index| self.0[index].name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polarity_is_named_and_stars_are_numbered() {
        assert_eq!(LabelMap::of_values([2, 1, 2]).name_of(1), "negative");
        assert_eq!(LabelMap::of_values([5, 1, 3]).name_of(5), "5");
        assert_eq!(LabelMap::of_values([5, 1, 3]).index_of(3), Some(1));
    }

    #[test]
    fn names_are_numbered_in_their_order() {
        let labels = LabelMap::of_names(["praise", "fault", "praise"]).unwrap();
        assert_eq!((labels.len(), labels.name_of(0), labels.index_of(1)), (2, "fault".into(), Some(1)));
        let many: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        assert_eq!(LabelMap::of_names(many.iter().map(String::as_str)), None);
    }
}

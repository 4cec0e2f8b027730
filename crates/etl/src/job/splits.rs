//! Where the records of a run are cut into splits, each of which becomes one part.
//!
//! A split is a number of records that follow each other, over small files as they come. The cuts depend on the sizes of
//! the objects and the number of records alone, so that parts are the same however many workers make them.

/// Objects are taken together until they are this large; then a split ends with its object, so that a worker may begin
/// there without reading what comes before.
const GROUP_BYTES: u64 = 64 << 20;

/// Numbers splits while records go by.
#[derive(Debug)]
pub(crate) struct Splits {
    records_per_split: usize,
    /// For each object whether a split has to begin with it.
    begins_group: Vec<bool>,
    current: usize,
    num_records: usize,
}

impl Splits {
    /// Splits of at most `records_per_split` records over objects of these sizes in bytes.
    pub(crate) fn new(records_per_split: usize, sizes: impl IntoIterator<Item = u64>) -> Self {
        Self { records_per_split, begins_group: group_beginnings(sizes), current: 0, num_records: 0 }
    }

    /// The same, where the records before split `first` are not read.
    pub(crate) fn starting_at(self, first: usize) -> Self {
        Self { current: first, ..self }
    }

    /// Number of the split at hand.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// Records that it has room for.
    pub(crate) fn room(&self) -> usize {
        self.records_per_split - self.num_records
    }

    /// Records go by that there was room for.
    pub(crate) fn advance(&mut self, num_records: usize) {
        self.num_records += num_records;
        if self.room() == 0 {
            self.cut();
        }
    }

    /// The records that follow are those of object `index`.
    pub(crate) fn begin_object(&mut self, index: usize) {
        if self.begins_group.get(index) == Some(&true) && self.num_records > 0 {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.current += 1;
        self.num_records = 0;
    }
}

fn group_beginnings(sizes: impl IntoIterator<Item = u64>) -> Vec<bool> {
    let mut bytes = GROUP_BYTES;
    let begins = |size: u64| {
        let begins = bytes >= GROUP_BYTES;
        bytes = if begins { size } else { bytes.saturating_add(size) };
        begins
    };
    sizes.into_iter().map(begins).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_ends_when_it_is_full_whatever_the_file() {
        let mut splits = Splits::new(10, [1, 1]);
        splits.begin_object(0);
        splits.advance(7);
        splits.begin_object(1);
        assert_eq!((splits.current(), splits.room()), (0, 3));
        splits.advance(3);
        assert_eq!((splits.current(), splits.room()), (1, 10));
    }

    #[test]
    fn large_objects_begin_with_a_split_and_small_ones_share() {
        let large = GROUP_BYTES;
        assert_eq!(group_beginnings([1, 2, large, 1, large - 1, 3]), [true, false, false, true, false, true]);
        let mut splits = Splits::new(10, [large, 1]);
        splits.begin_object(0);
        splits.advance(4);
        splits.begin_object(1);
        assert_eq!((splits.current(), splits.room()), (1, 10));
    }

    #[test]
    fn an_object_without_records_makes_no_empty_split() {
        let mut splits = Splits::new(10, [GROUP_BYTES, GROUP_BYTES]);
        splits.begin_object(0);
        splits.begin_object(1);
        assert_eq!(splits.current(), 0);
    }
}

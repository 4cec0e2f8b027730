//! Which shards a child of an array job takes.

/// A child's place in its array job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Index of the child, from 0.
    pub index: usize,
    /// Number of children; 1 for a plain job.
    pub size: usize,
}

impl Assignment {
    /// A plain job: everything is its own.
    pub const ALONE: Self = Self { index: 0, size: 1 };

    /// The shards of this child, dealt out round robin: `index`, `index + size`, …
    pub fn shards(self, num_shards: usize) -> impl Iterator<Item = usize> {
        (self.index..num_shards).step_by(self.size.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_belongs_to_exactly_one_child() {
        for num_shards in 0..20 {
            for size in 1..7 {
                let mut taken: Vec<usize> =
                    (0..size).flat_map(|index| Assignment { index, size }.shards(num_shards)).collect();
                taken.sort_unstable();
                assert_eq!(taken, (0..num_shards).collect::<Vec<_>>(), "{num_shards} shards, {size} children");
            }
        }
    }
}

//! How many rows have how many tokens.

use serde::Serialize;

/// Rows whose number of tokens lies in a range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LengthBin {
    /// Fewest tokens.
    pub from: u64,
    /// Most tokens.
    pub to: u64,
    /// Rows.
    pub rows: u64,
}

/// Counts rows in bins that double: 0, 1, 2–3, 4–7, 8–15 and so on.
#[derive(Debug, Default)]
pub struct LengthHistogram {
    rows: Vec<u64>,
}

impl LengthHistogram {
    /// Counts a row.
    pub fn add(&mut self, num_tokens: u64) {
        let bin = (u64::BITS - num_tokens.leading_zeros()) as usize;
        if self.rows.len() <= bin {
            self.rows.resize(bin + 1, 0);
        }
        self.rows[bin] += 1;
    }

    /// The bins between the shortest and the longest row; those between them that hold nothing, too.
    pub fn into_bins(self) -> Vec<LengthBin> {
        let bin = |(bin, rows): (usize, u64)| match bin {
            0 => LengthBin { from: 0, to: 0, rows },
            _ => LengthBin { from: 1 << (bin - 1), to: (1 << (bin - 1)) * 2 - 1, rows },
        };
        self.rows.into_iter().enumerate().map(bin).skip_while(|bin| bin.rows == 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_double_and_leave_no_gap() {
        let mut histogram = LengthHistogram::default();
        [3, 2, 9, 0, 1].into_iter().for_each(|length| histogram.add(length));
        let bins: Vec<_> = histogram.into_bins().iter().map(|bin| (bin.from, bin.to, bin.rows)).collect();
        assert_eq!(bins, [(0, 0, 1), (1, 1, 1), (2, 3, 2), (4, 7, 0), (8, 15, 1)]);
        assert!(LengthHistogram::default().into_bins().is_empty());
    }
}

//! The two views of a step's features that it needs. Pure: no tensor.

use super::features::Features;

/// A step's features by text, and by row of the table.
#[derive(Debug)]
pub(super) struct Batch {
    /// Features of each text.
    pub indices: Vec<i32>,
    /// Where each text's features begin, and the end of the last.
    pub offsets: Vec<i32>,
    /// Class of each text.
    pub classes: Vec<i64>,
    /// The rows of the table that occur, ascending, each once.
    pub table_rows: Vec<i32>,
    /// For each of these rows the texts that it occurs in, as often as it does, end to end.
    pub occurrences: Vec<i32>,
    /// Where each row's occurrences begin, and the end of the last.
    pub occurrence_offsets: Vec<i32>,
}

impl Batch {
    /// Gathers the features of `rows`.
    pub fn gather(features: &Features, classes: &[usize], rows: &[usize]) -> Self {
        let mut indices = Vec::new();
        let mut offsets = vec![0];
        for &row in rows {
            features.add_to(row, &mut indices);
            offsets.push(indices.len() as i32);
        }
        let (table_rows, occurrences, occurrence_offsets) = transpose(&indices, &offsets);
        let classes = rows.iter().map(|&row| classes[row] as i64).collect();
        Self { indices, offsets, classes, table_rows, occurrences, occurrence_offsets }
    }
}

/// From "which rows has a text" to "which texts has a row".
fn transpose(indices: &[i32], offsets: &[i32]) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
    let mut pairs: Vec<u64> = Vec::with_capacity(indices.len());
    for (text, bounds) in offsets.windows(2).enumerate() {
        let features = &indices[bounds[0] as usize..bounds[1] as usize];
        pairs.extend(features.iter().map(|&row| (row as u64) << 32 | text as u64));
    }
    pairs.sort_unstable();
    let mut rows = Vec::new();
    let mut starts = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let row = (pair >> 32) as i32;
        if rows.last() != Some(&row) {
            rows.push(row);
            starts.push(at as i32);
        }
    }
    starts.push(pairs.len() as i32);
    let texts = pairs.iter().map(|&pair| pair as u32 as i32).collect();
    (rows, texts, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_keeps_every_occurrence() {
        let (rows, texts, starts) = transpose(&[5, 7, 5, 9, 5], &[0, 3, 3, 5]);
        assert_eq!(rows, [5, 7, 9]);
        assert_eq!(texts, [0, 0, 2, 0, 2]);
        assert_eq!(starts, [0, 3, 4, 5]);
    }
}

//! Which n-grams a model learned anything about.

use tch::Tensor;

use crate::ModelError;
use crate::tensors::download;

/// One bit for each row of the embedding table: whether the training left anything in it. N-grams that share a row are known together;
/// one that was met but says nothing in the format that the table is stored in is unknown.
#[derive(Debug, Clone)]
pub(super) struct Known(Vec<u64>);

impl Known {
    /// Of a table `[rows, columns]`, whose rows start from zero.
    pub fn of(table: &Tensor) -> Result<Self, ModelError> {
        let _guard = tch::no_grad_guard();
        let largest = table.f_abs().and_then(|table| table.f_amax([1_i64].as_slice(), false));
        let largest = download(&largest.map_err(ModelError::torch("look for rows that say nothing"))?)?;
        let word =
            |rows: &[f32]| rows.iter().enumerate().fold(0, |word, (at, &most)| word | u64::from(most > 0.0) << at);
        Ok(Self(largest.chunks(64).map(word).collect()))
    }

    /// Share of a text's n-grams that are unknown; 0 of none.
    pub fn unknown_share(&self, ngrams: &[i32]) -> f32 {
        let is_unknown = |&&row: &&i32| {
            let row = row as usize;
            self.0.get(row / 64).is_none_or(|word| word >> (row % 64) & 1 == 0)
        };
        if ngrams.is_empty() { 0.0 } else { ngrams.iter().filter(is_unknown).count() as f32 / ngrams.len() as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_zeros_is_unknown() {
        let mut rows = vec![0.0_f32; 200];
        (rows[1], rows[2 * 70]) = (0.5, -1e-6);
        let known = Known::of(&Tensor::f_from_slice(&rows).unwrap().f_view([100, 2]).unwrap()).unwrap();
        assert_eq!(known.unknown_share(&[0, 70, 70, 0]), 0.0);
        assert_eq!(known.unknown_share(&[0, 1, 69, 71]), 0.75);
        assert_eq!((known.unknown_share(&[]), known.unknown_share(&[5_000])), (0.0, 1.0));
    }
}

//! What a model comes from, as `metrics.json` tells it.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use tamiz_domain::{Lineage, RowSet};

use super::Task;
use crate::data::{Row, Rows};

/// The lineage of what a task trains.
pub(super) fn of(task: &Task) -> Lineage {
    let set = |which: &[usize]| row_set(&task.data.rows, which);
    Lineage {
        code_version: env!("CARGO_PKG_VERSION").to_owned(),
        preprocessing: task.data.preprocessing.clone(),
        label_column: task.column.clone(),
        folds: task.folds,
        configuration: task.record.clone(),
        init: task.recipe.init().cloned(),
        data: task.data.files.clone(),
        training: set(&task.split.training),
        validation: set(&task.split.validation),
        holdout: set(&task.split.holdout),
    }
}

/// Rows by their ids; a row without one is named by the SHA-256 of its text.
fn row_set(rows: &Rows, which: &[usize]) -> RowSet {
    let digest_of = |row: Row<'_>| hex::encode(Sha256::digest(row.text));
    // Millions of ids stay where they lie.
    let id = |at: usize| rows.get(at).id.map_or_else(|| Cow::Owned(digest_of(rows.get(at))), Cow::Borrowed);
    let mut ids: Vec<Cow<'_, str>> = which.iter().map(|&at| id(at)).collect();
    ids.sort_unstable();
    let mut digest = Sha256::new();
    for id in &ids {
        digest.update(id.as_bytes());
        digest.update(b"\n");
    }
    RowSet { rows: which.len() as u64, digest: hex::encode(digest.finalize()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    #[test]
    fn a_set_of_rows_is_the_same_in_any_order() {
        let rows = data::rows(&[("good", 2), ("bad", 1)]);
        let set = row_set(&rows, &[0, 1]);
        assert_eq!(set, row_set(&rows, &[1, 0]));
        // printf good | sha256sum; printf bad | sha256sum; the two lines sorted | sha256sum
        let expected = "54bc62f6927188409898ea17eeef5b71db15916bb647c8f16b19a210b46d482b";
        assert_eq!((set.rows, set.digest.as_str()), (2, expected));
        assert_ne!(set.digest, row_set(&rows, &[0]).digest);
    }
}

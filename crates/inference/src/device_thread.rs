//! The one thread that talks to the device.

use std::thread;

use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use tamiz_domain::{Disposed, Disposition};
use tamiz_models::{Classifier, ModelError, Scores};
use tokio::sync::{mpsc, oneshot};

use crate::predictions::{Labelled, texts};

/// Batches that wait for the device: enough that it never starves, few enough that memory stays bounded.
const WAITING: usize = 2;

struct Request {
    clean: RecordBatch,
    answer: oneshot::Sender<Result<Vec<Labelled>, ModelError>>,
}

/// A handle on the device thread, which ends when the handle is dropped.
pub struct DeviceThread {
    requests: mpsc::Sender<Request>,
}

/// The thread ended before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

impl DeviceThread {
    /// Moves the classifier to a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn(mut classifier: Box<dyn Classifier>) -> std::io::Result<Self> {
        let (requests, mut queue) = mpsc::channel::<Request>(WAITING);
        thread::Builder::new().name("device".into()).spawn(move || {
            while let Some(request) = queue.blocking_recv() {
                // The asker may be gone: it was stopped.
                let _ = request.answer.send(label(&mut *classifier, &request.clean));
            }
        })?;
        Ok(Self { requests })
    }

    /// Labels the rows of a batch that has a `text` column of strings, in order.
    ///
    /// # Errors
    /// [`Ended`] when the thread is gone; the inner error is the model's.
    pub async fn label(&self, clean: RecordBatch) -> Result<Result<Vec<Labelled>, ModelError>, Ended> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { clean, answer }).await.map_err(|_| Ended)?;
        answered.await.map_err(|_| Ended)
    }
}

/// Labels a batch at once; a batch that the model refuses is tried again row by row, so that one bad row
/// costs one row.
fn label(classifier: &mut dyn Classifier, clean: &RecordBatch) -> Result<Vec<Labelled>, ModelError> {
    let rows: Vec<&str> = match texts(clean) {
        Ok(column) => (0..column.len()).map(|row| column.value(row)).collect(),
        Err(error) => return Ok(vec![Err(error.to_string()); clean.num_rows()]),
    };
    match classifier.classify(&rows) {
        Ok(scores) => Ok(scores.into_iter().map(decided).collect()),
        Err(error) if error.disposition() == Disposition::Refuse => {
            rows.into_iter().map(|row| label_alone(classifier, row)).collect()
        }
        Err(error) => Err(error),
    }
}

/// A row without a likeliest class is a failed row, not an `ok` one without a prediction.
fn decided(scores: Scores) -> Labelled {
    match scores.best() {
        Some(_) => Ok(scores),
        None => Err("the model's scores are no numbers".to_owned()),
    }
}

fn label_alone(classifier: &mut dyn Classifier, text: &str) -> Result<Labelled, ModelError> {
    match classifier.classify(&[text]) {
        Ok(scores) => {
            Ok(scores.into_iter().next().ok_or_else(|| "the model gave no scores".to_owned()).and_then(decided))
        }
        Err(error) if error.disposition() == Disposition::Refuse => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_are_no_numbers_make_a_failed_row() {
        let scores = |probabilities: &[f32]| Scores { probabilities: probabilities.to_vec(), truncated: false };
        assert!(decided(scores(&[0.4, 0.6])).is_ok());
        assert!(decided(scores(&[f32::NAN, 0.6])).is_err());
        assert!(decided(scores(&[])).is_err());
    }
}

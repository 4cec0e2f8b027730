//! One step of training: loss, gradients, row-wise Adagrad.
//!
//! A step touches some thousand of the table's million rows. Autograd would answer a sparse gradient that has
//! to be sorted and summed, single-threaded, at each step; here the batch comes with its features by row
//! already, so that the gradient of the table is an embedding bag too, over the gradients of the texts.

use tch::{Kind, TchError, Tensor};

use super::bags::scales;
use super::batches::Batch;
use super::features::Features;
use super::network::{BagTensors, Network, TextTensors};
use crate::tensors::upload;
use crate::{Device, ModelError};

/// Keeps the first steps finite; far below any squared gradient that matters.
const EPSILON: f64 = 1e-12;
/// What a row of the table begins with, of the order of a few texts' squared gradients: so an n-gram that occurs once or
/// twice learns less from it than Adagrad would have it, whose first step has full length whatever the gradient. On the
/// polarity reviews that is worth 0.4 points of accuracy.
const FIRST_SQUARES: f64 = 1e-8;

/// The weights in training and the squared gradients seen so far.
#[derive(Debug)]
pub(super) struct Optimiser {
    pub network: Network,
    embedding_sum: Tensor,
    weight_sum: Tensor,
    bias_sum: Tensor,
    class_weights: Tensor,
    device: Device,
}

/// Gradients of the mean loss of a batch.
struct Gradients {
    loss: Tensor,
    /// `[rows that occur, dimensions]`.
    table_rows: Tensor,
    weight: Tensor,
    bias: Tensor,
}

impl Optimiser {
    /// Starts from `network`.
    pub fn new(network: Network, class_weights: &[f32], device: Device) -> Result<Self, ModelError> {
        let class_weights = upload(class_weights, device)?;
        let state = || -> Result<[Tensor; 3], TchError> {
            let options = (Kind::Float, device.0);
            Ok([
                Tensor::f_full([network.embedding.size()[0], 1], FIRST_SQUARES, options)?,
                network.weight.f_zeros_like()?,
                network.bias.f_zeros_like()?,
            ])
        };
        let [embedding_sum, weight_sum, bias_sum] = state().map_err(ModelError::torch("prepare the training"))?;
        Ok(Self { network, embedding_sum, weight_sum, bias_sum, class_weights, device })
    }

    /// Takes one step; answers the batch's mean loss in nats, before the step.
    pub fn step(&mut self, batch: &Batch, learning_rate: f64) -> Result<f64, ModelError> {
        let gradients = self.gradients(batch)?;
        let rows = upload(&batch.table_rows, self.device)?;
        let failed = ModelError::torch("take a training step");
        self.descend(&rows, &gradients, learning_rate).map_err(failed)?;
        gradients.loss.f_double_value(&[]).map_err(ModelError::torch("read the loss"))
    }

    /// Mean loss in nats and share classified as labelled, over texts that no step saw.
    pub fn evaluate(&self, features: &Features, classes: &[usize]) -> Result<(f64, f64), ModelError> {
        let classes: Vec<i64> = classes.iter().map(|&class| class as i64).collect();
        let classes = upload(&classes, self.device)?;
        let logits = upload(&self.network.logits_of(features, self.device)?, self.device)?;
        let measure = || -> Result<(f64, f64), TchError> {
            let logits = logits.f_view([-1, self.num_classes() as i64])?;
            let (loss, _) = self.loss(&logits, &classes)?;
            let hits = logits.f_argmax(-1, false)?.f_eq_tensor(&classes)?.f_to_kind(Kind::Double)?;
            Ok((loss.f_double_value(&[])?, hits.f_mean(Kind::Double)?.f_double_value(&[])?))
        };
        measure().map_err(ModelError::torch("validate the weights"))
    }

    /// Number of classes.
    pub fn num_classes(&self) -> usize {
        self.class_weights.numel()
    }

    fn gradients(&self, batch: &Batch) -> Result<Gradients, ModelError> {
        let features = BagTensors::new(&batch.indices, &batch.offsets, self.device)?;
        let lengths = batch.offsets.windows(2).map(|ends| (ends[1] - ends[0]) as usize);
        let texts = TextTensors::new(features, &scales(lengths), self.device)?;
        let occurrences = BagTensors::new(&batch.occurrences, &batch.occurrence_offsets, self.device)?;
        let classes = upload(&batch.classes, self.device)?;
        let pooled = texts.pool(&self.network.embedding)?;
        let loss = || self.loss(&pooled.f_linear(&self.network.weight, Some(&self.network.bias))?, &classes);
        let (loss, logits) = loss().map_err(ModelError::torch("compute the loss"))?;
        let backward = || -> Result<[Tensor; 3], TchError> {
            let of_texts = logits.f_mm(&self.network.weight)?.f_mul(&texts.scales)?;
            let weight = logits.f_transpose(0, 1)?.f_mm(&pooled)?;
            let bias = logits.f_sum_dim_intlist(&[0_i64][..], false, Kind::Float)?;
            Ok([of_texts, weight, bias])
        };
        let [of_texts, weight, bias] = backward().map_err(ModelError::torch("compute the gradients"))?;
        Ok(Gradients { loss, table_rows: occurrences.sum(&of_texts)?, weight, bias })
    }

    /// Weighted mean cross-entropy and its gradient with respect to the logits.
    fn loss(&self, logits: &Tensor, classes: &Tensor) -> Result<(Tensor, Tensor), TchError> {
        let log_probabilities = logits.f_log_softmax(-1, Kind::Float)?;
        let classes = classes.f_unsqueeze(1)?;
        let weights = self.class_weights.f_index_select(0, &classes.f_squeeze_dim(1)?)?.f_unsqueeze(1)?;
        let weights = weights.f_div(&weights.f_sum(Kind::Float)?)?;
        let of_label = log_probabilities.f_gather(1, &classes, false)?;
        let loss = of_label.f_mul(&weights)?.f_sum(Kind::Float)?.f_neg()?;
        let label = log_probabilities.f_zeros_like()?.f_scatter_value(1, &classes, 1.0)?;
        let gradient = log_probabilities.f_exp()?.f_sub(&label)?.f_mul(&weights)?;
        Ok((loss, gradient))
    }

    fn descend(&mut self, rows: &Tensor, gradients: &Gradients, learning_rate: f64) -> Result<(), TchError> {
        let rows = rows.f_to_kind(Kind::Int64)?;
        let squares = gradients.table_rows.f_square()?.f_mean_dim(&[1_i64][..], true, Kind::Float)?;
        let sum = self.embedding_sum.f_index_select(0, &rows)?.f_add(&squares)?;
        let _ = self.embedding_sum.f_index_copy_(0, &rows, &sum)?;
        let step = gradients.table_rows.f_mul(&scale(&sum, learning_rate)?)?;
        let _ = self.network.embedding.f_index_add_(0, &rows, &step)?;
        let dense = [
            (&mut self.network.weight, &mut self.weight_sum, &gradients.weight),
            (&mut self.network.bias, &mut self.bias_sum, &gradients.bias),
        ];
        for (tensor, sum, gradient) in dense {
            let _ = sum.f_add_(&gradient.f_square()?)?;
            let _ = tensor.f_add_(&gradient.f_mul(&scale(sum, learning_rate)?)?)?;
        }
        Ok(())
    }
}

/// Adagrad's factor: minus the learning rate over the root of the squared gradients so far.
fn scale(sum: &Tensor, learning_rate: f64) -> Result<Tensor, TchError> {
    sum.f_add_scalar(EPSILON)?.f_rsqrt()?.f_mul_scalar(-learning_rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ngram::bags::Bags;
    use crate::ngram::network::Sizes;
    use crate::task::Reading;

    /// Three texts, one of them empty, with repeated and shared features.
    fn batch() -> (Features, Batch) {
        let mut bags = Bags::default();
        for features in [&[3, 1, 3][..], &[], &[1, 7]] {
            bags.indices.extend_from_slice(features);
            bags.end_text(Reading::default());
        }
        let features = Features::of_bags(&bags);
        let batch = Batch::gather(&features, &[0, 1, 2], &[2, 0, 1]);
        (features, batch)
    }

    #[test]
    fn gradients_are_those_of_autograd() {
        let sizes = Sizes { buckets: 8, dimensions: 3, classes: 3 };
        let mut network = Network::fresh(sizes, 5, Device::CPU).unwrap();
        network.embedding = Tensor::f_randn([8, 3], (Kind::Float, tch::Device::Cpu)).unwrap();
        let (_, batch) = batch();
        let [embedding, weight, bias] = [&network.embedding, &network.weight, &network.bias]
            .map(|tensor| tensor.f_detach_copy().unwrap().f_set_requires_grad(true).unwrap());
        // The same network written plainly: a text is the sum of its features' rows over the root of their number.
        let text = |features: &[i64]| {
            let rows = embedding.f_index_select(0, &Tensor::f_from_slice(features).unwrap()).unwrap();
            let sum = rows.f_sum_dim_intlist(&[0_i64][..], false, Kind::Float).unwrap();
            sum.f_div_scalar((features.len().max(1) as f64).sqrt()).unwrap()
        };
        let pooled = Tensor::f_stack(&[text(&[1, 7]), text(&[3, 1, 3]), text(&[])], 0).unwrap();
        let logits = pooled.f_linear(&weight, Some(&bias)).unwrap();
        let class_weights = [0.5, 2.0, 1.0];
        let weights = Tensor::f_from_slice(&class_weights).unwrap();
        let classes = Tensor::f_from_slice(&batch.classes).unwrap();
        let loss = logits.f_cross_entropy_loss(&classes, Some(&weights), tch::Reduction::Mean, -100, 0.0).unwrap();
        loss.f_backward().unwrap();

        let optimiser = Optimiser::new(network, &class_weights, Device::CPU).unwrap();
        let found = optimiser.gradients(&batch).unwrap();
        let rows = Tensor::f_from_slice(&batch.table_rows).unwrap().f_to_kind(Kind::Int64).unwrap();
        let pairs = [
            (&found.loss, &loss),
            (&found.table_rows, &embedding.grad().f_index_select(0, &rows).unwrap()),
            (&found.weight, &weight.grad()),
            (&found.bias, &bias.grad()),
        ];
        assert_eq!(batch.table_rows, [1, 3, 7]);
        for (found, expected) in pairs {
            assert!(found.f_allclose(expected, 1e-5, 1e-6, false).unwrap(), "{found} {expected}");
        }
    }
}

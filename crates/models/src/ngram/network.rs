//! The network's tensors and the operation that it is made of.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use tch::{Kind, TchError, Tensor};

use super::bags::Bags;
use super::features::Features;
use crate::tensors::{download, upload};
use crate::{Device, ModelError};

/// Sizes that the tensors must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub buckets: usize,
    pub dimensions: usize,
    pub classes: usize,
}

/// Embedding table, linear layer and bias; all f32, on one device.
#[derive(Debug)]
pub(super) struct Network {
    /// `[buckets, dimensions]`.
    pub embedding: Tensor,
    /// `[classes, dimensions]`.
    pub weight: Tensor,
    /// `[classes]`.
    pub bias: Tensor,
}

impl Network {
    /// Weights to start from: a table of zeros, so that an n-gram never seen in training says nothing, and a layer in which each
    /// column speaks for one class, so that all classes are learnt alike. With fewer columns than classes it is
    /// random, so that the columns learn different things.
    pub fn fresh(sizes: Sizes, seed: u64, device: Device) -> Result<Self, ModelError> {
        let (buckets, dimensions, classes) = (sizes.buckets as i64, sizes.dimensions as i64, sizes.classes as i64);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut first = |class: usize, column: usize| match sizes.dimensions < sizes.classes {
            true => rng.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0,
            false => f32::from(u8::from(column % sizes.classes == class)),
        };
        let mut layer = Vec::with_capacity(sizes.classes * sizes.dimensions);
        for class in 0..sizes.classes {
            layer.extend((0..sizes.dimensions).map(|column| first(class, column)));
        }
        let weight = upload(&layer, device)?;
        let options = (Kind::Float, device.0);
        let make = || -> Result<Self, TchError> {
            Ok(Self {
                embedding: Tensor::f_zeros([buckets, dimensions], options)?,
                weight: weight.f_view([classes, dimensions])?,
                bias: Tensor::f_zeros([classes], options)?,
            })
        };
        make().map_err(ModelError::torch("make the first weights"))
    }

    /// Columns of the table.
    pub fn dimensions(&self) -> usize {
        self.embedding.size()[1] as usize
    }

    /// The table that answers logits at once, `[buckets, classes]`: a scaled sum of rows and a linear layer are
    /// both linear, so the layer may go first. Reads fewer bytes, and sums each text on its own, so that its scores
    /// do not depend on the other texts of the batch.
    pub fn folded(&self) -> Result<Tensor, ModelError> {
        let fold = || self.embedding.f_mm(&self.weight.f_transpose(0, 1)?)?.f_contiguous();
        fold().map_err(ModelError::torch("fold the linear layer into the table"))
    }

    /// Logits of texts, end to end.
    pub fn logits(&self, bags: &Bags, device: Device) -> Result<Vec<f32>, ModelError> {
        let pooled = TextTensors::of(bags, device)?.pool(&self.embedding)?;
        let logits = pooled.f_linear(&self.weight, Some(&self.bias)).map_err(ModelError::torch("score texts"))?;
        download(&logits)
    }

    /// The same of every text of a training.
    pub fn logits_of(&self, features: &Features, device: Device) -> Result<Vec<f32>, ModelError> {
        let logits = features.chunks().map(|bags| self.logits(&bags, device)).collect::<Result<Vec<_>, _>>()?;
        Ok(logits.concat())
    }

    /// The same network with as few columns as answer the same: a softmax knows only differences of logits, so all that a
    /// row can say of several classes are their differences to the first one.
    pub fn condensed(self) -> Result<Self, ModelError> {
        let (classes, dimensions) = (self.weight.size()[0], self.weight.size()[1]);
        if dimensions < classes {
            return Ok(self);
        }
        let condense = || -> Result<Self, TchError> {
            let differences = self.weight.f_slice(0, 1, None, 1)?.f_sub(&self.weight.f_slice(0, 0, 1, 1)?)?;
            let options = (Kind::Float, self.weight.device());
            let first = Tensor::f_zeros([1, classes - 1], options)?;
            Ok(Self {
                embedding: self.embedding.f_mm(&differences.f_transpose(0, 1)?)?,
                weight: Tensor::f_cat(&[first, Tensor::f_eye(classes - 1, options)?], 0)?,
                bias: self.bias.f_sub(&self.bias.f_slice(0, 0, 1, 1)?)?,
            })
        };
        condense().map_err(ModelError::torch("leave out columns that say nothing"))
    }

    /// A copy that later steps do not change.
    pub fn snapshot(&self) -> Result<Self, ModelError> {
        let copy = |tensor: &Tensor| tensor.f_detach_copy().map_err(ModelError::torch("copy the weights"));
        Ok(Self { embedding: copy(&self.embedding)?, weight: copy(&self.weight)?, bias: copy(&self.bias)? })
    }
}

/// Lists of rows, end to end, on a device.
#[derive(Debug)]
pub(super) struct BagTensors {
    indices: Tensor,
    offsets: Tensor,
}

impl BagTensors {
    /// Copies indices and offsets (the last one being the end) to a device.
    pub fn new(indices: &[i32], offsets: &[i32], device: Device) -> Result<Self, ModelError> {
        Ok(Self { indices: upload(indices, device)?, offsets: upload(offsets, device)? })
    }

    /// The sum of each bag's rows, `[bags, columns of the table]`; zeros for an empty bag.
    pub fn sum(&self, table: &Tensor) -> Result<Tensor, ModelError> {
        const SUM: i64 = 0;
        let no_weights: Option<Tensor> = None;
        Tensor::f_embedding_bag(table, &self.indices, &self.offsets, false, SUM, false, no_weights, true)
            .map(|(pooled, ..)| pooled)
            .map_err(ModelError::torch("sum the features of a batch"))
    }
}

/// Texts as features on a device.
#[derive(Debug)]
pub(super) struct TextTensors {
    bags: BagTensors,
    /// `[texts, 1]`.
    pub scales: Tensor,
}

impl TextTensors {
    /// Copies texts to a device; `scales` has one factor a text.
    pub fn new(bags: BagTensors, scales: &[f32], device: Device) -> Result<Self, ModelError> {
        let column = upload(scales, device)?.f_unsqueeze(1).map_err(ModelError::torch("shape a batch"))?;
        Ok(Self { bags, scales: column })
    }

    /// Copies features to a device.
    pub fn of(bags: &Bags, device: Device) -> Result<Self, ModelError> {
        Self::new(BagTensors::new(&bags.indices, &bags.offsets(), device)?, &bags.scales(), device)
    }

    /// One row a text: the sum of its features' rows over the root of their number. The mean would drown what a
    /// long text says, the sum would overrate it; between them the confidence fits texts of every length.
    pub fn pool(&self, table: &Tensor) -> Result<Tensor, ModelError> {
        self.bags.sum(table)?.f_mul(&self.scales).map_err(ModelError::torch("scale the features of a batch"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Reading;

    #[test]
    fn a_network_says_the_same_with_as_many_columns_as_classes_less_one() {
        for (classes, dimensions, expected) in [(2, 4, 1), (3, 3, 2), (5, 4, 4), (5, 2, 2)] {
            let sizes = Sizes { buckets: 8, dimensions, classes };
            let mut network = Network::fresh(sizes, 3, Device::CPU).unwrap();
            let numbers = |shape: &[i64]| Tensor::f_randn(shape, (Kind::Float, tch::Device::Cpu)).unwrap();
            (network.embedding, network.bias) = (numbers(&[8, dimensions as i64]), numbers(&[classes as i64]));
            let mut bags = Bags::default();
            for features in [&[3, 1, 3][..], &[], &[1, 7]] {
                bags.indices.extend_from_slice(features);
                bags.end_text(Reading::default());
            }
            let scores = |network: &Network| {
                let logits = Tensor::f_from_slice(&network.logits(&bags, Device::CPU).unwrap()).unwrap();
                logits.f_view([3, -1]).unwrap().f_softmax(-1, Kind::Float).unwrap()
            };
            let before = scores(&network);
            let network = network.condensed().unwrap();
            assert_eq!(network.dimensions(), expected);
            assert!(scores(&network).f_allclose(&before, 1e-5, 1e-6, false).unwrap(), "{classes} classes");
        }
    }
}

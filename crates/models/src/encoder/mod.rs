//! Encoders as Hugging Face's transformers save them: BERT, DistilBERT, RoBERTa and XLM-RoBERTa, for classes of texts or of tokens.
//!
//! Written by the papers (Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2018, arXiv:1810.04805; Sanh et al. 2019,
//! arXiv:1910.01108; Liu et al. 2019, arXiv:1907.11692; Conneau et al. 2019, arXiv:1911.02116) and held to transformers'
//! own numbers by golden models (`reference/make_tiny_models.py`).
//!
//! Nothing is ever padded: the tokens of a batch lie end to end in `[tokens, hidden]`, and only attention knows where one text
//! ends and the next begins.

mod attention;
mod budget;
mod conclude;
mod config;
mod head;
mod input;
mod layers;
mod load;
mod model;
mod network;
mod packing;
mod reading;
pub mod training;
mod weights;

pub(crate) use config::SUPPORTED;
pub(crate) use model::Encoder;
pub(crate) use reading::ReadText;

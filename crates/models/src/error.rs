//! What can go wrong with a model.

use tamiz_domain::{Disposed, Disposition};
use tamiz_ports::StoreError;

/// A model that cannot be found, loaded, trained or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// An object of the model could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The URI names neither a version folder nor a name's folder.
    #[error(
        "no model at {uri}: neither a version (SHA256SUMS), nor a name (latest.json), nor a Hugging Face model (config.json) was found there"
    )]
    NotAModel {
        /// The URI as given.
        uri: String,
    },
    /// A name that cannot be registered.
    #[error("`{name}` cannot be the name of a model")]
    InvalidName {
        /// The name as given.
        name: String,
    },
    /// A name has no earlier version to go back to.
    #[error("cannot roll back `{name}`: {why}")]
    NoWayBack {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// Somebody else moved the pointer between the look at it and its swap.
    #[error("another version of `{name}` came into use meanwhile; nothing was changed")]
    PointerMoved {
        /// The name.
        name: String,
    },
    /// A file of the model folder is not what it must be.
    #[error("cannot use {file}")]
    Unusable {
        /// URI of the file.
        file: String,
        /// What is wrong with it.
        #[source]
        problem: Problem,
    },
    /// The device that was asked for is not there.
    #[error("CUDA was asked for, but {why}")]
    NoCuda {
        /// What was looked for and not found.
        why: String,
    },
    /// Another libtorch was loaded than the program was made for.
    #[error("libtorch {found} was loaded, but this program is made for {expected}")]
    LibtorchVersion {
        /// The version that was loaded.
        found: String,
        /// The version that is needed.
        expected: String,
    },
    /// The precision that was asked for is none of the architecture's.
    #[error("{architecture} models run in f32 only")]
    NoSuchPrecision {
        /// The architecture.
        architecture: &'static str,
    },
    /// Input that another model's reader made.
    #[error("texts were read for a model of another architecture")]
    ForeignInput,
    /// Settings that no model can be trained with.
    #[error("cannot train: {why}")]
    InvalidTraining {
        /// What is wrong.
        why: String,
    },
    /// The training went nowhere a number could be put on.
    #[error("the training diverged in epoch {epoch}: its loss is no number")]
    Diverged {
        /// Epoch, counted from 1.
        epoch: usize,
    },
    /// Texts, as the network reads them, could not be kept while they are trained on.
    #[error("failed to keep the texts in a temporary file, as the network reads them")]
    Spool {
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The training was asked to stop.
    #[error("the training was stopped")]
    Stopped,
    /// libtorch refused an operation.
    #[error("libtorch failed to {operation}")]
    Libtorch {
        /// What was tried.
        operation: &'static str,
        /// libtorch's answer.
        #[source]
        source: tch::TchError,
    },
}

/// What is wrong with a file of a model folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The content does not have the digest that `SHA256SUMS` names.
    #[error("its SHA-256 is {found}, but SHA256SUMS says {expected}")]
    Checksum {
        /// Digest in `SHA256SUMS`.
        expected: String,
        /// Digest of the content.
        found: String,
    },
    /// The folder is not the version that was asked for.
    #[error("it is version {found}, but {expected} was asked for")]
    Version {
        /// Version in the pointer or the folder's name.
        expected: String,
        /// Version that follows from the content.
        found: String,
    },
    /// A file that a model needs is not there.
    #[error("it is missing")]
    MissingFile,
    /// `SHA256SUMS` does not list a file that a model needs.
    #[error("SHA256SUMS does not list it")]
    Unlisted,
    /// The file cannot be parsed.
    #[error("{0}")]
    Malformed(String),
    /// The only weights are in a format that can run code.
    #[error("it is a pickle, which can run code when it is read; only safetensors are loaded")]
    Pickle,
    /// The format is newer or older than this program.
    #[error("its format version is {found}; this program reads {supported}")]
    FormatVersion {
        /// Version in the file.
        found: u64,
        /// Version that is read.
        supported: u32,
    },
    /// The architecture is none of ours.
    #[error("its architecture is `{found}`; supported: {}", crate::encoder::SUPPORTED)]
    Architecture {
        /// Architecture in the file.
        found: String,
    },
    /// The label map cannot be one.
    #[error("its label map {0}")]
    Labels(&'static str),
    /// A setting has a value that cannot be.
    #[error("`{setting}` {why}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A tensor is missing.
    #[error("tensor `{name}` is missing")]
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A tensor that the architecture does not know.
    #[error("tensor `{name}` is not one of the architecture's")]
    ExtraTensor {
        /// Its name.
        name: String,
    },
    /// A tensor has another shape or type than the configuration says.
    #[error("tensor `{name}` is {found}, but config.json asks for {expected}")]
    TensorShape {
        /// Its name.
        name: String,
        /// Type and shape by the configuration.
        expected: String,
        /// Type and shape in the file.
        found: String,
    },
    /// A tensor holds numbers that are none.
    #[error("tensor `{name}` holds NaN or infinity")]
    NotFinite {
        /// Its name.
        name: String,
    },
}

impl ModelError {
    /// A file of a model folder that is not what it must be.
    pub(crate) fn unusable(file: impl Into<String>, problem: Problem) -> Self {
        Self::Unusable { file: file.into(), problem }
    }

    /// Whether a device had no memory left for it.
    pub(crate) fn is_want_of_memory(&self) -> bool {
        matches!(self, Self::Libtorch { source, .. } if source.to_string().contains("out of memory"))
    }

    /// Names the operation that libtorch refused.
    pub(crate) fn torch(operation: &'static str) -> impl FnOnce(tch::TchError) -> Self {
        move |source| Self::Libtorch { operation, source }
    }
}

impl Disposed for ModelError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Store(error) => error.disposition(),
            Self::NotAModel { .. }
            | Self::NoWayBack { .. }
            | Self::InvalidName { .. }
            | Self::Unusable { .. }
            | Self::NoCuda { .. }
            | Self::LibtorchVersion { .. }
            | Self::NoSuchPrecision { .. }
            | Self::InvalidTraining { .. }
            | Self::Spool { .. }
            | Self::Diverged { .. } => Disposition::Halt,
            Self::Stopped => Disposition::Stop,
            Self::Libtorch { .. } | Self::ForeignInput => Disposition::Bug,
            Self::PointerMoved { .. } => Disposition::Retry,
        }
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.remedy(),
            Self::NotAModel { .. } => Some(
                "Name a version folder (models/polarity/<version>) or a name's folder (models/polarity); \
                 `tamiz train` makes one."
                    .into(),
            ),
            Self::Spool { .. } => Some("Give the job a larger disk, or name a folder on one by TMPDIR.".into()),
            Self::NoWayBack { .. } => Some("`tamiz models list` shows every version; name one by --to.".into()),
            Self::PointerMoved { .. } => {
                Some("Look again with `tamiz models list`, and repeat what still is to be done.".into())
            }
            Self::InvalidName { .. } => {
                Some("Use lower-case letters, digits, `-` and `_`, beginning with a letter or digit.".into())
            }
            Self::Unusable { .. } => Some(
                "Copy the version folder again, or name another version; it must be used as it was written.".into(),
            ),
            Self::NoCuda { .. } => {
                Some("Run on a machine with an NVIDIA GPU and a CUDA libtorch, or ask for --device cpu.".into())
            }
            Self::LibtorchVersion { expected, .. } => Some(format!(
                "Install libtorch {expected} (scripts/libtorch.sh) and let LD_LIBRARY_PATH name no other."
            )),
            Self::NoSuchPrecision { .. } => Some("Ask for --precision auto or f32.".into()),
            Self::Diverged { .. } => Some("Train again with a smaller --learning-rate.".into()),
            Self::InvalidTraining { .. } | Self::ForeignInput | Self::Stopped | Self::Libtorch { .. } => None,
        }
    }
}

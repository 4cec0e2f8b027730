//! The words of Tamiz: identities, run layout, schemas, outcomes, dispositions, and pure rules on them.
//!
//! Nothing here does I/O or reads the clock or the environment, and nothing knows AWS or libtorch.

mod calibration;
mod claim;
mod configuration;
mod cost;
mod counts;
mod disposition;
mod drift;
mod etl_plan;
mod etl_report;
mod failure;
mod histogram;
mod history;
mod identity;
mod labelling;
mod labels;
mod layout;
mod manifest;
mod metrics;
mod model;
mod personal_data;
mod printable;
mod profile;
mod promotion;
mod quality;
mod reject;
mod run_id;
pub mod schema;
mod summary;
mod words;

pub use calibration::{CalibrationGaps, LogLoss};
pub use claim::Claim;
pub use configuration::{
    Budget, Columns, Configuration, DispatchLimits, DriftConfiguration, DuplicateAction, DuplicateConfiguration,
    EtlConfiguration, InferenceConfiguration, LabelScheme, LongTexts, MAX_TARGETS, RedactConfiguration,
    RetrainConfiguration,
};
pub use cost::{Attempt, JobUse, Prices, RunCost};
pub use counts::{Conservation, Counts, NotConserved};
pub use disposition::{Disposed, Disposition, ExitCode};
pub use drift::{Drift, DriftBin, FeatureDrift, MovedWord, Shift};
pub use etl_plan::{EtlPlan, ShardCount};
pub use etl_report::{EtlReport, FileProblem, FileReport, PartEntry, SourceColumn};
pub use failure::{FailedCause, FailureNote, Stage};
pub use histogram::Histogram;
pub use history::RunRecord;
pub use identity::ObjectIdentity;
pub use labelling::Labelling;
pub use labels::{LabelClass, LabelMap};
pub use layout::{RunLayout, STAGING_CLAIMS, STAGING_RUNS, part_name, timings_name};
pub use manifest::{Manifest, ManifestObject, Ownership};
pub use metrics::{Behaviour, ClassMetrics, CrossValidation, MetricSet, Slice, Spread, length_class};
pub use model::{Lineage, ModelMetrics, ModelPointer, ModelReference, RowSet, SuspectedLabels, TrainingFile};
pub use personal_data::PersonalData;
pub use printable::printable;
pub use profile::{Baseline, Feature, Profile, ProfiledRow, Value};
pub use promotion::{Decision, Promotion, RuleOutcome};
pub use quality::{DataQuality, Duplicates, Lengths, SampleRow};
pub use reject::RejectReason;
pub use run_id::{InvalidRunId, RunId};
pub use summary::{EstimatedQuality, Quality, RetrainAdvice, Summary, Verdict};
pub use words::WordCounts;

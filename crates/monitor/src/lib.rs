//! A run's counts, quality, report and mail.
//!
//! [`run`] reads what a run left behind, checks that no record was lost, judges it, and tells people: a page, a
//! mail, and `summary.json`, which commits the two. It changes no model and no prediction. [`page`] and [`figures`] are
//! what its page is made of, for other pages; [`language`] is what it may be written in. [`tell_of_retraining`] mails about a
//! retraining that failed.

mod account;
mod comparison;
mod conservation;
mod cost;
mod diagnosis;
pub mod drift;
mod error;
mod evidence;
mod failed_retraining;
pub mod figures;
pub mod history;
pub mod language;
mod mail;
pub mod page;
mod places;
mod predictions;
mod rejects;
mod report;
mod retraining;
mod run;
mod settings;
mod tally;
mod usual;
mod verdict;

#[cfg(test)]
mod run_drift_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod test_support;

pub use error::MonitorError;
pub use failed_retraining::tell_of_retraining;
pub use run::run;
pub use settings::{Deps, Failure, Settings};

//! Back to an earlier champion: one swap of the pointer, and one verdict that says who did it and why.

use jiff::Timestamp;
use tamiz_domain::{Decision, ModelMetrics, Promotion};
use tamiz_ports::Swapped;

use crate::registry::Registry;
use crate::{Artifact, METRICS, ModelError};

/// Who rolls back, and why.
#[derive(Debug, Clone)]
pub struct Rollback<'a> {
    /// The version to go back to; none for the champion before the one in use.
    pub to: Option<&'a str>,
    /// Who does it.
    pub by: &'a str,
    /// Why, as a sentence.
    pub why: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Registry {
    /// Points `latest.json` to an earlier version, after reading and verifying all of it, and writes that down.
    ///
    /// # Errors
    /// [`ModelError::NoWayBack`] where there is no earlier champion, or the version is in use already; [`ModelError::PointerMoved`]
    /// when somebody else moved the pointer meanwhile; [`ModelError::Unusable`] for a version that is not as it was written.
    pub async fn roll_back(&self, rollback: &Rollback<'_>) -> Result<Promotion, ModelError> {
        let no_way = |why: &str| ModelError::NoWayBack { name: self.name().to_owned(), why: why.to_owned() };
        let latest = self.latest().await?.ok_or_else(|| no_way("no version of it is in use"))?;
        let from = latest.pointer.version.clone();
        let to = match rollback.to {
            Some(version) => version.to_owned(),
            None => champion_before(&self.promotions().await?, &from)
                .ok_or_else(|| no_way("no verdict tells of a champion before the one in use; name the version"))?,
        };
        if to == from {
            return Err(no_way("that version is the one in use"));
        }
        let artifact = Artifact::read(&self.version(&to)).await?;
        if self.point_to(&artifact.reference(self.name()), Some(&latest)).await? == Swapped::Lost {
            return Err(ModelError::PointerMoved { name: self.name().to_owned() });
        }
        let promotion = Promotion {
            at: rollback.at,
            by: rollback.by.to_owned(),
            from: Some(from),
            to,
            decision: Decision::RolledBack,
            why: rollback.why.to_owned(),
            challenger: artifact.json::<ModelMetrics>(METRICS)?.holdout,
            champion: None,
            rules: Vec::new(),
        };
        self.record(&promotion).await?;
        Ok(promotion)
    }
}

/// The champion that `champion` took the place of, by the newest verdict that put it there.
fn champion_before(verdicts: &[Promotion], champion: &str) -> Option<String> {
    let put_there = |verdict: &&Promotion| verdict.decision == Decision::Promoted && verdict.to == champion;
    verdicts.iter().rev().find(put_there)?.from.clone()
}

#[cfg(test)]
#[path = "rollback_tests.rs"]
mod tests;

//! The challenger meets the champion: decision, pointer, written verdict.

use std::sync::Arc;

use jiff::Timestamp;
use tamiz_domain::{Decision, MetricSet, ModelReference, Promotion};
use tamiz_models::{Artifact, Latest, LoadSettings, ModelError, Registry, load};
use tamiz_ports::Swapped;
use tokio::task::spawn_blocking;

use super::decision::Judgement;
use super::{decide, decide_first};
use crate::evaluation::{Examination, examine};
use crate::training::{Task, Trained};
use crate::{RetrainError, Rules};

/// A challenger that is registered, and what it is judged by.
pub(crate) struct Challenge<'a> {
    /// Where its name's versions lie.
    pub registry: &'a Registry,
    /// The challenger.
    pub challenger: &'a ModelReference,
    /// Its figures.
    pub trained: &'a Trained,
    /// The rows that both are measured on, and the device.
    pub task: &'a Arc<Task>,
    /// What it is held to.
    pub rules: &'a Rules,
    /// The clock.
    pub now: fn() -> Timestamp,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The verdict as it is written down.
    pub promotion: Promotion,
    /// Whether an earlier job had written it, so that this one only repeats it.
    pub repeated: bool,
}

impl Challenge<'_> {
    /// Decides and writes the verdict down. Looks again whenever somebody else moved the pointer meanwhile, so
    /// that a challenger never replaces a champion that it did not meet.
    pub async fn settle(&self) -> Result<Verdict, RetrainError> {
        loop {
            let champion = self.registry.latest().await?;
            if let Some(promotion) = self.earlier(champion.as_ref()).await? {
                return Ok(Verdict { promotion, repeated: true });
            }
            let promotion = self.judge(champion.as_ref()).await?;
            if promotion.decision == Decision::Promoted
                && !self.is_in_use(champion.as_ref())
                && self.registry.point_to(self.challenger, champion.as_ref()).await? == Swapped::Lost
            {
                tracing::info!("another model was promoted meanwhile: looking again");
                continue;
            }
            self.registry.record(&promotion).await?;
            return Ok(Verdict { promotion, repeated: false });
        }
    }

    /// The verdict that an earlier job reached about this challenger and this champion, if there is one.
    async fn earlier(&self, champion: Option<&Latest>) -> Result<Option<Promotion>, ModelError> {
        let in_use = self.is_in_use(champion);
        let champion = champion.map(|latest| latest.pointer.version.as_str());
        let same = |verdict: &Promotion| {
            verdict.to == self.challenger.version
                && match verdict.decision {
                    Decision::Promoted => in_use,
                    Decision::KeptChampion | Decision::NoBaseline => verdict.from.as_deref() == champion,
                    // What a person decided is no verdict on a challenger.
                    Decision::RolledBack => false,
                }
        };
        Ok(self.registry.promotions().await?.into_iter().rev().find(same))
    }

    fn is_in_use(&self, champion: Option<&Latest>) -> bool {
        champion.is_some_and(|latest| latest.pointer.version == self.challenger.version)
    }

    async fn judge(&self, champion: Option<&Latest>) -> Result<Promotion, RetrainError> {
        let (ours, groups) = (&self.trained.examination, &self.task.groups);
        let Some(latest) = champion else {
            return Ok(self.verdict(None, decide_first(ours, self.rules), None));
        };
        if self.is_in_use(champion) {
            let why =
                "latest.json named this version already: the job that promoted it ended before it wrote its verdict.";
            let judgement = Judgement { decision: Decision::Promoted, why: why.to_owned(), rules: Vec::new() };
            return Ok(self.verdict(None, judgement, None));
        }
        let theirs = self.examine_champion(latest).await?;
        let judgement = decide(ours, &theirs, groups, self.rules);
        Ok(self.verdict(Some(latest.pointer.version.clone()), judgement, Some(theirs.evaluation.metrics)))
    }

    fn verdict(&self, from: Option<String>, judgement: Judgement, champion: Option<MetricSet>) -> Promotion {
        Promotion {
            at: (self.now)(),
            by: format!("tamiz-retrain {}", env!("CARGO_PKG_VERSION")),
            from,
            to: self.challenger.version.clone(),
            decision: judgement.decision,
            why: judgement.why,
            challenger: self.trained.metrics.holdout.clone(),
            champion,
            rules: judgement.rules,
        }
    }

    async fn examine_champion(&self, latest: &Latest) -> Result<Examination, RetrainError> {
        let artifact = Artifact::read(&self.registry.version(&latest.pointer.version)).await?;
        let task = self.task.clone();
        let work = move || {
            let mut model = load(&artifact, &LoadSettings::on(task.device))?;
            let Task { data, split, groups, seed, .. } = task.as_ref();
            examine(model.as_mut(), artifact.weight_bytes(), &data.rows, &split.holdout, groups, *seed)
        };
        Ok(spawn_blocking(work).await.map_err(RetrainError::Thread)??)
    }
}

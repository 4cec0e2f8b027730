//! What became of each object of a batch, and what it adds up to.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use tamiz_domain::{Manifest, ObjectIdentity, RunId};

use crate::DispatchError;
use crate::events::Upload;

/// What a dispatcher did, counted.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Messages acknowledged, or to be acknowledged by Lambda.
    pub messages_settled: usize,
    /// Messages left in the queue because too much was open.
    pub messages_held_back: usize,
    /// Messages left in the queue because something failed.
    pub messages_failed: usize,
    /// Executions started.
    pub runs_started: usize,
    /// Uploads recognised as processed before.
    pub already_seen: usize,
    /// Records refused.
    pub refused: usize,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.messages_settled += other.messages_settled;
        self.messages_held_back += other.messages_held_back;
        self.messages_failed += other.messages_failed;
        self.runs_started += other.runs_started;
        self.already_seen += other.already_seen;
        self.refused += other.refused;
    }
}

/// A run that has an execution, as far as uploads are compared with it.
#[derive(Debug)]
pub(crate) struct KnownRun {
    pub(crate) run_id: RunId,
    versions: BTreeMap<ObjectIdentity, Option<String>>,
    /// Whether it had been started before this batch came.
    seen_before: bool,
}

impl KnownRun {
    pub(crate) fn new(manifest: Manifest, seen_before: bool) -> Self {
        let versions = manifest.objects.into_iter().map(|object| (object.identity, object.version_id)).collect();
        Self { run_id: manifest.run_id, versions, seen_before }
    }

    /// Whether an upload is another one than that which the run processes, and not only announced again.
    ///
    /// Versions tell. An unversioned bucket has none, so there every announcement of a run that was started before is
    /// taken for a repeat, which at worst records one too many.
    pub(crate) fn is_repeated_by(&self, upload: &Upload) -> bool {
        match (self.versions.get(&upload.object.identity), &upload.object.version_id) {
            (Some(Some(processed)), Some(announced)) => processed != announced,
            _ => self.seen_before,
        }
    }
}

/// What became of an object.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// A run that has an execution owns it.
    InRun(Arc<KnownRun>),
    /// Its run waits for room.
    HeldBack,
    /// Something failed; the ledger has the error.
    Failed,
}

/// What became of each object of a batch.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    fates: BTreeMap<ObjectIdentity, Fate>,
    pub(crate) errors: Vec<DispatchError>,
    pub(crate) outcome: Outcome,
}

impl Ledger {
    pub(crate) fn note(&mut self, identities: Vec<ObjectIdentity>, fate: &Fate) {
        self.fates.extend(identities.into_iter().map(|identity| (identity, fate.clone())));
    }

    pub(crate) fn fail(&mut self, identities: Vec<ObjectIdentity>, error: DispatchError) {
        self.note(identities, &Fate::Failed);
        self.errors.push(error);
    }

    pub(crate) fn knows(&self, identity: &ObjectIdentity) -> bool {
        self.fates.contains_key(identity)
    }

    /// What became of an object; one that nothing became of failed, so that its message stays.
    pub(crate) fn fate(&self, identity: &ObjectIdentity) -> Fate {
        self.fates.get(identity).cloned().unwrap_or(Fate::Failed)
    }
}

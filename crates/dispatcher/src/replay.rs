//! Doing again what was done or refused, because a person asks for it.

use std::time::Duration;

use tamiz_domain::{Configuration, Manifest, ManifestObject, ObjectIdentity, Ownership, RunId, STAGING_RUNS};
use tamiz_ports::{Folder, ObjectUri, Queue, StoreError, Workflow};

use crate::DispatchError;
use crate::execution::begin;
use crate::records::{BODY, REFUSED, RefusedRecord};
use crate::run_states::{manifest_name, manifest_on_record, owner_of};

/// How long a queue is asked for more dead letters: enough for SQS to ask all of its servers.
const WAIT: Duration = Duration::from_secs(1);

/// What replays work on.
pub struct Replay<'a> {
    /// Manifests, claims and refusals.
    pub staging: Folder,
    /// Starts runs.
    pub workflow: &'a dyn Workflow,
    /// What makes the replay a run of its own, such as the time.
    pub salt: String,
    /// Only tell.
    pub dry_run: bool,
}

/// A run that does again what another has done.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReplayedRun {
    /// The new run.
    pub run_id: RunId,
    /// Number of its objects.
    pub objects: usize,
    /// Their sizes together, in bytes.
    pub bytes: u64,
    /// Whether it was started, and not only told.
    pub started: bool,
}

impl Replay<'_> {
    /// The run whose id begins with these digits.
    ///
    /// # Errors
    /// [`DispatchError::UnknownRun`] for none or for several.
    pub async fn find(&self, digits: &str) -> Result<RunId, DispatchError> {
        let unknown = |matching| DispatchError::UnknownRun { digits: digits.to_owned(), matching };
        let runs = self.staging.list_folders(STAGING_RUNS).await?;
        let mut matching: Vec<RunId> =
            runs.iter().filter(|run| run.starts_with(digits)).filter_map(|run| run.parse().ok()).collect();
        match (matching.pop(), matching.len()) {
            (Some(run_id), 0) if !digits.is_empty() => Ok(run_id),
            (found, others) => Err(unknown(others + usize::from(found.is_some()))),
        }
    }

    /// Processes what `run_id` owns once more, under its own configuration or another one.
    ///
    /// # Errors
    /// A run without a manifest or that owns nothing, a store or an engine that does not answer.
    pub async fn run(
        &self,
        run_id: &RunId,
        configuration: Option<Configuration>,
    ) -> Result<ReplayedRun, DispatchError> {
        let manifest = manifest_on_record(&self.staging, run_id).await?;
        let mut objects = Vec::new();
        for object in manifest.objects {
            let is_own = match manifest.ownership {
                Ownership::Manifest => true,
                Ownership::Claims => owner_of(&self.staging, &object.identity).await?.as_ref() == Some(run_id),
            };
            objects.extend(is_own.then_some(object));
        }
        if objects.is_empty() {
            return Err(DispatchError::NothingOwned { run_id: run_id.clone() });
        }
        self.start(objects, configuration.unwrap_or(manifest.configuration)).await
    }

    /// Processes an object as it is now once more, whatever run has it. `place` is the object's own place in its store.
    ///
    /// # Errors
    /// An object that is not there, a store or an engine that does not answer.
    pub async fn object(&self, place: &Folder, configuration: Configuration) -> Result<ReplayedRun, DispatchError> {
        let uri = place.uri().to_string();
        let ObjectUri::S3 { bucket, key } = place.uri() else { return Err(StoreError::NotFound { uri }.into()) };
        let meta = place.meta_if_exists("").await?.ok_or_else(|| StoreError::NotFound { uri: uri.clone() })?;
        let etag = meta.e_tag.unwrap_or_default().trim_matches('"').to_owned();
        let identity = ObjectIdentity { bucket: bucket.clone(), key: key.to_string(), etag };
        let object = ManifestObject { identity, uri, version_id: meta.version, size: meta.size };
        self.start(vec![object], configuration).await
    }

    async fn start(
        &self,
        objects: Vec<ManifestObject>,
        configuration: Configuration,
    ) -> Result<ReplayedRun, DispatchError> {
        // Not by claims: those name the run that had the objects first, and never change.
        let manifest = Manifest::plan(objects, configuration, Ownership::Manifest, Some(self.salt.clone()));
        let replayed = ReplayedRun {
            run_id: manifest.run_id.clone(),
            objects: manifest.objects.len(),
            bytes: manifest.objects.iter().map(|object| object.size).sum(),
            started: !self.dry_run,
        };
        if !self.dry_run {
            self.staging.create_json(&manifest_name(&manifest.run_id), &manifest).await?;
            begin(&manifest.run_id, &self.staging, self.workflow).await?;
        }
        Ok(replayed)
    }

    /// Puts the body of a refused message into the queue again. The record stays; what is refused again leaves no new one.
    ///
    /// # Errors
    /// A place that is no refusal's, a store or a queue that does not answer.
    pub async fn refusal(&self, name: &str, queue: &dyn Queue) -> Result<RefusedRecord, DispatchError> {
        let record: RefusedRecord = self.staging.read_json(&format!("{REFUSED}/{name}.json")).await?;
        let body = self.staging.read_text(&format!("{REFUSED}/{name}.{BODY}")).await?;
        if !self.dry_run {
            queue.send(&[body]).await?;
        }
        Ok(record)
    }

    /// Moves every message of `dead_letters` into `queue`; answers how many. One that breaks off between the two steps is in
    /// both queues, which the dispatcher recognises.
    ///
    /// # Errors
    /// A queue that does not answer. What was moved stays moved.
    pub async fn dead_letters(dead_letters: &dyn Queue, queue: &dyn Queue) -> Result<usize, DispatchError> {
        let mut moved = 0;
        loop {
            let messages = dead_letters.receive(WAIT).await?;
            if messages.is_empty() {
                return Ok(moved);
            }
            let bodies: Vec<String> = messages.iter().map(|message| message.body.clone()).collect();
            queue.send(&bodies).await?;
            for message in &messages {
                dead_letters.acknowledge(&message.receipt).await?;
            }
            moved += messages.len();
        }
    }
}

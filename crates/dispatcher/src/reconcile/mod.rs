//! The bucket against the claims and the runs: what no event announced is announced after all.
//!
//! Nothing is started here. What is found goes into the queue as an announcement of its own, so that packing, claims and
//! back-pressure are those of every upload, and a second reconciliation at the same time does no harm.

mod findings;
mod job;
mod mail;

use std::collections::HashSet;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tamiz_domain::{Claim, Manifest, ManifestObject, ObjectIdentity, Ownership, RunId, STAGING_CLAIMS, STAGING_RUNS};
use tamiz_ports::{Created, Folder, Queue, StoredUpload, Uploads, Workflow};

use crate::events::{Record, announcement, from_stored};
use crate::execution::{Standing, is_marked, standing, standing_of};
use crate::records::{is_refused, record_refusal};
use crate::run_states::{CONCURRENT_CLAIMS, manifest_name, manifest_on_record, owner_of};
use crate::{DispatchError, Refusal};

pub use findings::{Finding, Findings, Reconciled};
pub use job::ReconcileJob;

/// Announcements that are sent at once.
const BATCH: usize = 100;

/// What stands for the id of a message where a refusal comes of no message.
const NO_MESSAGE: &str = "reconcile";

/// One comparison of the uploads with claims and runs.
pub struct Reconciliation {
    /// Claims and runs.
    pub staging: Folder,
    /// What the bucket holds.
    pub uploads: Arc<dyn Uploads>,
    /// Where announcements go.
    pub queue: Arc<dyn Queue>,
    /// Knows which runs were started.
    pub workflow: Arc<dyn Workflow>,
    /// What is younger is not missed yet: its event may still be on its way, or its run about to start.
    pub older_than: SignedDuration,
    /// Only tell.
    pub dry_run: bool,
}

impl Reconciliation {
    /// Compares, and announces what no started run has. `now` is the time by which ages are told.
    ///
    /// # Errors
    /// A store, a queue or a workflow engine that does not answer. What was announced before stays announced; the next
    /// reconciliation finds the rest.
    pub async fn run(&self, now: Timestamp) -> Result<Reconciled, DispatchError> {
        let born_before = now.checked_sub(self.older_than).unwrap_or(Timestamp::MIN);
        let mut found = Reconciled { dry_run: self.dry_run, ..Reconciled::default() };
        self.find_unannounced(born_before, &mut found).await?;
        self.find_unstarted(born_before, &mut found).await?;
        Ok(found)
    }

    async fn find_unannounced(&self, born_before: Timestamp, found: &mut Reconciled) -> Result<(), DispatchError> {
        let claimed = claimed(&self.staging).await?;
        let mut announcements = Vec::new();
        let mut uploads = self.uploads.list();
        while let Some(upload) = uploads.try_next().await? {
            found.uploads += 1;
            if upload.uploaded_at > born_before {
                found.too_young += 1;
                continue;
            }
            let object = match from_stored(&upload) {
                Record::Upload(announced) => announced.object,
                Record::Nothing => continue,
                Record::Refused(refusal) => {
                    self.refuse(&upload, &refusal, found).await?;
                    continue;
                }
            };
            // The claims were listed first, so a claim may have come meanwhile.
            let is_claimed = claimed.contains(&object.identity.digest_bytes());
            if is_claimed || owner_of(&self.staging, &object.identity).await?.is_some() {
                continue;
            }
            found.unannounced.add(object.size, || Finding::unannounced(&object, upload.uploaded_at));
            announcements.push(announcement(&object));
            if announcements.len() >= BATCH {
                self.announce(&mut announcements).await?;
            }
        }
        self.announce(&mut announcements).await
    }

    /// Records an upload that no stage can read, unless its event was refused before.
    async fn refuse(
        &self,
        upload: &StoredUpload,
        refusal: &Refusal,
        found: &mut Reconciled,
    ) -> Result<(), DispatchError> {
        let object = unreadable(upload);
        let is_new = if self.dry_run {
            !is_refused(&self.staging, refusal).await?
        } else {
            record_refusal(&self.staging, NO_MESSAGE, &announcement(&object), 0, refusal).await? == Created::New
        };
        if is_new {
            found.refused.add(upload.size, || Finding::unannounced(&object, upload.uploaded_at));
        }
        Ok(())
    }

    async fn find_unstarted(&self, born_before: Timestamp, found: &mut Reconciled) -> Result<(), DispatchError> {
        let runs = self.staging.list_folders(STAGING_RUNS).await?;
        let planned: Vec<Option<Manifest>> = futures::stream::iter(runs)
            .map(|run| self.never_started(run, born_before))
            .buffered(CONCURRENT_CLAIMS)
            .try_collect()
            .await?;
        let mut announcements = Vec::new();
        for manifest in planned.into_iter().flatten() {
            for object in &manifest.objects {
                if owner_of(&self.staging, &object.identity).await?.as_ref() == Some(&manifest.run_id) {
                    found.unstarted.add(object.size, || Finding::unstarted(object, &manifest.run_id));
                    announcements.push(announcement(object));
                }
            }
            self.announce(&mut announcements).await?;
        }
        Ok(())
    }

    /// The manifest of a run that was planned long enough ago and never started; none of any other.
    async fn never_started(&self, run: String, born_before: Timestamp) -> Result<Option<Manifest>, DispatchError> {
        let Ok(run_id) = run.parse::<RunId>() else { return Ok(None) };
        let (staging, workflow) = (&self.staging, self.workflow.as_ref());
        let planned_at = staging.modified_at(&manifest_name(&run_id)).await?;
        let is_old = planned_at.is_some_and(|planned_at| planned_at <= born_before);
        // The mark first: it settles nearly all of them, and the engine answers few questions a second.
        if !is_old || is_marked(staging, &run_id).await? {
            return Ok(None);
        }
        let standing = match self.dry_run {
            true => standing_of(&run_id, workflow).await?,
            false => standing(&run_id, staging, workflow).await?,
        };
        if standing == Standing::Begun {
            return Ok(None);
        }
        let manifest = manifest_on_record(staging, &run_id).await?;
        Ok(Some(manifest).filter(|manifest| manifest.ownership == Ownership::Claims))
    }

    async fn announce(&self, announcements: &mut Vec<String>) -> Result<(), DispatchError> {
        if !self.dry_run && !announcements.is_empty() {
            self.queue.send(announcements).await?;
        }
        announcements.clear();
        Ok(())
    }
}

/// An upload under a name that is no path, as it would have been announced.
fn unreadable(upload: &StoredUpload) -> ManifestObject {
    let StoredUpload { bucket, key, etag, version_id, size, .. } = upload;
    let identity = ObjectIdentity { bucket: bucket.clone(), key: key.clone(), etag: etag.clone() };
    ManifestObject { identity, uri: format!("s3://{bucket}/{key}"), version_id: version_id.clone(), size: *size }
}

/// Digests of the identities that some run has claimed: one listing instead of a question for each upload.
async fn claimed(staging: &Folder) -> Result<HashSet<[u8; 32]>, DispatchError> {
    let mut claims = staging.stream(STAGING_CLAIMS);
    let mut digests = HashSet::new();
    while let Some(claim) = claims.try_next().await? {
        digests.extend(claim.location.filename().and_then(Claim::digest_of));
    }
    Ok(digests)
}

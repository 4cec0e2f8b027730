//! What happened to an uploaded file.

use std::path::Path;

use bytesize::ByteSize;
use futures::TryStreamExt;
use tamiz_dispatcher::refusal_of;
use tamiz_domain::{Claim, Manifest, ManifestObject, ObjectIdentity, RunId, RunLayout, STAGING_CLAIMS, STAGING_RUNS};
use tamiz_monitor::figures::thousands;
use tamiz_ports::{ObjectUri, StoredUpload, Uploads};

use super::{Step, run};
use crate::error::CommandError;
use crate::place::{Cloud, Place};

/// The steps of a file: its uploads, and what became of the latest.
pub async fn explain(place: &Place, what: &str) -> Result<(Vec<Step>, Option<String>), CommandError> {
    match &place.cloud {
        Some(cloud) => uploaded(place, cloud, what).await,
        None => local(place, Path::new(what)).await,
    }
}

async fn uploaded(place: &Place, cloud: &Cloud, what: &str) -> Result<(Vec<Step>, Option<String>), CommandError> {
    let uri: ObjectUri = what.parse().map_err(|error| CommandError::Usage(format!("{error}")))?;
    let versions = versions(cloud, &uri).await?;
    let mut steps = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        let when = version.uploaded_at.strftime("%Y-%m-%d %H:%M:%SZ");
        let name = version.version_id.as_deref().map(|version| format!(", version {version}")).unwrap_or_default();
        let which = if at == 0 { "" } else { " (replaced since)" };
        steps.push(Step::new("uploaded", format!("{when}, {}{name}{which}", ByteSize(version.size))));
        if let Some(run_id) = owner(place, &identity(version)).await? {
            steps.push(Step::new("claimed", format!("by run {run_id}")));
            if at == 0 {
                let (more, next) = run::explain(place, &run_id, Some(&source(version))).await?;
                steps.extend(more);
                return Ok((steps, next));
            }
        } else if at == 0 {
            let (step, next) = unclaimed(place, cloud, &uri).await?;
            steps.push(step);
            return Ok((steps, Some(next)));
        }
    }
    if versions.is_empty() {
        steps
            .push(Step::new("uploaded", "the bucket holds nothing under this name: it was never uploaded, or deleted"));
    }
    Ok((steps, None))
}

/// The versions under exactly this name, the latest first.
async fn versions(cloud: &Cloud, uri: &ObjectUri) -> Result<Vec<StoredUpload>, CommandError> {
    let (Some(uploads), ObjectUri::S3 { key, .. }) = (cloud.aws.uploads_of(uri), uri) else { return Ok(Vec::new()) };
    let key = key.to_string();
    let listed: Vec<StoredUpload> = uploads.list().try_collect().await.map_err(CommandError::stage)?;
    Ok(listed.into_iter().filter(|version| version.key == key).collect())
}

fn identity(version: &StoredUpload) -> ObjectIdentity {
    let etag = version.etag.trim_matches('"').to_owned();
    ObjectIdentity { bucket: version.bucket.clone(), key: version.key.clone(), etag }
}

fn source(version: &StoredUpload) -> String {
    let uri = format!("s3://{}/{}", version.bucket, version.key);
    ManifestObject { identity: identity(version), uri, version_id: version.version_id.clone(), size: version.size }
        .source()
}

async fn owner(place: &Place, identity: &ObjectIdentity) -> Result<Option<RunId>, CommandError> {
    let name = format!("{STAGING_CLAIMS}/{}", Claim::file_name(identity));
    let claim: Option<Claim> = place.staging.read_json_if_exists(&name).await.map_err(CommandError::stage)?;
    Ok(claim.map(|claim| claim.run_id))
}

/// Why no run has a file, and what to do.
async fn unclaimed(place: &Place, cloud: &Cloud, uri: &ObjectUri) -> Result<(Step, String), CommandError> {
    if let Some(refused) = refusal_of(&place.staging, &uri.to_string()).await.map_err(CommandError::stage)? {
        return Ok((Step::new("refused", refused.meaning), format!("{} then: {}", refused.remedy, refused.replay)));
    }
    let deployment = &cloud.deployment;
    let depth = async |url: &str| cloud.aws.queue(url).depth().await.map_err(CommandError::stage);
    let (waiting, given_up) = (depth(&deployment.queue_url).await?, depth(&deployment.dead_letter_queue_url()).await?);
    let told = format!(
        "no run has it; {} events wait in the queue, {} were given up",
        thousands(waiting),
        thousands(given_up)
    );
    let next = match (waiting, given_up) {
        (0, 0) => "tamiz reconcile --older-than 0s",
        (0, _) => "tamiz replay --dead-letters",
        _ => "wait for the dispatcher, or see whether it runs: aws lambda get-function",
    };
    Ok((Step::new("waiting", told), next.to_owned()))
}

/// A file of a folder run: the runs whose manifest names its path, the latest content first.
async fn local(place: &Place, file: &Path) -> Result<(Vec<Step>, Option<String>), CommandError> {
    let full = file.canonicalize().unwrap_or_else(|_| file.to_owned()).display().to_string();
    let runs = place.staging.list_folders(STAGING_RUNS).await.map_err(CommandError::stage)?;
    let mut found = (Vec::new(), None);
    for run_id in runs.iter().filter_map(|name| name.parse::<RunId>().ok()) {
        let name = format!("{}/{}", RunLayout::run(&run_id), RunLayout::MANIFEST);
        let manifest: Option<Manifest> = place.staging.read_json_if_exists(&name).await.map_err(CommandError::stage)?;
        let objects = manifest.iter().flat_map(|manifest| &manifest.objects);
        if let Some(object) = objects.into_iter().find(|object| object.uri == full) {
            let (steps, next) = run::explain(place, &run_id, Some(&object.source())).await?;
            found.0.extend(steps);
            found.1 = next;
        }
    }
    if found.0.is_empty() {
        found.0.push(Step::new("run", format!("no run in {} has {full}", place.staging.uri())));
    }
    Ok(found)
}

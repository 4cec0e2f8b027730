//! Which objects of the manifest are this run's own.

use futures::{StreamExt, TryStreamExt};
use tamiz_domain::{Claim, Manifest, ManifestObject, Ownership, STAGING_CLAIMS, STAGING_RUNS};
use tamiz_ports::{Folder, ObjectUri, StoreError, Stores};

use crate::EtlError;

/// Claims read at once.
const CONCURRENT_READS: usize = 16;

/// The objects that this run is to process, in the manifest's order.
pub(crate) async fn owned_objects(
    manifest: Manifest,
    uri: &ObjectUri,
    stores: &dyn Stores,
) -> Result<Vec<ManifestObject>, EtlError> {
    match manifest.ownership {
        Ownership::Manifest => Ok(manifest.objects),
        Ownership::Claims => {
            let root = staging_root(uri).ok_or_else(|| EtlError::NoStagingRoot { uri: uri.to_string() })?;
            let claims = stores.open(&root)?.child(STAGING_CLAIMS);
            let Manifest { run_id, objects, .. } = manifest;
            let reads = objects.into_iter().map(|object| async {
                let claim = claim(&claims, &object).await?;
                let is_ours = claim.is_some_and(|claim| claim.run_id == run_id);
                if !is_ours {
                    tracing::info!(run_id = %run_id, stage = "etl", file = object.source(), "left to the run that claimed it");
                }
                Ok::<_, EtlError>(is_ours.then_some(object))
            });
            let owned: Vec<_> = futures::stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await?;
            Ok(owned.into_iter().flatten().collect())
        }
    }
}

/// `<root>` of `<root>/runs/<run id>/manifest.json`.
fn staging_root(manifest: &ObjectUri) -> Option<ObjectUri> {
    let (run, _) = manifest.split_last()?;
    let (runs, _) = run.split_last()?;
    let (root, name) = runs.split_last()?;
    (name == STAGING_RUNS).then_some(root)
}

async fn claim(claims: &Folder, object: &ManifestObject) -> Result<Option<Claim>, StoreError> {
    claims.read_json_if_exists(&Claim::file_name(&object.identity)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_staging_root_is_what_holds_the_runs() {
        let root = |uri: &str| staging_root(&uri.parse().unwrap()).map(|root| root.to_string());
        assert_eq!(root("s3://staging/runs/1/manifest.json").as_deref(), Some("s3://staging/"));
        assert_eq!(root("/tmp/x/runs/1/manifest.json").as_deref(), Some("/tmp/x"));
        assert_eq!(root("/tmp/manifest.json"), None);
    }
}

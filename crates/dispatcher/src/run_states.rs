//! The states of a run before it starts: planned in memory, then claimed in staging.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use tamiz_domain::{
    Claim, Configuration, Manifest, ManifestObject, ObjectIdentity, Ownership, RunId, RunLayout, STAGING_CLAIMS,
};
use tamiz_ports::{Created, Folder};

use crate::DispatchError;

/// Claims under way at once: enough to hide the store's latency, too few to be throttled.
pub(crate) const CONCURRENT_CLAIMS: usize = 16;

/// A run that nobody but this process knows of.
#[derive(Debug)]
pub(crate) struct Planned(Manifest);

impl Planned {
    pub(crate) fn new(objects: Vec<ManifestObject>, configuration: &Configuration) -> Self {
        Self(Manifest::plan(objects, configuration.clone(), Ownership::Claims, None))
    }

    pub(crate) fn identities(&self) -> Vec<ObjectIdentity> {
        self.0.objects.iter().map(|object| object.identity.clone()).collect()
    }

    /// Writes the manifest, then claims each object.
    pub(crate) async fn claim(self, staging: &Folder) -> Result<Claimed, DispatchError> {
        let name = manifest_name(&self.0.run_id);
        let manifest = match staging.create_json(&name, &self.0).await? {
            Created::New => self.0,
            // Another try at the same run came first. Its manifest may pin other versions of the same bytes, and it is
            // the one that the stages read.
            Created::Exists => manifest_on_record(staging, &self.0.run_id).await?,
        };
        Claimed::take(manifest, staging).await
    }
}

/// A run of whose objects each is claimed, by it or by another run. Claims never change, so neither does what it owns.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) manifest: Manifest,
    /// What this run owns.
    pub(crate) owned: Vec<ObjectIdentity>,
    /// What other runs own.
    pub(crate) elsewhere: BTreeMap<RunId, Vec<ObjectIdentity>>,
}

impl Claimed {
    /// Claims each object of a manifest that is on record, as far as nobody did before.
    ///
    /// All of them, even where only one is at hand: were the run started with an object unclaimed, a slower
    /// dispatcher could still claim that one for it, after the run has read its claims, and the object would be lost.
    pub(crate) async fn take(manifest: Manifest, staging: &Folder) -> Result<Self, DispatchError> {
        let owners: Vec<RunId> = futures::stream::iter(&manifest.objects)
            .map(|object| claim_or_read(staging, &object.identity, &manifest.run_id))
            .buffered(CONCURRENT_CLAIMS)
            .try_collect()
            .await?;
        let (mut owned, mut elsewhere) = (Vec::new(), BTreeMap::<RunId, Vec<ObjectIdentity>>::new());
        for (object, owner) in manifest.objects.iter().zip(owners) {
            let whose = if owner == manifest.run_id { &mut owned } else { elsewhere.entry(owner).or_default() };
            whose.push(object.identity.clone());
        }
        Ok(Self { manifest, owned, elsewhere })
    }
}

/// The run that owns an object, if any does.
pub(crate) async fn owner_of(staging: &Folder, identity: &ObjectIdentity) -> Result<Option<RunId>, DispatchError> {
    Ok(staging.read_json_if_exists::<Claim>(&claim_name(identity)).await?.map(|claim| claim.run_id))
}

/// The manifest of a run that claimed something.
pub(crate) async fn manifest_on_record(staging: &Folder, run_id: &RunId) -> Result<Manifest, DispatchError> {
    let manifest: Option<Manifest> = staging.read_json_if_exists(&manifest_name(run_id)).await?;
    let manifest = manifest.ok_or_else(|| DispatchError::ManifestMissing { run_id: run_id.clone() })?;
    match manifest.format_version {
        Manifest::FORMAT_VERSION => Ok(manifest),
        found => Err(DispatchError::ManifestFormat { run_id: run_id.clone(), found }),
    }
}

pub(crate) fn manifest_name(run_id: &RunId) -> String {
    format!("{}/{}", RunLayout::run(run_id), RunLayout::MANIFEST)
}

async fn claim_or_read(staging: &Folder, identity: &ObjectIdentity, run_id: &RunId) -> Result<RunId, DispatchError> {
    let claim = Claim { run_id: run_id.clone(), identity: identity.clone() };
    match staging.create_json(&claim_name(identity), &claim).await? {
        Created::New => Ok(claim.run_id),
        Created::Exists => Ok(staging.read_json::<Claim>(&claim_name(identity)).await?.run_id),
    }
}

fn claim_name(identity: &ObjectIdentity) -> String {
    format!("{STAGING_CLAIMS}/{}", Claim::file_name(identity))
}

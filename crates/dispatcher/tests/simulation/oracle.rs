//! What must hold, said without a line of the code that is tested.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt;
use futures::stream::StreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tamiz_domain::{Claim, ObjectIdentity, RunId};

use crate::engine::Engine;
use crate::story::{Fate, Story, Upload};

/// Looks into the staging bucket behind everybody's back.
#[derive(Clone)]
pub struct Oracle {
    pub staging: Arc<dyn ObjectStore>,
}

impl Oracle {
    fn read(&self, name: &str) -> Option<Value> {
        // A store in memory answers at once.
        let result = self.staging.get(&Path::parse(name).ok()?).now_or_never()?.ok()?;
        let bytes = result.bytes().now_or_never()?.ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let listed: Vec<_> = self.staging.list(Some(&Path::from(folder))).collect().now_or_never().unwrap_or_default();
        listed.into_iter().filter_map(|meta| Some(meta.ok()?.location.to_string())).collect()
    }

    fn owner(&self, identity: &ObjectIdentity) -> Option<RunId> {
        let claim = self.read(&format!("claims/{}", Claim::file_name(identity)))?;
        claim["run_id"].as_str()?.parse().ok()
    }

    /// Contents and versions of a run's manifest.
    fn manifest(&self, run_id: &RunId) -> Option<BTreeMap<ObjectIdentity, Option<String>>> {
        let manifest = self.read(&format!("runs/{run_id}/manifest.json"))?;
        let objects = manifest["objects"].as_array()?.iter();
        objects
            .map(|object| {
                let text = |field: &str| Some(object[field].as_str()?.to_owned());
                let identity = ObjectIdentity { bucket: text("bucket")?, key: text("key")?, etag: text("etag")? };
                Some((identity, text("version_id")))
            })
            .collect()
    }

    /// At a start: every object of the manifest is somebody's, and one at least is the run's own.
    pub fn may_start(&self, run_id: &RunId) -> Result<(), String> {
        let manifest = self.manifest(run_id).ok_or("it has no manifest")?;
        let mut num_owned = 0;
        for identity in manifest.keys() {
            let owner = self.owner(identity).ok_or_else(|| format!("`{}` is unclaimed", identity.key))?;
            num_owned += usize::from(owner == *run_id);
        }
        if num_owned == 0 { Err("it owns nothing".into()) } else { Ok(()) }
    }

    /// At a deletion: each record of the message has found its place.
    pub fn may_delete(&self, body: &str, fates: &[Fate], engine: &Engine) -> Result<(), String> {
        fates.iter().try_for_each(|fate| match fate {
            Fate::Run(upload) => self.is_settled(upload, engine),
            Fate::Refused(object) => self.is_refused(body, object.as_deref()),
        })
    }

    fn is_settled(&self, upload: &Upload, engine: &Engine) -> Result<(), String> {
        let Upload { identity, version_id, is_announced } = upload;
        let what = format!("`{}` with content {}", identity.key, identity.etag);
        let owner = self.owner(identity).ok_or_else(|| format!("{what} is unclaimed"))?;
        if !engine.was_started(&owner) {
            return Err(format!("{what} is claimed by {}, which was never started", owner.short()));
        }
        let manifest = self.manifest(&owner).ok_or_else(|| format!("{} has no manifest", owner.short()))?;
        let processed = manifest.get(identity).ok_or_else(|| format!("{} does not list {what}", owner.short()))?;
        // Of bytes that a run has already, what nobody told of is no repeat that anybody could know.
        let is_repeat = *is_announced && version_id.is_some() && processed != version_id;
        match is_repeat && !self.repeats(&owner).contains(&(identity.clone(), version_id.clone())) {
            true => Err(format!("{version_id:?} of {what} is not on record as a repeat")),
            false => Ok(()),
        }
    }

    fn repeats(&self, run_id: &RunId) -> BTreeSet<(ObjectIdentity, Option<String>)> {
        let names = self.names(&format!("runs/{run_id}/repeats"));
        let read = |name: &String| {
            let repeat = self.read(name)?;
            let text = |field: &str| repeat[field].as_str().map(str::to_owned);
            let identity = ObjectIdentity { bucket: text("bucket")?, key: text("key")?, etag: text("etag")? };
            Some((identity, text("version_id")))
        };
        names.iter().filter_map(read).collect()
    }

    fn is_refused(&self, body: &str, object: Option<&str>) -> Result<(), String> {
        let digest = hex::encode(Sha256::digest(body));
        let names = self.names("refused");
        let records =
            names.iter().filter(|name| name.ends_with(".json")).filter_map(|name| Some((name, self.read(name)?)));
        let mut matching = records.filter(|(_, record)| match object {
            Some(object) => record["object"] == object,
            None => record["body_sha256"] == digest.as_str(),
        });
        let (name, record) = matching.next().ok_or_else(|| format!("{body} is not on record as refused"))?;
        if record["reason"].as_str().is_none_or(str::is_empty) {
            return Err(format!("{name} gives no reason"));
        }
        let bytes = name.replace(".json", ".body");
        if names.contains(&bytes) { Ok(()) } else { Err(format!("{bytes} is missing")) }
    }

    /// At rest: each content is in exactly one started run, and nothing is in a run that nobody uploaded.
    pub fn at_rest(&self, story: &Story, engine: &Engine) -> Result<(), String> {
        story.uploads.iter().try_for_each(|upload| self.is_settled(upload, engine))?;
        for (body, fates) in &story.fates {
            self.may_delete(body, fates, engine)?;
        }
        let uploaded: BTreeSet<&ObjectIdentity> = story.uploads.iter().map(|upload| &upload.identity).collect();
        for run_id in engine.started() {
            self.may_start(&run_id)?;
            let manifest = self.manifest(&run_id).ok_or("a started run has no manifest")?;
            if let Some(stranger) = manifest.keys().find(|identity| !uploaded.contains(identity)) {
                return Err(format!("{stranger:?} was never uploaded"));
            }
            for (identity, version_id) in self.repeats(&run_id) {
                if version_id.is_some() && manifest.get(&identity) == Some(&version_id) {
                    return Err(format!("{identity:?} is on record as a repeat of itself"));
                }
            }
            if self.read(&format!("runs/{run_id}/started.json")).is_none() {
                return Err(format!("{} is not marked as started", run_id.short()));
            }
        }
        Ok(())
    }
}

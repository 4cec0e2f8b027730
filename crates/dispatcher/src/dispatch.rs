//! From a batch of messages to started runs: the order of the steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use tamiz_domain::{Configuration, ManifestObject, ObjectIdentity, RunId};
use tamiz_ports::{Capacity, Folder, Message, Workflow};

use crate::events::newest;
use crate::execution::{Standing, standing, start};
use crate::ledger::{Fate, KnownRun, Ledger};
use crate::packing::pack;
use crate::room::Room;
use crate::run_states::{CONCURRENT_CLAIMS, Claimed, Planned, manifest_on_record, owner_of};
use crate::settings::{Deps, Settings, configuration};
use crate::settle::{Dispatched, Received};
use crate::{DispatchError, settle};

/// Turns messages into runs. Holds no state of its own: what is known lies in staging and in the workflow engine.
pub struct Dispatcher {
    pub(crate) staging: Folder,
    workflow: Arc<dyn Workflow>,
    capacity: Arc<dyn Capacity>,
    pub(crate) configuration: Configuration,
}

impl Dispatcher {
    /// Reads the configuration and opens the staging folder.
    ///
    /// # Errors
    /// A configuration that cannot be read or makes no sense, a staging URI that cannot be reached.
    pub async fn open(settings: &Settings, deps: &Deps) -> Result<Self, DispatchError> {
        Ok(Self {
            staging: deps.stores.open(&settings.staging)?,
            workflow: deps.workflow.clone(),
            capacity: deps.capacity.clone(),
            configuration: configuration(&settings.config, deps.stores.as_ref()).await?,
        })
    }

    /// Brings every upload that `messages` announce into exactly one started run, or leaves its message unsettled.
    pub async fn dispatch(&self, messages: Vec<Message>) -> Dispatched {
        let received: Vec<Received> = messages.into_iter().map(Received::new).collect();
        let objects = newest(received.iter().flat_map(Received::uploads));
        let (mut ledger, mut room) = (Ledger::default(), Room::default());
        let (claimed, mut free) = self.look_at_claims(objects, &mut ledger).await;
        // Old debts first: what an earlier dispatcher left unfinished has waited longest.
        for (owner, identities) in claimed {
            self.join(&owner, identities, &mut room, &mut ledger).await;
        }
        // Finishing a run claims the rest of its manifest, which may be among the free ones.
        free.retain(|object| !ledger.knows(&object.identity));
        for objects in pack(free, &self.configuration.dispatch) {
            self.open_run(Planned::new(objects, &self.configuration), &mut room, &mut ledger).await;
        }
        settle::settle(&self.staging, received, ledger).await
    }

    /// Parts objects that a run owns already from free ones, so that repeats neither fill a run nor leave a manifest of
    /// a run that is never started. Only a look: the claim itself is still what decides.
    async fn look_at_claims(
        &self,
        objects: BTreeMap<ObjectIdentity, ManifestObject>,
        ledger: &mut Ledger,
    ) -> (BTreeMap<RunId, Vec<ObjectIdentity>>, Vec<ManifestObject>) {
        let (mut claimed, mut free) = (BTreeMap::<RunId, Vec<ObjectIdentity>>::new(), Vec::new());
        let owners: Vec<_> = futures::stream::iter(objects.keys())
            .map(|identity| owner_of(&self.staging, identity))
            .buffered(CONCURRENT_CLAIMS)
            .collect()
            .await;
        for ((identity, object), owner) in objects.into_iter().zip(owners) {
            match owner {
                Ok(Some(owner)) => claimed.entry(owner).or_default().push(identity),
                Ok(None) => free.push(object),
                Err(error) => ledger.fail(vec![identity], error),
            }
        }
        (claimed, free)
    }

    /// Claims and starts a planned run, as far as there is room.
    async fn open_run(&self, planned: Planned, room: &mut Room, ledger: &mut Ledger) {
        let identities = planned.identities();
        if !self.admit(&identities, room, ledger).await {
            return;
        }
        let claimed = match planned.claim(&self.staging).await {
            Ok(claimed) => claimed,
            Err(error) => return ledger.fail(identities, error),
        };
        let elsewhere = claimed.elsewhere.clone();
        self.start_claimed(claimed, room, ledger).await;
        // Others were faster with these; they count only once their runs are started too.
        for (owner, identities) in elsewhere {
            self.join(&owner, identities, room, ledger).await;
        }
    }

    /// Settles objects that a run owns already; a run that was claimed and never started is finished, not stolen from.
    async fn join(&self, owner: &RunId, identities: Vec<ObjectIdentity>, room: &mut Room, ledger: &mut Ledger) {
        let standing = match standing(owner, &self.staging, self.workflow.as_ref()).await {
            Ok(standing) => standing,
            Err(error) => return ledger.fail(identities, error),
        };
        if standing == Standing::NeverStarted && !self.admit(&identities, room, ledger).await {
            return;
        }
        let manifest = match manifest_on_record(&self.staging, owner).await {
            Ok(manifest) => manifest,
            Err(error) => return ledger.fail(identities, error),
        };
        if standing == Standing::Begun {
            return ledger.note(identities, &Fate::InRun(Arc::new(KnownRun::new(manifest, true))));
        }
        tracing::info!(run_id = %owner, "finishing a run that was claimed and never started");
        match Claimed::take(manifest, &self.staging).await {
            Ok(claimed) => self.start_claimed(claimed, room, ledger).await,
            Err(error) => ledger.fail(identities, error),
        }
    }

    /// Starts a run, unless other runs own all of its objects.
    async fn start_claimed(&self, claimed: Claimed, room: &mut Room, ledger: &mut Ledger) {
        let owned = claimed.owned.clone();
        if owned.is_empty() {
            tracing::debug!(run_id = %claimed.manifest.run_id, "not started: other runs own all of its objects");
            return;
        }
        match start(claimed, &self.staging, self.workflow.as_ref()).await {
            Ok(started) => {
                if started.newly {
                    room.take();
                    ledger.outcome.runs_started += 1;
                }
                ledger.note(owned, &Fate::InRun(Arc::new(KnownRun::new(started.manifest, false))));
            }
            Err(error) => ledger.fail(owned, error),
        }
    }

    async fn admit(&self, identities: &[ObjectIdentity], room: &mut Room, ledger: &mut Ledger) -> bool {
        let limits = &self.configuration.dispatch;
        match room.is_left(limits, self.workflow.as_ref(), self.capacity.as_ref()).await {
            Ok(true) => return true,
            Ok(false) => ledger.note(identities.to_vec(), &Fate::HeldBack),
            Err(error) => ledger.fail(identities.to_vec(), error),
        }
        false
    }
}

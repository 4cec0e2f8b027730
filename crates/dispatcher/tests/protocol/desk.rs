//! The world of a dispatcher in memory, which outlives it, and what must hold in it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use tamiz_dispatcher::{Clock, Deps, Dispatcher, Outcome, Reconciliation, RepeatRecord, Settings, run};
use tamiz_domain::{Claim, Manifest, ObjectIdentity, RunId};
use tamiz_ports::{
    FixedCapacity, Folder, MemoryQueue, MemoryStores, MemoryUploads, MemoryWorkflow, Message, Queue, StoredUpload,
    Stores,
};
use tamiz_telemetry::Shutdown;

use crate::fuse::Fuse;
use crate::fused_seams::{FusedQueue, FusedStore, FusedWorkflow};

/// Time that passes only while somebody sleeps.
#[derive(Debug, Default)]
pub struct SleepingClock(AtomicU64);

#[async_trait::async_trait]
impl Clock for SleepingClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::task::yield_now().await;
        self.0.fetch_add(duration.as_millis() as u64, Ordering::SeqCst);
    }
}

pub struct Desk {
    staging: Arc<dyn ObjectStore>,
    pub workflow: Arc<MemoryWorkflow>,
    pub queue: Arc<MemoryQueue>,
    pub clock: Arc<SleepingClock>,
    pub num_waiting: usize,
    configuration: Mutex<String>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            staging: Arc::new(InMemory::new()),
            workflow: Arc::default(),
            queue: Arc::default(),
            clock: Arc::default(),
            num_waiting: 0,
            configuration: Mutex::new("[dispatch]\nwindow_seconds = 1\n".to_owned()),
        }
    }
}

impl Desk {
    /// Sets `[dispatch]` of the configuration.
    pub fn limit(&self, dispatch: &str) {
        *self.configuration.lock().unwrap() = format!("[dispatch]\n{dispatch}\n");
    }

    pub fn deps(&self, fuse: &Arc<Fuse>) -> Deps {
        let staging = FusedStore { inner: self.staging.clone(), fuse: fuse.clone() };
        Deps {
            stores: Arc::new(MemoryStores::default().with_bucket("staging", Arc::new(staging))),
            queue: Arc::new(FusedQueue { inner: self.queue.clone(), fuse: fuse.clone() }),
            workflow: Arc::new(FusedWorkflow {
                inner: self.workflow.clone(),
                fuse: fuse.clone(),
                staging: self.folder(),
            }),
            capacity: Arc::new(FixedCapacity(self.num_waiting)),
            clock: self.clock.clone(),
        }
    }

    /// Settings whose configuration is in a bucket of its own, away from the fuse.
    pub async fn settings(&self, deps: &Deps) -> Settings {
        let configuration = self.configuration.lock().unwrap().clone();
        let folder = deps.stores.open_str("s3://artifacts/configuration").unwrap();
        folder.write("pipeline.toml", configuration).await.unwrap();
        Settings {
            queue_url: "https://queue".into(),
            state_machine_arn: "arn:aws:states:us-east-1:1:stateMachine:tamiz".into(),
            staging: "s3://staging".parse().unwrap(),
            once: true,
            config: vec!["s3://artifacts/configuration/pipeline.toml".parse().unwrap()],
            job_queues: vec![],
            reconcile: None,
            older_than: SignedDuration::ZERO,
            topic_arn: None,
            project: "tamiz".into(),
        }
    }

    pub async fn dispatcher(&self, fuse: &Arc<Fuse>) -> Dispatcher {
        let deps = self.deps(fuse);
        Dispatcher::open(&self.settings(&deps).await, &deps).await.unwrap()
    }

    /// A fresh process works on the queue until it ends by itself; whatever it left becomes visible again.
    pub async fn work(&self, fuse: &Arc<Fuse>) -> Result<Outcome, tamiz_dispatcher::DispatchError> {
        let deps = self.deps(fuse);
        let settings = self.settings(&deps).await;
        let result = tokio::select! {
            result = run(settings, deps, Shutdown::new()) => result,
            () = fuse.blown() => Ok(Outcome::default()),
        };
        self.queue.expire();
        result
    }

    /// Fresh processes without faults, until the queue is empty.
    pub async fn come_to_rest(&self) -> Outcome {
        let mut total = Outcome::default();
        for _ in 0..10 {
            total += self.work(&Arc::new(Fuse::none())).await.unwrap();
            if self.queue.is_empty() {
                return total;
            }
        }
        panic!("{} messages never came to rest", self.queue.len());
    }

    /// Receives every message.
    pub async fn receive_all(&self) -> Vec<Message> {
        self.queue.receive(Duration::ZERO).await.unwrap()
    }

    pub fn folder(&self) -> Folder {
        MemoryStores::default().with_bucket("staging", self.staging.clone()).open_str("s3://staging").unwrap()
    }

    pub async fn names(&self, folder: &str) -> Vec<String> {
        self.folder().list(folder).await.unwrap().iter().map(|meta| meta.location.to_string()).collect()
    }

    pub async fn manifest(&self, run_id: &RunId) -> Manifest {
        self.folder().read_json(&format!("runs/{run_id}/manifest.json")).await.unwrap()
    }

    pub fn started(&self) -> Vec<RunId> {
        self.workflow.executions().into_keys().collect()
    }

    /// The records of refusals, by name.
    pub async fn refusals(&self) -> Vec<String> {
        self.names("refused").await.into_iter().filter(|name| name.ends_with(".json")).collect()
    }

    /// A comparison of these uploads with claims and runs; whatever was uploaded or planned before now is old enough.
    pub fn reconciliation(&self, uploads: Vec<StoredUpload>, fuse: &Arc<Fuse>) -> Reconciliation {
        let deps = self.deps(fuse);
        Reconciliation {
            staging: deps.stores.open_str("s3://staging").unwrap(),
            uploads: Arc::new(MemoryUploads(uploads)),
            queue: deps.queue,
            workflow: deps.workflow,
            older_than: SignedDuration::ZERO,
            dry_run: false,
        }
    }

    /// Every repeat on record, with its run.
    pub async fn repeats(&self) -> Vec<(String, RepeatRecord)> {
        let mut found = Vec::new();
        for name in self.names("runs").await.into_iter().filter(|name| name.contains("/repeats/")) {
            let run = name.split('/').nth(1).unwrap().to_owned();
            found.push((run, self.folder().read_json(&name).await.unwrap()));
        }
        found
    }

    pub async fn owner(&self, identity: &ObjectIdentity) -> Option<RunId> {
        let name = format!("claims/{}", Claim::file_name(identity));
        self.folder().read_json_if_exists::<Claim>(&name).await.unwrap().map(|claim| claim.run_id)
    }

    /// Each content is owned by one run, which is started and lists it; each started run owns something, every
    /// object of its manifest is claimed, and its execution got the manifest's address.
    pub async fn check(&self, expected: &[ObjectIdentity]) {
        let started: BTreeSet<RunId> = self.started().into_iter().collect();
        for identity in expected {
            let owner = self.owner(identity).await.unwrap_or_else(|| panic!("{identity:?} is claimed by nobody"));
            assert!(started.contains(&owner), "{identity:?} is owned by {owner}, which was never started");
            assert!(self.manifest(&owner).await.objects.iter().any(|o| o.identity == *identity), "{identity:?}");
        }
        for (run_id, (input, _)) in self.workflow.executions() {
            let manifest = self.manifest(&run_id).await;
            let mut num_owned = 0;
            for object in &manifest.objects {
                assert!(expected.contains(&object.identity), "{:?} was never uploaded", object.identity);
                let owner = self.owner(&object.identity).await;
                assert!(owner.is_some(), "{run_id} was started while {:?} was unclaimed", object.identity);
                num_owned += usize::from(owner.as_ref() == Some(&run_id));
            }
            assert!(num_owned > 0, "{run_id} was started and owns nothing");
            let input: serde_json::Value = serde_json::from_str(&input).unwrap();
            assert_eq!(input["manifest"], format!("s3://staging/runs/{run_id}/manifest.json"));
            assert_eq!(input["run_id"], run_id.as_str());
        }
    }
}

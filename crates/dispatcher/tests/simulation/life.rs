//! One world from its first upload to its rest.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use serde_json::{Value, json};
use tamiz_dispatcher::{Deps, Dispatcher, Reconciliation, Record, Settings, handle, parse, run};
use tamiz_ports::{MemoryStores, MemoryUploads, Queue, Stores};
use tamiz_telemetry::Shutdown;

use crate::engine::Engine;
use crate::executor::{Mortal, run as run_tasks};
use crate::mailbox::Mailbox;
use crate::oracle::Oracle;
use crate::seams::{Seam, SimCapacity, SimClock, SimQueue, SimStore, SimWorkflow};
use crate::story::{Fate, Letter, Story, Upload};
use crate::world::World;

const CONFIGURATION: &str = "s3://artifacts/pipeline.toml";
/// How long faults go on after the last upload.
const UNREST: Duration = Duration::from_secs(3_600);
/// Stands for the three months after which the engine forgets: long enough that no call of before is still on its way.
const MONTHS: Duration = Duration::from_secs(5 * 3_600);
/// When a world without faults must have come to rest.
const PATIENCE: Duration = Duration::from_secs(3 * 24 * 3_600);
/// After this Lambda ends an invocation.
const INVOCATION: Duration = Duration::from_secs(120);
/// The process that reconciles.
const RECONCILER: usize = 9;

/// How a world ended.
pub struct Ending {
    pub result: Result<(), String>,
    pub trace: Vec<String>,
    pub runs: usize,
}

/// Lives through the world of a seed.
pub fn live(seed: u64, traced: bool) -> Ending {
    let world = World::new(seed, traced);
    let life = Life::new(&world);
    let mut tasks: Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>> = vec![Box::pin(conduct(life.clone()))];
    for process in 0..1 + world.below(3) {
        tasks.push(Box::pin(process_for_ever(life.clone(), process, world.chance(0.5))));
    }
    let result = run_tasks(&world, tasks).and_then(|()| life.oracle.at_rest(&life.story, &life.engine));
    Ending { result, trace: world.trace(), runs: life.engine.started().len() }
}

struct Life {
    world: Arc<World>,
    story: Arc<Story>,
    staging: Arc<dyn ObjectStore>,
    artifacts: Arc<dyn ObjectStore>,
    mailbox: Arc<Mailbox>,
    engine: Arc<Engine>,
    oracle: Oracle,
    shutdown: Shutdown,
}

impl Life {
    fn new(world: &Arc<World>) -> Arc<Self> {
        let staging: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let oracle = Oracle { staging: staging.clone() };
        let story = Arc::new(Story::new(world));
        let may_start = oracle.clone();
        let engine = Arc::new(Engine::new(world, Box::new(move |run_id| may_start.may_start(run_id))));
        let (told, asked, ran) = (story.clone(), oracle.clone(), engine.clone());
        let may_delete = move |body: &str| match told.fates.get(body) {
            Some(fates) => asked.may_delete(body, fates, &ran),
            None => asked.may_delete(body, &announced(body), &ran),
        };
        let mailbox = Arc::new(Mailbox::new(world, Box::new(may_delete)));
        let artifacts: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let shutdown = Shutdown::new();
        Arc::new(Self { world: world.clone(), story, staging, artifacts, mailbox, engine, oracle, shutdown })
    }

    fn seam(&self, process: usize) -> Seam {
        Seam { world: self.world.clone(), process }
    }

    fn deps(&self, process: usize) -> Deps {
        let seam = || self.seam(process);
        let staging = SimStore { inner: self.staging.clone(), seam: seam() };
        let stores = MemoryStores::default()
            .with_bucket("staging", Arc::new(staging))
            .with_bucket("artifacts", self.artifacts.clone());
        Deps {
            stores: Arc::new(stores),
            queue: Arc::new(SimQueue { mailbox: self.mailbox.clone(), seam: seam() }),
            workflow: Arc::new(SimWorkflow { engine: self.engine.clone(), seam: seam() }),
            capacity: Arc::new(SimCapacity(seam())),
            clock: Arc::new(SimClock(seam())),
        }
    }

    async fn write_configuration(&self) {
        let (world, stores) = (&self.world, MemoryStores::default().with_bucket("artifacts", self.artifacts.clone()));
        let text = format!(
            "[dispatch]\nwindow_seconds = {}\nmax_objects = {}\nmax_open_runs = {}\n",
            1 + world.below(20),
            1 + world.below(5),
            1 + world.below(3),
        );
        stores.open_str(CONFIGURATION).unwrap().write("", text).await.unwrap();
    }
}

/// What a message of the reconciliation must lead to.
fn announced(body: &str) -> Vec<Fate> {
    let records = parse(body).into_iter();
    let upload = |record| match record {
        Record::Upload(upload) => {
            let (identity, version_id) = (upload.object.identity, upload.object.version_id);
            Some(Fate::Run(Upload { identity, version_id, is_announced: true }))
        }
        _ => None,
    };
    records.filter_map(upload).collect()
}

fn settings() -> Settings {
    Settings {
        queue_url: "https://queue".into(),
        state_machine_arn: "arn:aws:states:us-east-1:1:stateMachine:tamiz".into(),
        staging: "s3://staging".parse().unwrap(),
        once: false,
        config: vec![CONFIGURATION.parse().unwrap()],
        job_queues: vec![],
        reconcile: None,
        older_than: SignedDuration::ZERO,
        topic_arn: None,
        project: "tamiz".into(),
    }
}

/// Sends the events, lets the faults end, and waits for rest.
async fn conduct(life: Arc<Life>) {
    let world = &life.world;
    life.write_configuration().await;
    send(&life, &life.story.letters).await;
    world.sleep(UNREST).await;
    if world.chance(0.5) {
        world.calm_down();
    }
    rest(&life).await;
    if !life.story.months_later.is_empty() {
        world.sleep(MONTHS).await;
        life.engine.forget();
        send(&life, &life.story.months_later).await;
        rest(&life).await;
    }
    if life.story.has_lost_events {
        reconcile(&life).await;
        rest(&life).await;
    }
    world.calm_down();
    life.shutdown.cancel();
}

async fn send(life: &Life, letters: &[Letter]) {
    for letter in letters {
        life.world.sleep(letter.after).await;
        life.mailbox.send(letter.body.clone(), letter.delay);
    }
}

async fn rest(life: &Life) {
    let end = life.world.now() + PATIENCE;
    while !life.mailbox.is_empty() {
        if life.world.now() > end {
            return life.world.violate("messages are left in the queue");
        }
        life.world.sleep(Duration::from_secs(10)).await;
    }
}

/// As the schedule does: again each day, until one comes through.
async fn reconcile(life: &Arc<Life>) {
    let is_done = Arc::new(OnceLock::new());
    while is_done.get().is_none() {
        let (life, done) = (life.clone(), is_done.clone());
        let world = life.world.clone();
        let body = async move {
            let deps = life.deps(RECONCILER);
            let reconciliation = Reconciliation {
                staging: deps.stores.open_str("s3://staging").unwrap(),
                uploads: Arc::new(MemoryUploads(life.story.stored())),
                queue: deps.queue,
                workflow: deps.workflow,
                older_than: SignedDuration::ZERO,
                dry_run: false,
            };
            let later = Timestamp::MAX;
            if let Ok(found) = reconciliation.run(later).await {
                life.world.tell(|| format!("reconciled: {found:?}"));
                let _ = done.set(());
            }
        };
        Mortal::new(&world, RECONCILER, body).await;
        world.sleep(Duration::from_secs(600)).await;
    }
}

/// A dispatcher, and after its end another one.
async fn process_for_ever(life: Arc<Life>, process: usize, in_lambda: bool) {
    life.world.sleep(Duration::from_secs(1)).await;
    while !life.shutdown.is_cancelled() {
        let world = life.world.clone();
        world.tell(|| format!("p{process} begins"));
        let inner = life.clone();
        let body = async move {
            let deps = inner.deps(process);
            if in_lambda {
                serve(&inner, deps).await;
            } else if let Err(error) = run(settings(), deps, inner.shutdown.clone()).await {
                inner.world.tell(|| format!("p{process} ends: {error}"));
            }
        };
        Mortal::new(&world, process, body).await;
        world.sleep(Duration::from_secs(1 + world.below(60) as u64)).await;
    }
}

/// What Lambda does: receives for the function, invokes it, and deletes what its answer does not list.
async fn serve(life: &Life, deps: Deps) {
    let Ok(dispatcher) = Dispatcher::open(&settings(), &deps).await else { return };
    while !life.shutdown.is_cancelled() {
        let messages = life.mailbox.receive();
        if messages.is_empty() {
            life.world.sleep(Duration::from_secs(2)).await;
            continue;
        }
        let record = |message: &tamiz_ports::Message| {
            json!({"messageId": message.id, "receiptHandle": message.receipt.0, "body": message.body,
                "attributes": {"ApproximateReceiveCount": message.receive_count.to_string()}})
        };
        let event = json!({"Records": messages.iter().map(record).collect::<Vec<_>>()});
        let queue: &dyn Queue = deps.queue.as_ref();
        let invocation = Box::pin(handle(&dispatcher, queue, event));
        let answer = futures::future::select(invocation, Box::pin(life.world.sleep(INVOCATION))).await;
        let futures::future::Either::Left((Ok(answer), _)) = answer else { continue };
        let kept: Vec<&Value> = answer["batchItemFailures"].as_array().into_iter().flatten().collect();
        for message in &messages {
            if !kept.iter().any(|kept| kept["itemIdentifier"] == message.id.as_str()) {
                life.mailbox.delete(&message.receipt);
            }
        }
    }
}

//! Bodies of messages.
//!
//! S3 notifications, EventBridge events, SNS envelopes, the payload of a Lambda invocation, and nonsense.

#![no_main]

use std::sync::Arc;

use jiff::SignedDuration;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tamiz_dispatcher::{Deps, Dispatcher, Record, Refusal, Settings, SystemClock, Upload, announcement, handle, parse};
use tamiz_domain::{Claim, Manifest};
use tamiz_fuzz::{block_on, execution, hash};
use tamiz_ports::{FixedCapacity, Folder, MemoryQueue, MemoryStores, MemoryWorkflow, Stores, Workflow};

/// What an execution may take: a message of some kilobytes, and what a store in memory keeps of its records.
const MEGABYTES: isize = 32;
const STAGING: &str = "s3://staging";

fuzz_target!(|body: &[u8]| {
    let Ok(body) = std::str::from_utf8(body) else { return };
    execution::within(MEGABYTES, || {
        let records = parse(body);
        assert!(!records.is_empty(), "a message without an outcome");
        for record in &records {
            match record {
                Record::Upload(upload) => comes_back(upload),
                Record::Refused(refusal) => has_a_reason(refusal),
                Record::Nothing => {}
            }
        }
        // The way of a message through the dispatcher costs some times as much.
        if hash(body.as_bytes()) % 4 == 0 {
            block_on(dispatch(body, &records));
        }
    });
});

/// What announces an object as S3 would says the same of it.
fn comes_back(upload: &Upload) {
    let again = parse(&announcement(&upload.object));
    let [Record::Upload(again)] = &again[..] else { panic!("{again:?}") };
    assert_eq!(again.object, upload.object);
}

fn has_a_reason(refusal: &Refusal) {
    assert!(!refusal.code().is_empty() && !refusal.remedy().is_empty() && !refusal.to_string().is_empty());
}

/// Each upload of a message ends in a run that was started, each refusal on record; or the message stays.
async fn dispatch(body: &str, records: &[Record]) {
    let desk = Desk::new();
    let dispatcher =
        Dispatcher::open(&desk.settings, &desk.deps).await.expect("the built-in configuration makes sense");
    let message = json!({"messageId": "m", "receiptHandle": "r", "body": body});
    let answer = handle(&dispatcher, desk.deps.queue.as_ref(), json!({"Records": [message]})).await;
    let is_kept = answer.expect("a message ended the invocation")["batchItemFailures"] != json!([]);
    for record in records {
        match record {
            Record::Upload(upload) => assert!(is_kept || desk.has_started(upload).await, "{upload:?} is lost"),
            Record::Refused(_) => {
                assert!(is_kept || !desk.staging.list("refused").await.expect("memory answers").is_empty())
            }
            Record::Nothing => {}
        }
    }
    if let Ok(payload) = serde_json::from_str::<Value>(body) {
        // Whatever it is, it is answered or refused.
        let _ = handle(&dispatcher, desk.deps.queue.as_ref(), payload).await;
    }
}

/// A dispatcher's surroundings in memory.
struct Desk {
    settings: Settings,
    deps: Deps,
    staging: Folder,
    workflow: Arc<MemoryWorkflow>,
}

impl Desk {
    fn new() -> Self {
        let (stores, workflow) = (Arc::new(MemoryStores::default()), Arc::new(MemoryWorkflow::default()));
        Self {
            settings: Settings {
                queue_url: "https://queue".to_owned(),
                state_machine_arn: "arn:aws:states:::stateMachine:reviews".to_owned(),
                staging: STAGING.parse().expect("a URI"),
                once: true,
                config: Vec::new(),
                job_queues: Vec::new(),
                reconcile: None,
                older_than: SignedDuration::ZERO,
                topic_arn: None,
                project: "fuzz".to_owned(),
            },
            staging: stores.open_str(STAGING).expect("memory opens every bucket"),
            workflow: workflow.clone(),
            deps: Deps {
                stores,
                queue: Arc::new(MemoryQueue::default()),
                workflow,
                capacity: Arc::new(FixedCapacity(0)),
                clock: Arc::new(SystemClock::default()),
            },
        }
    }

    async fn has_started(&self, upload: &Upload) -> bool {
        let identity = &upload.object.identity;
        let name = format!("claims/{}", Claim::file_name(identity));
        let claim: Option<Claim> = self.staging.read_json_if_exists(&name).await.expect("a claim is JSON");
        let Some(Claim { run_id, .. }) = claim else { return false };
        let manifest: Manifest =
            self.staging.read_json(&format!("runs/{run_id}/manifest.json")).await.expect("a run has a manifest");
        let is_listed = manifest.objects.iter().any(|object| object.identity == *identity);
        is_listed && self.workflow.status(&run_id).await.expect("memory answers").is_some()
    }
}

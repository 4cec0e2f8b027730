//! Manifests and other JSON between stages.

#![no_main]

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tamiz_domain::{
    Claim, Disposed, EtlPlan, EtlReport, FailureNote, Manifest, ModelMetrics, ModelPointer, Promotion, RunRecord,
    ShardCount, Summary,
};
use tamiz_etl::{Deps, EtlError, Settings, Step, run_step};
use tamiz_fuzz::{block_on, execution};
use tamiz_ports::{Folder, MemoryStores, ObjectUri, StoreError, Stores};
use tamiz_telemetry::{Progress, Shutdown};

/// What an execution may take; see `cleaning::MEGABYTES`.
const MEGABYTES: isize = 160;
const RUN: &str = "s3://staging/runs/fuzz";

fuzz_target!(|json: &[u8]| {
    execution::within(MEGABYTES, || {
        comes_back::<Claim>(json);
        comes_back::<EtlPlan>(json);
        comes_back::<EtlReport>(json);
        comes_back::<FailureNote>(json);
        comes_back::<ModelMetrics>(json);
        comes_back::<ModelPointer>(json);
        comes_back::<Promotion>(json);
        comes_back::<RunRecord>(json);
        comes_back::<ShardCount>(json);
        comes_back::<Summary>(json);
        let is_manifest = comes_back::<Manifest>(json);
        for step in [Step::All, Step::Plan] {
            block_on(take_step(step, json, is_manifest));
        }
    });
});

/// Whether it can be decoded. Then it is the same after it was encoded and decoded again.
fn comes_back<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &[u8]) -> bool {
    let Ok(decoded) = serde_json::from_slice::<T>(json) else { return false };
    let encoded = serde_json::to_vec(&decoded).expect("what was JSON has a JSON form");
    assert_eq!(serde_json::from_slice::<T>(&encoded).expect("what was written can be read"), decoded);
    true
}

/// A step of the cleaning with this as its manifest: it is refused with a remedy, or done.
async fn take_step(step: Step, json: &[u8], is_manifest: bool) {
    let stores = Arc::new(BucketsOnly(MemoryStores::default()));
    let run = stores.open_str(RUN).expect("memory opens every bucket");
    run.write("manifest.json", json.to_vec()).await.expect("memory takes everything");
    let [manifest, output] = [format!("{RUN}/manifest.json"), RUN.to_owned()].map(|uri| uri.parse().expect("a URI"));
    let settings = Settings { step, threads: 1.try_into().ok(), ..Settings::new(manifest, output) };
    let deps = Deps { stores, progress: Progress::default() };
    match run_step(settings, deps, Shutdown::new()).await {
        Ok(_) => assert!(is_manifest, "a run without a manifest"),
        Err(error @ (EtlError::WorkerLost | EtlError::NotConserved(_) | EtlError::Rows(_) | EtlError::Part(_))) => {
            panic!("{error:?}")
        }
        Err(error) => {
            assert!(error.remedy().is_some() || error.source().is_some(), "{error} without a reason or a remedy");
        }
    }
}

/// A manifest may name any place: of this machine's files none is to be read.
#[derive(Debug)]
struct BucketsOnly(MemoryStores);

impl Stores for BucketsOnly {
    fn open(&self, uri: &ObjectUri) -> Result<Folder, StoreError> {
        match uri.is_s3() {
            true => self.0.open(uri),
            false => Err(StoreError::NotFound { uri: uri.to_string() }),
        }
    }
}

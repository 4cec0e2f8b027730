//! Runs as a whole: the same bytes again, resuming, claims, stopping, conservation.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

mod support;

use std::sync::Arc;

use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use support::{Bench, gzip, many_records};
use tamiz_domain::{
    Claim, Configuration, Disposed, Disposition, EtlReport, Manifest, ManifestObject, ObjectIdentity, Ownership, RunId,
};
use tamiz_etl::{Deps, EtlError, Settings, run};
use tamiz_ports::{Fault, FaultyStore, MemoryStores, Moment, Operation, Stores};
use tamiz_telemetry::{Progress, Shutdown};

fn bench() -> Bench {
    let mut bench = Bench::new()
        .file("a.csv", many_records(5_000))
        .file("b.csv.gz", gzip(many_records(3_000).as_bytes()))
        .file("c.pdf", "%PDF-1.7")
        .file("d.jsonl", "{\"text\": \"one\", \"rating\": 5}\n".repeat(2_000));
    bench.configuration.etl.rows_per_shard = 1_500;
    bench
}

#[tokio::test]
async fn the_same_manifest_gives_the_same_bytes_on_any_number_of_threads_and_again() {
    let mut bench = bench();
    let mut outputs = Vec::new();
    for (threads, output) in [(1, "one"), (2, "two"), (7, "seven"), (2, "again")] {
        bench.threads = threads;
        outputs.push(bench.try_run(output, Shutdown::new()).await.unwrap().bytes());
    }
    assert!(outputs[0].len() > 8, "several shards and rejected parts are compared: {:?}", outputs[0].keys());
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[tokio::test]
async fn every_record_is_accounted_for_and_a_shard_takes_as_many_records_as_configured() {
    let outcome = bench().run().await;
    let report = &outcome.report;
    assert_eq!((report.counts.input, report.files.len()), (10_000, 4));
    assert!(report.counts.is_conserved() && report.files.iter().all(|file| file.counts.is_conserved()));
    assert_eq!(report.rejected_by_reason.values().sum::<u64>(), report.counts.rejected);
    assert!(report.shards.len() == 7 && report.shards.iter().all(|shard| shard.rows <= 1_500));
    assert_eq!((report.num_shards, report.array_size), (report.shards.len(), report.shards.len()));
    assert_eq!(outcome.shards().iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), report.counts.ok);
    assert_eq!(outcome.rejected().len() as u64, report.counts.rejected);
    assert_eq!(report.labels.values().sum::<u64>(), report.labelled);
    assert_eq!(report.languages.values().sum::<u64>(), report.counts.ok);
    let committed: EtlReport = serde_json::from_slice(&outcome.bytes()["etl.json"]).unwrap();
    assert_eq!(committed, *report);
}

#[tokio::test]
async fn a_run_in_which_nothing_can_be_used_is_reported_without_shards() {
    let outcome = Bench::new().file("a.csv", "").run().await;
    assert_eq!((outcome.report.num_shards, outcome.report.array_size, outcome.report.files.len()), (0, 0, 1));
}

#[tokio::test]
async fn a_committed_run_is_not_done_again() {
    let bench = bench();
    let first = bench.run().await;
    std::fs::remove_dir_all(first.output.join("shards")).unwrap();
    let second = bench.run().await;
    assert_eq!(first.report, second.report);
    assert!(!second.output.join("shards").exists());
}

#[tokio::test]
async fn another_runs_output_is_left_alone() {
    let bench = bench();
    bench.run().await;
    let Err(error) = bench.file("e.csv", "text\nmore\n").try_run("out", Shutdown::new()).await else { panic!() };
    assert!(matches!(error, EtlError::OutputTaken { .. }), "{error}");
}

#[tokio::test]
async fn a_stopped_run_commits_nothing_and_a_rerun_completes_it() {
    let bench = bench();
    let stopped = Shutdown::new();
    stopped.cancel();
    let Err(error) = bench.try_run("out", stopped).await else { panic!("it was asked to stop") };
    assert_eq!(error.disposition(), Disposition::Stop);
    assert!(!bench.path().join("out/etl.json").exists());
    let rerun = bench.run().await;
    assert_eq!(rerun.bytes(), bench.try_run("fresh", Shutdown::new()).await.unwrap().bytes());
}

/// Staging and input buckets in memory, with a manifest over two uploaded objects.
struct Buckets {
    stores: MemoryStores,
    manifest: Manifest,
}

impl Buckets {
    async fn new(staging: Arc<dyn object_store::ObjectStore>) -> Self {
        let input = Arc::new(InMemory::new());
        let mut objects = Vec::new();
        for name in ["a.csv", "b.csv"] {
            let content = "label,text\n1,bad\n2,good\n";
            let etag = input.put(&name.into(), content.into()).await.unwrap().e_tag.unwrap();
            let identity = ObjectIdentity { bucket: "input".into(), key: name.into(), etag };
            let size = content.len() as u64;
            objects.push(ManifestObject { identity, uri: format!("s3://input/{name}"), version_id: None, size });
        }
        let stores = MemoryStores::default().with_bucket("input", input).with_bucket("staging", staging);
        let manifest = Manifest::plan(objects, Configuration::default(), Ownership::Claims, None);
        let this = Self { stores, manifest };
        this.staging().write_json(&this.name("manifest.json"), &this.manifest).await.unwrap();
        this
    }

    fn staging(&self) -> tamiz_ports::Folder {
        self.stores.open_str("s3://staging").unwrap()
    }

    fn name(&self, name: &str) -> String {
        format!("runs/{}/{name}", self.manifest.run_id)
    }

    async fn claim(&self, index: usize, run_id: &RunId) {
        let identity = self.manifest.objects[index].identity.clone();
        let name = format!("claims/{}", Claim::file_name(&identity));
        self.staging().write_json(&name, &Claim { run_id: run_id.clone(), identity }).await.unwrap();
    }

    async fn run(&self) -> Result<EtlReport, EtlError> {
        let uri = |name: &str| format!("s3://staging/{}", self.name(name)).parse().unwrap();
        let output = format!("s3://staging/runs/{}", self.manifest.run_id).parse().unwrap();
        let settings = Settings::new(uri("manifest.json"), output);
        let deps = Deps { stores: Arc::new(self.stores.clone()), progress: Progress::default() };
        run(settings, deps, Shutdown::new()).await
    }
}

#[tokio::test]
async fn only_objects_claimed_for_the_run_are_processed() {
    let buckets = Buckets::new(Arc::new(InMemory::new())).await;
    let other = RunId::derive([], "other", None);
    buckets.claim(0, &other).await;
    buckets.claim(1, &buckets.manifest.run_id).await;
    let report = buckets.run().await.unwrap();
    let sources: Vec<&str> = report.files.iter().map(|file| file.source.as_str()).collect();
    assert_eq!((sources, report.counts.ok), (vec!["s3://input/b.csv"], 2));
    assert!(buckets.staging().exists(&buckets.name("shards/part-00000.parquet")).await.unwrap());
}

#[tokio::test]
async fn an_object_with_another_etag_is_left_out_as_changed() {
    let buckets = Buckets::new(Arc::new(InMemory::new())).await;
    for index in 0..2 {
        buckets.claim(index, &buckets.manifest.run_id).await;
    }
    let input = buckets.stores.open_str("s3://input").unwrap();
    input.write("a.csv", "label,text\n1,bad\n2,g00d\n").await.unwrap();
    let report = buckets.run().await.unwrap();
    assert_eq!(report.files[0].problem.as_ref().unwrap().reason.code(), "object_changed");
    assert_eq!(report.counts.ok, 2);
}

#[tokio::test]
async fn a_store_that_fails_is_tried_again_by_a_rerun() {
    for (nth, moment) in (2..=3).flat_map(|nth| [(nth, Moment::Before), (nth, Moment::After)]) {
        // Puts: the manifest, (claims go to another store below), the shard, etl.json.
        let inner = Arc::new(InMemory::new());
        let faulty = FaultyStore::new(inner.clone(), vec![Fault { operation: Operation::Put, nth, moment }]);
        let mut buckets = Buckets::new(Arc::new(faulty)).await;
        buckets.manifest.ownership = Ownership::Manifest;
        let direct = MemoryStores::default().with_bucket("staging", inner).open_str("s3://staging").unwrap();
        direct.write_json(&buckets.name("manifest.json"), &buckets.manifest).await.unwrap();
        let error = buckets.run().await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::Retry, "{error}");
        assert_eq!(buckets.run().await.unwrap().counts.ok, 4);
    }
}

#[tokio::test]
async fn a_manifest_that_cannot_be_used_halts_the_run() {
    let mut bench = Bench::new().file("a.csv", "text\na\n");
    bench.configuration.etl.rows_per_shard = 0;
    let Err(error) = bench.try_run("out", Shutdown::new()).await else { panic!() };
    assert_eq!(error.disposition(), Disposition::Halt);
    assert!(error.to_string().ends_with("cannot be used: etl.rows_per_shard: at least 1"), "{error}");
}

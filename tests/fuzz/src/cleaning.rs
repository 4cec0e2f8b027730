//! The cleaning of one file, from its bytes to the parts, all in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::chunked::ChunkedStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::Value;
use tamiz_domain::{
    Configuration, DuplicateAction, EtlPlan, EtlReport, Manifest, ManifestObject, ObjectIdentity, Ownership,
    PersonalData,
};
use tamiz_etl::{Deps, Settings, Step, run_step};
use tamiz_ports::{Folder, MemoryStores, Stores};
use tamiz_telemetry::{Progress, Shutdown};

use crate::{Cleaned, block_on, execution, hash};

/// What an execution may take: a worker's 30 MB thrice, and the vocabulary.
const MEGABYTES: isize = 160;
/// Records larger than this are rejected: few enough bytes for an input of a few kilobytes to hold such a record.
pub const MAX_RECORD_BYTES: usize = 1 << 10;
/// Bytes that a packed file may unpack to.
pub const MAX_UNPACKED_BYTES: u64 = 64 << 10;
/// Jobs that a file is divided among, at most.
const MAX_JOBS: usize = 3;
const INPUT: &str = "input";
const KEY: &str = "reviews";
const OUTPUT: &str = "s3://output/runs/fuzz";

/// How a file is cleaned. Nothing of it but the configuration may change what comes out.
#[derive(Debug, Clone)]
pub struct Cleaning {
    pub configuration: Configuration,
    pub threads: usize,
    /// Bytes that come from the store at once.
    pub piece: usize,
}

impl Cleaning {
    /// As every upload is cleaned; a file with an odd number of bytes with all that can be turned on.
    pub fn of(content: &[u8]) -> Self {
        let mut configuration = Configuration::default();
        configuration.etl.max_record_bytes = MAX_RECORD_BYTES;
        configuration.etl.max_unpacked_bytes = MAX_UNPACKED_BYTES;
        // A table for repeated texts that costs next to nothing to make. What is packed may hold so many records that they would make
        // hundreds of parts, which the store keeps in memory.
        if !is_packed(content) {
            configuration.etl.rows_per_shard = 1_000;
        }
        if content.len() % 2 == 1 {
            configuration.redact.kinds = PersonalData::ALL.into_iter().collect();
            configuration.columns.targets = vec!["topic".to_owned()];
            configuration.duplicates.exact = DuplicateAction::Drop;
        }
        Self { configuration, threads: 1, piece: usize::MAX }
    }

    /// Cleans `content` in one process.
    pub fn clean(&self, content: &[u8]) -> Cleaned {
        block_on(async {
            let bench = Bench::new(self, content).await;
            let report = bench.step(Step::All, 0).await;
            bench.cleaned(report.expect("the whole cleaning ends with a report")).await
        })
    }

    /// Cleans `content` by an array of jobs; none where it is too small to be divided.
    fn clean_by_steps(&self, content: &[u8]) -> Option<Cleaned> {
        block_on(async {
            let bench = Bench::new(self, content).await;
            if bench.step(Step::Plan, 0).await.is_some() {
                return None;
            }
            let plan: EtlPlan =
                bench.output.read_json("plan.json").await.expect("the plan says how many jobs there are");
            for index in (0..plan.array_size).rev() {
                assert_eq!(bench.step(Step::Split, index).await, None);
            }
            let report = bench.step(Step::Join, 0).await;
            Some(bench.cleaned(report.expect("the last step ends with a report")).await)
        })
    }

    /// Row and offset of every record of `content`, as whoever divides a run sees them; none where it cannot be divided.
    fn record_starts(&self, content: &[u8]) -> Option<Vec<(u64, Option<u64>)>> {
        let mut by_record = self.clone();
        by_record.configuration.etl.rows_per_shard = 1;
        by_record.configuration.etl.bytes_per_job = 1;
        block_on(async {
            let bench = Bench::new(&by_record, content).await;
            if bench.step(Step::Plan, 0).await.is_some() {
                return None;
            }
            let plan: Value = bench.output.read_json("splits.json").await.expect("the plan says where splits begin");
            let start =
                |split: &Value| (split["row"].as_u64().expect("a split begins with a row"), split["offset"].as_u64());
            Some(plan["splits"].as_array().expect("there are splits").iter().map(start).collect())
        })
    }
}

/// Cleans a file and holds the outcome to all that must be so of any file; answers what it was recognised as.
pub fn check(content: &[u8]) -> Option<String> {
    execution::within(MEGABYTES, || {
        let cleaning = Cleaning::of(content);
        let cleaned = cleaning.clean(content);
        cleaned.check(content, &cleaning.configuration);
        match hash(content) % 8 {
            0 => {
                let piece = 1 + content.len() % 13;
                let other = Cleaning { threads: 3, piece, ..cleaning }.clean(content);
                assert!(
                    other.objects == cleaned.objects,
                    "three threads and pieces of {piece} bytes change the outcome"
                );
            }
            1 => {
                if let Some(starts) = cleaning.record_starts(content) {
                    cleaned.check_starts(content, &starts);
                }
            }
            2 => check_steps(cleaning, content),
            _ => {}
        }
        cleaned.report.files[0].format.clone()
    })
}

/// The same bytes come out whether one process makes them or several jobs.
fn check_steps(mut cleaning: Cleaning, content: &[u8]) {
    cleaning.configuration.etl.rows_per_shard = 2;
    cleaning.configuration.etl.bytes_per_job = 1;
    cleaning.configuration.inference.max_array_size = MAX_JOBS;
    if let Some(by_steps) = cleaning.clean_by_steps(content) {
        let whole = cleaning.clean(content);
        assert!(by_steps.objects == whole.objects, "jobs of two records change the outcome");
    }
}

fn is_packed(content: &[u8]) -> bool {
    content.starts_with(b"\x1f\x8b") || content.starts_with(b"\x28\xb5\x2f\xfd")
}

/// A run over one file.
struct Bench {
    stores: Arc<MemoryStores>,
    settings: Settings,
    output: Folder,
}

impl Bench {
    async fn new(cleaning: &Cleaning, content: &[u8]) -> Self {
        let input = Arc::new(InMemory::new());
        let put = input.put(&Path::from(KEY), content.to_vec().into()).await.expect("memory takes everything");
        let pieces: Arc<dyn ObjectStore> = match cleaning.piece {
            usize::MAX => input,
            piece => Arc::new(ChunkedStore::new(input, piece)),
        };
        let stores = Arc::new(MemoryStores::default().with_bucket(INPUT, pieces));
        let etag = put.e_tag.expect("memory gives ETags");
        let object = ManifestObject {
            identity: ObjectIdentity { bucket: INPUT.to_owned(), key: KEY.to_owned(), etag },
            uri: format!("s3://{INPUT}/{KEY}"),
            version_id: None,
            size: content.len() as u64,
        };
        let manifest = Manifest::plan(vec![object], cleaning.configuration.clone(), Ownership::Manifest, None);
        let output = stores.open_str(OUTPUT).expect("memory opens every bucket");
        output.write_json("manifest.json", &manifest).await.expect("memory takes everything");
        let [from, to] = [format!("{OUTPUT}/manifest.json"), OUTPUT.to_owned()].map(|uri| uri.parse().expect("a URI"));
        let settings = Settings { threads: cleaning.threads.try_into().ok(), ..Settings::new(from, to) };
        Self { stores, settings, output }
    }

    async fn step(&self, step: Step, array_index: usize) -> Option<EtlReport> {
        let settings = Settings { step, array_index, ..self.settings.clone() };
        let deps = Deps { stores: self.stores.clone(), progress: Progress::default() };
        // Trouble with a file is part of the report: no file may end the run.
        run_step(settings, deps, Shutdown::new()).await.expect("a file ended the run")
    }

    async fn cleaned(&self, report: EtlReport) -> Cleaned {
        let mut objects = BTreeMap::new();
        for part in report.shards.iter().chain(&report.rejected).map(|part| part.path.as_str()).chain(["etl.json"]) {
            objects.insert(part.to_owned(), self.output.read(part).await.expect("the report lists what is there"));
        }
        Cleaned { report, objects }
    }
}

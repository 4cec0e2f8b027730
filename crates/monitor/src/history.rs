//! The runs before this one.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use tamiz_domain::{DriftConfiguration, ModelReference, Profile, RunId, RunRecord, STAGING_RUNS};
use tamiz_ports::{Folder, ObjectUri, StoreError, Stores};

/// Records looked back at.
const MOST_RECORDS: usize = 50;
/// Days looked back at.
const MOST_DAYS: usize = 31;
/// Records read at once.
const READS_IN_FLIGHT: usize = 16;

/// The runs before this one, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct History(pub(crate) Vec<RunRecord>);

/// The folder of the records beside the folder of runs in which `results` lies; none where it lies in no such folder, as one that was
/// named by hand.
pub(crate) fn folder(stores: &dyn Stores, results: &ObjectUri) -> Result<Option<Folder>, StoreError> {
    let root = results.split_last().and_then(|(runs, _)| runs.split_last()).filter(|(_, name)| name == STAGING_RUNS);
    root.map(|(root, _)| stores.open(&root.join(RunRecord::FOLDER))).transpose()
}

impl History {
    /// Reads the latest records but those of the run itself. One that cannot be understood is logged and left out: a record of another
    /// version must not keep this run from being reported.
    ///
    /// # Errors
    /// [`StoreError`] of the store itself.
    pub(crate) async fn read(folder: &Folder, own: &RunId) -> Result<Self, StoreError> {
        Ok(Self(latest(folder, MOST_RECORDS, MOST_DAYS, BTreeSet::from([own.clone()])).await?))
    }

    /// The profile of a run with those of the small ones before it, and of how many runs it is then. A run that is large enough stands
    /// for itself, and so does every other one: among two million rows, two hundred would not be seen.
    pub(crate) fn pooled(
        &self,
        profile: &Profile,
        model: &ModelReference,
        now: Timestamp,
        configuration: &DriftConfiguration,
    ) -> (Profile, u64) {
        let (mut pooled, mut runs) = (profile.clone(), 1);
        let window = SignedDuration::from_hours(24 * i64::from(configuration.window_days));
        let is_small = |rows: u64| rows < configuration.min_rows;
        let of_window = self.0.iter().filter(|record| now.duration_since(record.at) <= window);
        let of_model =
            of_window.filter(|record| record.model.as_ref().is_some_and(|other| other.digest == model.digest));
        for other in of_model.filter_map(|record| record.profile.as_ref()).filter(|other| is_small(other.rows)) {
            if !is_small(pooled.rows) {
                break;
            }
            pooled.merge(other);
            runs += 1;
        }
        (pooled, runs)
    }
}

/// The latest records of a folder, newest first: so many at most, of so many days on which there were runs, and none of `but`. A run
/// that was reported twice has one; what cannot be understood is logged and left out.
///
/// # Errors
/// [`StoreError`] of the store itself.
pub async fn latest(
    folder: &Folder,
    most: usize,
    most_days: usize,
    but: BTreeSet<RunId>,
) -> Result<Vec<RunRecord>, StoreError> {
    let mut days = folder.list_folders("").await?;
    days.reverse();
    let (mut records, mut seen) = (Vec::new(), but);
    for day in days.iter().take(most_days) {
        let mut names: Vec<String> =
            folder.list(day).await?.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect();
        names.reverse();
        names.truncate(most - records.len());
        let mut found =
            stream::iter(names).map(|name| read_one(folder, format!("{day}/{name}"))).buffered(READS_IN_FLIGHT);
        while let Some(record) = found.try_next().await? {
            records.extend(record.filter(|record| seen.insert(record.run_id.clone())));
        }
        if records.len() >= most {
            break;
        }
    }
    Ok(records)
}

/// When a run but this one last asked for a new model, as far back as a time; however many runs there were since.
///
/// # Errors
/// [`StoreError`] of the store itself.
pub(crate) async fn last_asked(
    folder: &Folder,
    own: &RunId,
    since: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let first = since.strftime("%Y-%m-%d").to_string();
    let days = folder.list_folders("").await?;
    for day in days.into_iter().rev().take_while(|day| *day >= first) {
        let names = folder.list(&day).await?.into_iter().rev();
        let names = names.filter_map(|object| object.location.filename().map(str::to_owned));
        for name in names.filter(|name| name.ends_with(RunRecord::ASKED) && !name.contains(own.as_str())) {
            if let Some(record) = read_one(folder, format!("{day}/{name}")).await? {
                return Ok(Some(record.at));
            }
        }
    }
    Ok(None)
}

async fn read_one(folder: &Folder, name: String) -> Result<Option<RunRecord>, StoreError> {
    match folder.read_json_if_exists(&name).await {
        Err(error @ StoreError::Malformed { .. }) => {
            tracing::warn!(%error, "left a record of an earlier run out");
            Ok(None)
        }
        record => record,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{folder_manifest, model, record};
    use tamiz_domain::ProfiledRow;
    use tamiz_ports::MemoryStores;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn run_id(name: &str) -> RunId {
        folder_manifest(&[name]).run_id
    }

    fn of_rows(rows: u64) -> Profile {
        let mut profile = Profile::default();
        (0..rows).for_each(|_| profile.add(&ProfiledRow::default()));
        profile
    }

    #[test]
    fn records_lie_beside_the_runs() {
        let stores = MemoryStores::default();
        let folder = |uri: &str| folder(&stores, &uri.parse().unwrap()).unwrap().map(|folder| folder.uri().to_string());
        assert_eq!(folder("s3://results/runs/abc"), Some("s3://results/history".into()));
        assert_eq!(folder("s3://results/elsewhere/abc"), None);
        assert_eq!(folder("s3://results"), None);
    }

    #[tokio::test]
    async fn the_latest_runs_come_first_and_each_once() {
        let folder = MemoryStores::default().open(&"s3://results/history".parse().unwrap()).unwrap();
        let times = [("a", "2026-11-01T08:00:00Z"), ("b", "2026-11-03T09:00:00Z"), ("c", "2026-11-03T08:00:00Z")];
        let again = [("a", "2026-11-02T08:00:00Z"), ("own", "2026-11-03T10:00:00Z")];
        for (name, time) in times.into_iter().chain(again) {
            let record = record(run_id(name), at(time));
            folder.create_json(&record.name(), &record).await.unwrap();
        }
        folder.write("2026-11-03/000000Z-broken.json", "no JSON").await.unwrap();
        let found = History::read(&folder, &run_id("own")).await.unwrap();
        let times: Vec<String> = found.0.iter().map(|record| record.at.to_string()).collect();
        assert_eq!(times, ["2026-11-03T09:00:00Z", "2026-11-03T08:00:00Z", "2026-11-02T08:00:00Z"]);
        assert_eq!(found.0[2].run_id, run_id("a"));
    }

    #[tokio::test]
    async fn the_last_one_that_asked_is_found_among_any_number_of_runs() {
        let folder = MemoryStores::default().open(&"s3://results/history".parse().unwrap()).unwrap();
        let asked = RunRecord { retrain: true, ..record(run_id("asked"), at("2026-11-02T08:00:00Z")) };
        let own = RunRecord { retrain: true, ..record(run_id("own"), at("2026-11-03T08:00:00Z")) };
        folder.create_json(&asked.name(), &asked).await.unwrap();
        folder.create_json(&own.name(), &own).await.unwrap();
        for minute in 0..60 {
            let later =
                record(run_id(&minute.to_string()), at("2026-11-03T09:00:00Z") + SignedDuration::from_mins(minute));
            folder.create_json(&later.name(), &later).await.unwrap();
        }
        let since = async |time: &str| last_asked(&folder, &own.run_id, at(time)).await.unwrap();
        assert_eq!(since("2026-11-02T00:00:00Z").await, Some(asked.at));
        assert_eq!(since("2026-11-03T00:00:00Z").await, None);
    }

    #[test]
    fn small_runs_are_counted_in_until_there_are_enough_rows() {
        let now = at("2026-11-10T00:00:00Z");
        let before = |hours: i64, rows: u64| RunRecord {
            profile: Some(of_rows(rows)),
            ..record(run_id(&hours.to_string()), now - SignedDuration::from_hours(hours))
        };
        let mut other_model = before(1, 300);
        other_model.model.as_mut().unwrap().digest = "f".into();
        let history = History(vec![
            other_model,
            before(2, 5_000),
            before(3, 300),
            before(4, 500),
            before(5, 400),
            before(200, 900),
        ]);
        let configuration = DriftConfiguration::default();
        let pooled = |rows| {
            let (profile, runs) = history.pooled(&of_rows(rows), &model(), now, &configuration);
            (profile.rows, runs)
        };
        assert_eq!(pooled(1_000), (1_000, 1));
        assert_eq!(pooled(200), (1_000, 3), "with those of 3 and 4 hours before");
        assert_eq!(pooled(100), (1_300, 4));
        assert_eq!(History::default().pooled(&of_rows(7), &model(), now, &configuration).1, 1);
    }
}

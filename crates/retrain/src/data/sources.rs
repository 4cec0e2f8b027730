//! From places of labelled rows to the Parquet files that hold them.

use std::collections::BTreeMap;

use tamiz_domain::{EtlReport, PartEntry, RunLayout, schema};
use tamiz_ports::{Folder, ObjectUri, Stores};

use crate::RetrainError;
use crate::settings::LABEL;

/// Parquet files to read, and the runs that they come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The files, each once.
    pub files: Vec<SourceFile>,
    /// Ids of the runs among them, sorted.
    pub runs: Vec<String>,
}

/// A Parquet file of labelled rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Where it lies.
    pub uri: ObjectUri,
    /// What it is called wherever it lies: the run and the path below it. A file of no run is called by its URI.
    pub name: String,
    /// XXH3 of its bytes, where its run wrote it down.
    pub digest: Option<String>,
    /// Labelled rows of its run by column, where that is counted; none of a file of no run.
    labelled: Option<BTreeMap<String, u64>>,
}

impl SourceFile {
    fn of_no_run(uri: ObjectUri) -> Self {
        Self { name: uri.to_string(), uri, digest: None, labelled: None }
    }

    /// Whether it may have labels in a column; none if there is no such column at all.
    pub fn may_label(&self, column: &str) -> Option<bool> {
        let Some(labelled) = &self.labelled else { return Some(true) };
        let is_own = || schema::clean_shard(&[]).column_with_name(column).is_some();
        labelled.get(column).map(|&rows| rows > 0).or_else(|| is_own().then_some(true))
    }
}

impl Sources {
    /// Finds the files behind each place: a Parquet file, a run's folder, a folder of runs, or a folder of shards.
    ///
    /// Of runs only those with `etl.json` count: a run without it is not committed, and a reader sees nothing of it.
    pub async fn find(stores: &dyn Stores, places: &[ObjectUri]) -> Result<Self, RetrainError> {
        let mut sources = Self::default();
        for place in places {
            let before = sources.files.len() + sources.runs.len();
            add(&mut sources, &stores.open(place)?, place).await?;
            if sources.files.len() + sources.runs.len() == before {
                return Err(RetrainError::NoShards { uri: place.to_string() });
            }
        }
        sources.runs.sort_unstable();
        sources.runs.dedup();
        let mut seen = std::collections::HashSet::new();
        sources.files.retain(|file| seen.insert(file.uri.clone()));
        Ok(sources)
    }
}

async fn add(sources: &mut Sources, folder: &Folder, place: &ObjectUri) -> Result<(), RetrainError> {
    if is_parquet(&place.to_string()) {
        sources.files.push(SourceFile::of_no_run(place.clone()));
        return Ok(());
    }
    if add_run(sources, folder).await? {
        return Ok(());
    }
    let mut runs = 0;
    for name in folder.list_folders("").await? {
        runs += usize::from(add_run(sources, &folder.child(&name)).await?);
    }
    if runs == 0 {
        let depth = folder.path("").parts().count() + 1;
        let listed = folder.list("").await?;
        let shards = listed.iter().filter(|object| object.location.parts().count() == depth);
        let names = shards.filter_map(|object| object.location.filename()).filter(|name| is_parquet(name));
        sources.files.extend(names.map(|name| SourceFile::of_no_run(place.join(name))));
    }
    Ok(())
}

/// Adds a committed run; false for a folder that is none.
async fn add_run(sources: &mut Sources, folder: &Folder) -> Result<bool, RetrainError> {
    let Some(report) = folder.read_json_if_exists::<EtlReport>(RunLayout::ETL).await? else { return Ok(false) };
    let mut labelled = report.targets;
    labelled.insert(LABEL.to_owned(), report.labelled);
    if labelled.values().any(|&rows| rows > 0) {
        let file = |part: &PartEntry| SourceFile {
            uri: folder.uri().join(&part.path),
            name: format!("{}/{}", report.run_id, part.path),
            digest: part.digest.clone(),
            labelled: Some(labelled.clone()),
        };
        sources.files.extend(report.shards.iter().map(file));
    }
    sources.runs.push(report.run_id.to_string());
    Ok(true)
}

fn is_parquet(name: &str) -> bool {
    name.ends_with(".parquet")
}

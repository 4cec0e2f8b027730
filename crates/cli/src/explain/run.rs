//! What happened to a run.

use bytesize::ByteSize;
use tamiz_domain::{FileReport, RunId, RunLayout, Summary, Verdict, printable};
use tamiz_monitor::figures::{count_of, source_name, thousands};

use super::Step;
use crate::error::CommandError;
use crate::place::Place;
use crate::run_view::{Progress, RunView};
use crate::show;

/// The steps of a run; with `source`, of one of its files.
pub async fn explain(
    place: &Place,
    run_id: &RunId,
    source: Option<&str>,
) -> Result<(Vec<Step>, Option<String>), CommandError> {
    let view = RunView::load(place, run_id).await?;
    if view.progress() == Progress::Unknown {
        let uri = place.staging.uri();
        return Err(CommandError::Usage(format!("{uri} knows no run {run_id}; `tamiz runs` lists the runs")));
    }
    Ok((steps(&view, source), next(&view)))
}

/// The steps of a run that was read.
pub fn steps(view: &RunView, source: Option<&str>) -> Vec<Step> {
    let parts = [planned(view), started(view), cleaned(view, source), labelled(view)];
    let mut steps: Vec<Step> = parts.into_iter().flatten().collect();
    steps.extend(view.notes.iter().map(|note| {
        let told: Vec<String> = note.chain.iter().map(|message| printable(message)).collect();
        Step::new("failed", format!("{}: {}", note.stage, told.join(", because ")))
    }));
    steps.extend(view.summary.as_ref().map(|summary| reported(view, summary)));
    steps.extend(retold(view));
    steps
}

fn planned(view: &RunView) -> Option<Step> {
    let manifest = view.manifest.as_ref()?;
    let bytes: u64 = manifest.objects.iter().map(|object| object.size).sum();
    let files = count_of(manifest.objects.len() as u64, "file");
    let told = format!("run {} of {files}, {}", view.run_id, ByteSize(bytes));
    Some(Step::new("run", told).at(view.folders.0.uri_of(RunLayout::MANIFEST)))
}

fn started(view: &RunView) -> Option<Step> {
    let execution = view.execution.as_ref()?;
    let at = execution.started_at.map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default();
    let state = execution.state.as_deref().map(|state| format!(", now at `{state}`"));
    let now = match execution.ended_at {
        Some(ended) => format!(", ended {}", ended.strftime("%H:%M:%SZ")),
        None => state.unwrap_or_default(),
    };
    Some(Step::new("started", format!("{at}{now}")))
}

fn cleaned(view: &RunView, source: Option<&str>) -> Option<Step> {
    let etl = view.etl.as_ref()?;
    let file = source.and_then(|source| etl.files.iter().find(|file| file.source == source));
    let told = match (file, source) {
        (Some(file), _) => of_file(file),
        (None, Some(_)) => "the run has no report of this file: another run owns its content".to_owned(),
        (None, None) => {
            let counts = etl.counts;
            format!(
                "{} read, {} clean, {} rejected; {} of {} left out",
                count_of(counts.input, "record"),
                thousands(counts.ok),
                thousands(counts.rejected),
                thousands(etl.files.iter().filter(|file| file.problem.is_some()).count() as u64),
                count_of(etl.files.len() as u64, "file")
            )
        }
    };
    let step = Step::new("cleaned", told);
    let rejected = file.map_or(etl.counts.rejected, |file| file.counts.rejected);
    Some(if rejected > 0 { step.at(view.folders.0.uri_of(RunLayout::REJECTED)) } else { step })
}

fn of_file(file: &FileReport) -> String {
    let counts = file.counts;
    let read = format!(
        "{} of it read, {} clean, {} rejected",
        count_of(counts.input, "record"),
        thousands(counts.ok),
        thousands(counts.rejected)
    );
    match &file.problem {
        None => format!("{} as {}: {read}", source_name(&file.source), file.format.as_deref().unwrap_or("nothing")),
        Some(problem) => {
            format!(
                "{}: {} ({}); {read}",
                source_name(&file.source),
                problem.reason.meaning(),
                printable(&problem.detail)
            )
        }
    }
}

fn labelled(view: &RunView) -> Option<Step> {
    let etl = view.etl.as_ref()?;
    let model = view.summary.as_ref().and_then(|summary| summary.model.as_ref());
    let by = model.map(|model| format!(" by {} {}", model.name, model.version)).unwrap_or_default();
    let told = format!("{} of {} shards{by}", view.labelled_parts, etl.num_shards);
    Some(Step::new("labelled", told).at(view.folders.1.uri_of(RunLayout::PREDICTIONS)))
}

fn reported(view: &RunView, summary: &Summary) -> Step {
    // The mail goes out before the summary is written.
    let mailed = if view.folders.1.uri().is_s3() { ", mailed" } else { "" };
    let step = Step::new("reported", format!("{}{mailed}", show::headline(summary)));
    step.at(view.folders.1.uri_of(RunLayout::REPORT))
}

/// What a run that ended without a report says of itself.
fn retold(view: &RunView) -> Option<Step> {
    let cause = view.execution.as_ref()?.cause.as_deref()?;
    view.summary.is_none().then(|| Step::new("ended", printable(cause)))
}

/// What a person can do.
pub fn next(view: &RunView) -> Option<String> {
    let run = view.run_id.short();
    let root = view.folders.1.uri().split_last().and_then(|(runs, _)| runs.split_last());
    let is_cloud = view.folders.1.uri().is_s3();
    match view.progress() {
        Progress::Cleaning | Progress::Labelling | Progress::Reporting | Progress::Planned if is_cloud => {
            Some(format!("tamiz watch {run}"))
        }
        Progress::Failed => {
            let remedy = view.notes.iter().find_map(|note| note.remedy.as_deref()).map(printable);
            let again = if is_cloud { format!("then: tamiz replay {run}") } else { "then run it again".to_owned() };
            Some(match remedy {
                Some(remedy) => format!("{remedy} {again}"),
                None => format!("mend what the report names, {again}"),
            })
        }
        Progress::Ok if view.summary.as_ref().is_some_and(|summary| summary.verdict == Verdict::Ok) => {
            let place = root.filter(|_| !is_cloud).map(|(root, _)| format!(" --in {root}")).unwrap_or_default();
            Some(format!("tamiz results {run} --to reviews.csv{place}"))
        }
        _ => None,
    }
}

//! How a large run is divided among jobs.
//!
//! A job can begin wherever a split begins with a record that is found without reading what comes before: anywhere in
//! a plain file of lines or delimited records, at the start of any other object. Where records begin is found by
//! reading the run once without looking at its text, which is many times faster than cleaning it, and exact: a line
//! break inside quotes, or a quote that is never closed, is seen as the cleaning will see it.

use serde::{Deserialize, Serialize};
use tamiz_domain::ManifestObject;

use crate::EtlError;
use crate::job::Job;
use crate::job::file_end::FileEnd;
use crate::job::portion::{Portion, SplitStart};
use crate::job::source::Source;

/// `splits.json`: everything that the jobs have to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The run's own objects, in order.
    pub objects: Vec<ManifestObject>,
    /// Records in a split.
    pub records_per_split: usize,
    pub num_jobs: usize,
    /// Every split, in order.
    splits: Vec<SplitStart>,
    /// What is known of each object.
    pub files: Vec<FileEnd>,
}

impl Plan {
    /// Reads the whole run to find its splits, for at most `max_jobs` jobs.
    pub(crate) fn make(job: &Job, max_jobs: usize) -> Result<Self, EtlError> {
        let mut source = Source::new(job, Portion::all());
        let mut splits: Vec<SplitStart> = Vec::new();
        while let Some(ticket) = source.next()? {
            if splits.last().is_none_or(|last| last.split != ticket.split) {
                splits.push(ticket.start());
            }
        }
        let num_jobs = splits.iter().filter(|split| split.is_direct()).count().min(max_jobs);
        let (objects, records_per_split) = (job.objects.clone(), job.rows_per_shard);
        Ok(Self { objects, records_per_split, num_jobs, splits, files: source.into_ends() })
    }

    /// The part of the run that job `index` is to clean; none if no split falls to it.
    ///
    /// Split `i` of `n` would go to job `i * jobs / n`; where no job can begin, it goes to the job of the split before.
    pub(crate) fn portion(&self, index: usize) -> Option<Portion> {
        let job_of = |place: usize| place * self.num_jobs / self.splits.len();
        let begins = |place: &usize| self.splits[*place].is_direct();
        let mut own = (0..self.splits.len()).filter(begins).filter(|place| job_of(*place) == index);
        let first = own.next()?;
        let next = (first..self.splits.len()).filter(begins).find(|place| job_of(*place) > index);
        Some(Portion::between(self.splits[first], next.map(|place| self.splits[place].split)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(direct: &[bool], num_jobs: usize) -> Plan {
        let start = |(split, &is_direct): (usize, &bool)| {
            let row = if split == 0 { 1 } else { 7 };
            SplitStart { split, object: 0, offset: is_direct.then_some(3), row }
        };
        let splits = direct.iter().enumerate().map(start).collect();
        Plan { objects: vec![], records_per_split: 1, num_jobs, splits, files: vec![] }
    }

    #[test]
    fn a_job_begins_where_it_can() {
        let plan = plan(&[true, false, false, true], 2);
        let portions: Vec<_> = (0..2).filter_map(|job| plan.portion(job)).map(|portion| portion.splits()).collect();
        assert_eq!(portions, [0..3, 3..usize::MAX]);
    }

    proptest! {
        #[test]
        fn every_split_falls_to_exactly_one_job(direct in prop::collection::vec(any::<bool>(), 1..40), num_jobs in 1usize..12) {
            let plan = plan(&direct, num_jobs);
            let mut next = 0;
            for job in 0..num_jobs {
                if let Some(portion) = plan.portion(job) {
                    prop_assert_eq!(portion.splits().start, next);
                    next = portion.splits().end;
                }
            }
            prop_assert_eq!(next, usize::MAX);
        }
    }
}

//! What one worker does: a batch of raw records in, rows and rejects out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use tamiz_domain::{Configuration, DuplicateAction, DuplicateConfiguration, PersonalData};
use tamiz_text::redact::Redactor;
use tamiz_text::{Analysis, Analyzer, Sentiment, SharedVocabulary, Vocabulary};

use crate::clean::batch::{RawBatch, RowRecord};
use crate::clean::batch_facts::{BatchFacts, RowFact};
use crate::clean::clean_rows::CleanRows;
use crate::clean::record::{RecordParser, Review};
use crate::clean::rejects::Reject;
use crate::clean::user_key::UserKey;
use crate::quality::fingerprint::Fingerprint;
use crate::quality::html::has_html;
use crate::quality::reservoir::DrawnRow;
use crate::quality::rows::RowFacts;
use crate::read::framing::{Fault, Reading};

/// What masks personal data; none where nothing is to be masked.
pub(crate) fn redactor(configuration: &Configuration) -> Option<Redactor> {
    let kinds = &configuration.redact.kinds;
    (!kinds.is_empty()).then(|| Redactor::new(kinds.iter().copied()))
}

/// Whether anything is to be done about texts that repeat an earlier one.
pub(crate) fn finds_duplicates(duplicates: &DuplicateConfiguration) -> bool {
    [duplicates.exact, duplicates.near] != [DuplicateAction::Ignore; 2]
}

/// A worker's tools; one for each thread.
pub(crate) struct Cleaner {
    user_key: Option<UserKey>,
    parser: RecordParser,
    num_targets: usize,
    analyzer: Analyzer,
    finds_duplicates: bool,
    /// None where nothing is to be masked.
    redactor: Option<Redactor>,
}

impl Cleaner {
    pub(crate) fn new(configuration: &Configuration, user_key: Option<UserKey>, words: SharedVocabulary) -> Self {
        Self {
            user_key,
            parser: RecordParser::new(configuration),
            num_targets: configuration.columns.targets.len(),
            analyzer: Analyzer::sharing(words),
            finds_duplicates: finds_duplicates(&configuration.duplicates),
            redactor: redactor(configuration),
        }
    }

    /// Begins a batch: words are numbered anew now and then.
    pub(crate) fn begin_batch(&mut self) {
        self.analyzer.begin_batch();
    }

    /// Cleans these rows of a batch. The answer depends on them alone, not on what this worker did before.
    pub(crate) fn clean(&mut self, batch: &RawBatch, rows: Range<u64>, facts: &mut BatchFacts) -> CleanRows {
        let mut columns =
            CleanRows::with_capacity((rows.end - rows.start) as usize, batch.num_bytes(&rows), self.num_targets);
        for RowRecord { row, offset, raw, reading } in batch.records(rows) {
            let outcome = match reading {
                Ok(reading) => self.clean_record(batch, row, raw, *reading, &mut columns, facts),
                Err(fault) => Err(fault.clone()),
            };
            if let Err(fault) = outcome {
                facts.tally.reject(row, &fault);
                facts.quality.add_reject(fault.reason);
                facts.rejects.push(Reject::new(row, offset, fault, raw));
            }
        }
        columns
    }

    /// The words of the batch that was cleaned last.
    pub(crate) fn vocabulary(&self) -> &Vocabulary {
        self.analyzer.vocabulary()
    }

    fn clean_record(
        &mut self,
        batch: &RawBatch,
        row: u64,
        raw: &[u8],
        reading: Reading,
        columns: &mut CleanRows,
        facts: &mut BatchFacts,
    ) -> Result<(), Fault> {
        let mut review = self.parser.parse(raw, reading, &batch.file.shape)?;
        let redactions = self.redactor.as_ref().map(|redactor| mask(redactor, &mut review));
        let analysis = self.analyzer.analyze(&review.text);
        let user = match (&self.user_key, &review.user) {
            (Some(key), Some(user)) => Some(key.hash(user)),
            (None, Some(_)) => {
                facts.tally.users_left_out += 1;
                None
            }
            (_, None) => None,
        };
        let targets = marks(&review.targets);
        facts.tally.accept(review.label, targets, &analysis);
        facts
            .quality
            .add_row(&RowFacts { redactions: redactions.as_ref(), ..row_facts(&review, &analysis, user.is_some()) });
        if self.finds_duplicates {
            let hashes = analysis.token_hashes().iter().copied();
            facts.fingerprints.push(Fingerprint::of(analysis.clean_text(), hashes));
        }
        facts.rows.push(RowFact {
            row,
            label: review.label,
            targets,
            language: analysis.language().code(),
            sentiment: analysis.sentiment().map(Sentiment::name),
        });
        columns.append(&batch.file.id_prefix, row, &review, &analysis, user);
        facts.sample.offer(columns.last_id(), || DrawnRow::new(review.label, analysis.language().code(), &review.text));
        Ok(())
    }
}

/// Masks personal data in everything of a review that is written as text, and says how much of it there was.
fn mask(redactor: &Redactor, review: &mut Review<'_>) -> BTreeMap<PersonalData, u64> {
    let mut counts = BTreeMap::new();
    if let Cow::Owned(masked) = redactor.redact_counted(&review.text, &mut counts) {
        review.text = masked.into();
    }
    // The title is part of the text, so what it holds is counted already.
    if let Some(title) = &mut review.title
        && let Cow::Owned(masked) = redactor.redact(title)
    {
        *title = masked.into();
    }
    for target in review.targets.iter_mut().flatten() {
        if let Cow::Owned(masked) = redactor.redact_counted(target, &mut counts) {
            *target = masked.into();
        }
    }
    counts
}

/// Which of the further labels there are, bit by bit.
fn marks(targets: &[Option<Cow<'_, str>>]) -> u8 {
    targets.iter().enumerate().filter(|(_, target)| target.is_some()).map(|(number, _)| 1 << number).sum()
}

fn row_facts<'a>(review: &Review<'_>, analysis: &Analysis<'a>, has_user: bool) -> RowFacts<'a> {
    RowFacts {
        num_characters: review.text.chars().count(),
        num_tokens: analysis.token_ids().len(),
        has_html: has_html(&review.text),
        is_null: [
            review.title.is_none(),
            review.label.is_none(),
            review.asin.is_none(),
            review.parent_asin.is_none(),
            review.helpful_vote.is_none(),
            review.verified_purchase.is_none(),
            review.timestamp.is_none(),
            !has_user,
        ],
        label: review.label,
        language: analysis.language().code(),
        sentiment: analysis.sentiment().map(Sentiment::name),
        repair: review.repair,
        redactions: None,
    }
}

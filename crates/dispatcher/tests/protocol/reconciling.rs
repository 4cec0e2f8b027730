//! What no event announced is announced after all; what has a run is left alone.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tamiz_dispatcher::{Outcome, ReconcileJob, Reconciled, Record, announcement, parse};
use tamiz_domain::{Manifest, ManifestObject, ObjectIdentity, Ownership};
use tamiz_ports::{MemoryMailer, Moment, StoredUpload};

use crate::announce::{body, identity, upload};
use crate::desk::Desk;
use crate::fuse::{Effect, Fuse};

/// What lies in the bucket after `upload(key, content, version)`.
fn stored(key: &str, content: &str, version: u32) -> StoredUpload {
    StoredUpload {
        bucket: "input".into(),
        key: key.into(),
        etag: content.into(),
        version_id: Some(format!("version-{version}")),
        size: 10,
        uploaded_at: "2026-01-02T03:04:05Z".parse().unwrap(),
    }
}

/// Later than anything was planned.
fn later() -> Timestamp {
    Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap()
}

async fn reconcile(desk: &Desk, uploads: &[StoredUpload]) -> Reconciled {
    desk.reconciliation(uploads.to_vec(), &Arc::new(Fuse::none())).run(later()).await.unwrap()
}

fn counts(found: &Reconciled) -> [usize; 3] {
    [found.unannounced.count, found.unstarted.count, found.refused.count]
}

#[tokio::test]
async fn an_upload_without_an_event_is_in_a_run_after_all_and_one_with_an_event_in_no_second_one() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("announced+%C3%A9%2B%26.csv", "1", 1)]));
    desk.come_to_rest().await;
    let uploads = [stored("announced é+&.csv", "1", 1), stored("lost é+&%2B.csv", "1", 1), stored("folder/", "0", 1)];
    // The marker of a folder has no bytes.
    let uploads = uploads.map(|upload| StoredUpload { size: if upload.key == "folder/" { 0 } else { 10 }, ..upload });
    let found = reconcile(&desk, &uploads).await;
    assert_eq!((counts(&found), found.uploads), ([1, 0, 0], 3));
    assert_eq!(found.unannounced.first[0].uri, "s3://input/lost é+&%2B.csv");
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.already_seen), (1, 0));
    desk.check(&[identity("announced é+&.csv", "1"), identity("lost é+&%2B.csv", "1")]).await;
    assert!(reconcile(&desk, &uploads).await.is_clean());
    assert!(desk.queue.is_empty());
}

#[tokio::test]
async fn versions_that_were_replaced_are_uploads_too_and_the_same_bytes_again_a_repeat() {
    let desk = Desk::default();
    // As S3 lists them: the newest first.
    let uploads = [stored("a", "new", 3), stored("a", "old", 2), stored("a", "old", 1)];
    assert_eq!(counts(&reconcile(&desk, &uploads).await), [3, 0, 0]);
    desk.come_to_rest().await;
    desk.check(&[identity("a", "new"), identity("a", "old")]).await;
    assert!(reconcile(&desk, &uploads).await.is_clean());
}

#[tokio::test]
async fn an_event_that_comes_after_all_is_no_second_upload() {
    let desk = Desk::default();
    reconcile(&desk, &[stored("a", "1", 1)]).await;
    desk.queue.put(body(&[upload("a", "1", 1)]));
    let outcome = desk.come_to_rest().await;
    assert_eq!((outcome.runs_started, outcome.already_seen), (1, 0));
    assert!(desk.repeats().await.is_empty());
}

#[tokio::test]
async fn what_is_young_is_not_missed_yet() {
    let desk = Desk::default();
    let mut reconciliation = desk.reconciliation(vec![stored("a", "1", 1)], &Arc::new(Fuse::none()));
    reconciliation.older_than = SignedDuration::from_hours(1);
    let found = reconciliation.run("2026-01-02T03:30:00Z".parse().unwrap()).await.unwrap();
    assert_eq!((found.is_clean(), found.too_young), (true, 1));
    assert_eq!(counts(&reconciliation.run("2026-01-02T04:30:00Z".parse().unwrap()).await.unwrap()), [1, 0, 0]);
}

#[tokio::test]
async fn a_name_that_cannot_be_read_is_recorded_and_told_once() {
    let uploads = [stored("a//b.csv", "1", 1), stored("line\nbreak.csv", "1", 1)];
    let desk = Desk::default();
    assert_eq!(counts(&reconcile(&desk, &uploads).await), [0, 0, 2]);
    assert!(reconcile(&desk, &uploads).await.is_clean());
    assert_eq!(desk.refusals().await.len(), 2);

    // Neither when the event was refused before.
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a//b.csv", "1", 1)]));
    desk.come_to_rest().await;
    assert!(reconcile(&desk, &uploads[..1]).await.is_clean());
}

/// The step at which both objects are claimed and their run is not started.
const CLAIMED: usize = 9;

/// A desk whose dispatcher ended at a step, and whose messages are lost.
async fn broken_off(step: usize, moment: Moment) -> Option<Desk> {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1), upload("b", "1", 1)]));
    let fuse = Arc::new(Fuse::new(step, moment, Effect::Crash));
    desk.work(&fuse).await.unwrap();
    for message in desk.receive_all().await {
        tamiz_ports::Queue::acknowledge(desk.queue.as_ref(), &message.receipt).await.unwrap();
    }
    fuse.is_blown().then_some(desk)
}

#[tokio::test]
async fn wherever_a_dispatcher_ended_and_its_message_was_lost_the_uploads_are_found() {
    let uploads = [stored("a", "1", 1), stored("b", "1", 1)];
    let mut seen = [0; 3];
    for moment in [Moment::Before, Moment::After] {
        for step in 1.. {
            let Some(desk) = broken_off(step, moment).await else { break };
            let found = reconcile(&desk, &uploads).await;
            seen.iter_mut().zip(counts(&found)).for_each(|(sum, count)| *sum += usize::from(count > 0));
            desk.come_to_rest().await;
            desk.check(&[identity("a", "1"), identity("b", "1")]).await;
            assert!(desk.repeats().await.is_empty());
            assert!(reconcile(&desk, &uploads).await.is_clean(), "step {step}");
        }
    }
    assert!(seen[0] > 3 && seen[1] > 1, "some uploads were never claimed, some runs never started: {seen:?}");
}

#[tokio::test]
async fn a_reconciliation_that_fails_anywhere_loses_nothing() {
    let uploads = [stored("a", "1", 1), stored("b", "1", 1), stored("c//d", "1", 1)];
    for (moment, effect) in [(Moment::Before, Effect::Fail), (Moment::After, Effect::Fail)] {
        for step in 1.. {
            // `a` was claimed, its run never started.
            let desk = Desk::default();
            desk.queue.put(body(&[upload("a", "1", 1)]));
            let crash = Arc::new(Fuse::new(7, Moment::Before, Effect::Crash));
            desk.work(&crash).await.unwrap();
            let fuse = Arc::new(Fuse::new(step, moment, effect));
            let result = desk.reconciliation(uploads.to_vec(), &fuse).run(later()).await;
            if !fuse.is_blown() {
                assert!(step > 5, "{step}");
                break;
            }
            assert!(result.is_err(), "step {step} failed silently");
            reconcile(&desk, &uploads).await;
            desk.come_to_rest().await;
            desk.check(&[identity("a", "1"), identity("b", "1")]).await;
            assert_eq!(desk.refusals().await.len(), 1);
        }
    }
}

#[tokio::test]
async fn only_telling_changes_nothing() {
    let Some(desk) = broken_off(CLAIMED, Moment::Before).await else { panic!("the step comes") };
    let before = desk.names("").await;
    let uploads = vec![stored("a", "1", 1), stored("b", "1", 1), stored("c", "1", 1), stored("d//e", "1", 1)];
    let mut reconciliation = desk.reconciliation(uploads, &Arc::new(Fuse::none()));
    reconciliation.dry_run = true;
    let found = reconciliation.run(later()).await.unwrap();
    assert_eq!(counts(&found), [1, 2, 1]);
    assert_eq!(found, reconciliation.run(later()).await.unwrap());
    assert_eq!(desk.names("").await, before);
    assert!(desk.queue.is_empty());
}

#[tokio::test]
async fn a_run_that_was_started_without_a_mark_gets_it_and_is_not_started_again() {
    let mut num_marked = 0;
    for step in 1.. {
        let Some(desk) = broken_off(step, Moment::After).await else { break };
        let is_marked = async || desk.names("runs").await.iter().any(|name| name.ends_with("started.json"));
        if desk.started().is_empty() || is_marked().await {
            continue;
        }
        assert!(reconcile(&desk, &[]).await.is_clean());
        assert!(is_marked().await);
        num_marked += 1;
    }
    assert!(num_marked > 0);
}

#[tokio::test]
async fn a_replay_is_a_persons_run_and_nothing_to_reconcile() {
    let desk = Desk::default();
    let object = ManifestObject { identity: identity("a", "1"), uri: "s3://input/a".into(), version_id: None, size: 1 };
    let manifest = Manifest::plan(vec![object], Default::default(), Ownership::Manifest, Some("salt".into()));
    desk.folder().write_json(&format!("runs/{}/manifest.json", manifest.run_id), &manifest).await.unwrap();
    assert!(reconcile(&desk, &[]).await.is_clean());
}

/// Runs the job, and answers the mails.
async fn mailed(desk: &Desk, uploads: Vec<StoredUpload>) -> Vec<String> {
    let mailer = Arc::new(MemoryMailer::default());
    let job = ReconcileJob {
        reconciliation: desk.reconciliation(uploads, &Arc::new(Fuse::none())),
        input: "s3://input/incoming".parse().unwrap(),
        mailer: Some(mailer.clone()),
        project: "tamiz".into(),
        now: later,
    };
    job.run().await.unwrap();
    mailer.sent().into_iter().map(|(_, mail)| format!("{}\n\n{}", mail.subject(), mail.body)).collect()
}

#[tokio::test]
async fn a_mail_tells_what_was_found_and_none_comes_when_nothing_was() {
    let Some(desk) = broken_off(CLAIMED, Moment::Before).await else { panic!("the step comes") };
    let mut uploads = vec![stored("a", "1", 1), stored("b", "1", 1), stored("bad\nSubject: forged//x.csv", "1", 1)];
    uploads.extend((0..23).map(|n| stored(&format!("incoming/lost {n:02}.csv"), "1", 1)));
    let [mail] = mailed(&desk, uploads.clone()).await.try_into().unwrap();
    insta::assert_snapshot!(mail);
    let outcome: Outcome = desk.come_to_rest().await;
    assert!(outcome.runs_started > 0);
    assert!(mailed(&desk, uploads).await.is_empty());
}

#[test]
fn an_announcement_reads_as_the_upload_that_it_announces() {
    for key in ["a.csv", "ä b+c%20/ñ&=?#.csv", "🙂/ .csv", "a'\"<>\\`.csv"] {
        for version_id in [None, Some("v 1+%".to_owned())] {
            let identity = ObjectIdentity { bucket: "input".into(), key: key.into(), etag: "e-3".into() };
            let object = ManifestObject { identity, uri: format!("s3://input/{key}"), version_id, size: 1 << 40 };
            let [record] = parse(&announcement(&object)).try_into().unwrap();
            let Record::Upload(upload) = record else { panic!("{key}: {record:?}") };
            assert_eq!((upload.object, upload.sequencer.as_str()), (object, ""));
        }
    }
}

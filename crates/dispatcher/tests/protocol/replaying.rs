//! What a person does again: a run, a file, a refused event, dead letters.

use tamiz_dispatcher::{DispatchError, Replay};
use tamiz_domain::{Configuration, Ownership};
use tamiz_ports::{MemoryQueue, MemoryStores, Queue, Stores};

use crate::announce::{body, identity, upload};
use crate::desk::Desk;

fn replay<'a>(desk: &'a Desk, salt: &str) -> Replay<'a> {
    Replay { staging: desk.folder(), workflow: desk.workflow.as_ref(), salt: salt.into(), dry_run: false }
}

#[tokio::test]
async fn a_run_becomes_a_new_run_over_what_the_old_one_owned() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1), upload("b", "1", 1)]));
    desk.come_to_rest().await;
    let [old] = desk.started().try_into().unwrap();
    let digits = &old.as_str()[..8];
    let found = replay(&desk, "1").find(digits).await.unwrap();
    let new = replay(&desk, "1").run(&found, None).await.unwrap();
    assert_eq!((new.objects, new.bytes, new.started), (2, 20, true));
    assert!(desk.started().contains(&new.run_id) && desk.started().len() == 2);
    let manifest = desk.manifest(&new.run_id).await;
    assert_eq!((manifest.ownership, manifest.salt.as_deref()), (Ownership::Manifest, Some("1")));
    assert_eq!(manifest.objects, desk.manifest(&old).await.objects);
    assert_eq!(desk.owner(&identity("a", "1")).await, Some(old), "claims never change");
    // Once more is another run; the same asked twice is not.
    assert_eq!(replay(&desk, "1").run(&found, None).await.unwrap(), new);
    assert_ne!(replay(&desk, "2").run(&found, None).await.unwrap().run_id, new.run_id);
}

#[tokio::test]
async fn a_run_is_replayed_without_what_another_run_owns_and_under_another_configuration() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    let [first] = desk.started().try_into().unwrap();
    // Planned by a dispatcher that did not know of the first run.
    let objects = [desk.manifest(&first).await.objects, vec![object("b")]].concat();
    let second = tamiz_domain::Manifest::plan(objects, Configuration::default(), Ownership::Claims, None);
    desk.folder().write_json(&format!("runs/{}/manifest.json", second.run_id), &second).await.unwrap();
    let claim = tamiz_domain::Claim { run_id: second.run_id.clone(), identity: identity("b", "1") };
    let name = format!("claims/{}", tamiz_domain::Claim::file_name(&claim.identity));
    desk.folder().write_json(&name, &claim).await.unwrap();

    let mut configuration = Configuration::default();
    configuration.budget.max_rejected_share = 0.75;
    let new = replay(&desk, "1").run(&second.run_id, Some(configuration.clone())).await.unwrap();
    let manifest = desk.manifest(&new.run_id).await;
    assert_eq!((manifest.objects, manifest.configuration), (vec![object("b")], configuration));
}

fn object(key: &str) -> tamiz_domain::ManifestObject {
    let identity = identity(key, "1");
    tamiz_domain::ManifestObject { identity, uri: format!("s3://input/{key}"), version_id: None, size: 10 }
}

#[tokio::test]
async fn a_run_whose_files_other_runs_have_is_not_replayed_as_nothing() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.come_to_rest().await;
    let [first] = desk.started().try_into().unwrap();
    let objects = desk.manifest(&first).await.objects;
    let mut configuration = Configuration::default();
    configuration.budget.max_rejected_share = 0.75;
    let other = tamiz_domain::Manifest::plan(objects, configuration, Ownership::Claims, None);
    desk.folder().write_json(&format!("runs/{}/manifest.json", other.run_id), &other).await.unwrap();
    let error = replay(&desk, "1").run(&other.run_id, None).await.unwrap_err();
    assert!(matches!(error, DispatchError::NothingOwned { .. }), "{error}");
    let error = replay(&desk, "1").find("").await.unwrap_err();
    assert!(matches!(error, DispatchError::UnknownRun { .. }), "{error}");
    assert_eq!(desk.started().len(), 1);
}

#[tokio::test]
async fn too_few_digits_or_wrong_ones_name_no_run() {
    let desk = Desk::default();
    desk.limit("max_objects = 1");
    desk.queue.put(body(&[upload("a", "1", 1), upload("b", "1", 1)]));
    desk.come_to_rest().await;
    for (digits, expected) in [("", 2), ("no such run", 0)] {
        let error = replay(&desk, "1").find(digits).await.unwrap_err();
        assert!(matches!(error, DispatchError::UnknownRun { matching, .. } if matching == expected), "{error}");
    }
}

#[tokio::test]
async fn a_file_becomes_a_run_of_its_own() {
    let desk = Desk::default();
    let stores = MemoryStores::default();
    let place = stores.open_str("s3://input/incoming/ä b.csv").unwrap();
    place.write("", "text").await.unwrap();
    let run = replay(&desk, "1").object(&place, Configuration::default()).await.unwrap();
    let [object] = desk.manifest(&run.run_id).await.objects.try_into().unwrap();
    assert_eq!((object.uri.as_str(), object.size), ("s3://input/incoming/ä b.csv", 4));
    assert_eq!(object.identity.key, "incoming/ä b.csv");
    let missing = stores.open_str("s3://input/none.csv").unwrap();
    let error = replay(&desk, "1").object(&missing, Configuration::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "s3://input/none.csv does not exist");
}

#[tokio::test]
async fn a_refused_event_goes_back_into_the_queue_as_it_was() {
    let desk = Desk::default();
    desk.queue.put("not an event");
    desk.come_to_rest().await;
    let name = desk.refusals().await[0].clone();
    let name = name.strip_prefix("refused/").unwrap().strip_suffix(".json").unwrap();
    let record = replay(&desk, "1").refusal(name, desk.queue.as_ref()).await.unwrap();
    assert_eq!(record.reason, "not_json");
    assert_eq!(desk.receive_all().await[0].body, "not an event");
    assert!(replay(&desk, "1").refusal("unknown", desk.queue.as_ref()).await.is_err());
}

#[tokio::test]
async fn dead_letters_go_back_into_the_queue() {
    let (dead, desk) = (MemoryQueue::default(), Desk::default());
    let bodies: Vec<String> = (0..25).map(|n| body(&[upload(&format!("f{n}"), "1", 1)])).collect();
    dead.send(&bodies).await.unwrap();
    assert_eq!(Replay::dead_letters(&dead, desk.queue.as_ref()).await.unwrap(), 25);
    assert!(dead.is_empty());
    desk.come_to_rest().await;
    let expected: Vec<_> = (0..25).map(|n| identity(&format!("f{n}"), "1")).collect();
    desk.check(&expected).await;
}

#[tokio::test]
async fn only_telling_starts_and_sends_nothing() {
    let desk = Desk::default();
    desk.queue.put(body(&[upload("a", "1", 1)]));
    desk.queue.put("not an event");
    desk.come_to_rest().await;
    let before = desk.names("").await;
    let [old] = desk.started().try_into().unwrap();
    let replay = Replay { dry_run: true, ..replay(&desk, "1") };
    let told = replay.run(&old, None).await.unwrap();
    assert_eq!((told.objects, told.started), (1, false));
    let name = desk.refusals().await[0].clone();
    let name = name.strip_prefix("refused/").unwrap().strip_suffix(".json").unwrap();
    replay.refusal(name, desk.queue.as_ref()).await.unwrap();
    assert_eq!((desk.names("").await, desk.queue.len(), desk.started().len()), (before, 0, 1));
}

//! The registry under races, and both forms of a model URI.

use std::collections::BTreeMap;

use tamiz_domain::{Decision, MetricSet};
use tamiz_ports::{FolderStores, MemoryStores};

use super::*;
use crate::artifact::tests::toy_artifact;

fn promotion(at: &str, to: &str) -> Promotion {
    Promotion {
        at: at.parse().unwrap(),
        by: "a test".into(),
        from: None,
        to: to.to_owned(),
        decision: Decision::Promoted,
        why: "It is the first.".into(),
        challenger: MetricSet::of_confusion(BTreeMap::new(), None),
        champion: None,
        rules: Vec::new(),
    }
}

#[tokio::test]
async fn a_name_and_a_version_resolve_to_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    for root in ["s3://models", folder.path().to_str().unwrap()] {
        let stores = MemoryStores::default();
        let registry = Registry::open(&stores.open_str(root).unwrap(), "toy").unwrap();
        let (artifact, _) = toy_artifact(1);
        let reference = registry.publish(&artifact).await.unwrap();
        let uri = |rest: &str| format!("{root}/{rest}").parse::<ObjectUri>().unwrap();
        let by_version = uri(&format!("toy/{}", reference.version));
        assert_eq!(resolve(&stores, &by_version).await.unwrap().reference(), Some(&reference));
        assert!(matches!(resolve(&stores, &uri("toy")).await, Err(ModelError::NotAModel { .. })));
        assert_eq!(registry.point_to(&reference, None).await.unwrap(), Swapped::Done);
        let found = resolve(&stores, &uri("toy")).await.unwrap();
        assert_eq!((found.reference(), found.folder.uri()), (Some(&reference), &by_version));
        assert!(matches!(resolve(&stores, &uri("nothing")).await, Err(ModelError::NotAModel { .. })));
    }
}

#[tokio::test]
async fn a_pointer_to_changed_files_is_refused() {
    let stores = MemoryStores::default();
    let registry = Registry::open(&stores.open_str("s3://models").unwrap(), "toy").unwrap();
    let reference = registry.publish(&toy_artifact(1).0).await.unwrap();
    registry.point_to(&reference, None).await.unwrap();
    registry.version(&reference.version).write(SUMS, "").await.unwrap();
    let error = resolve(&stores, &"s3://models/toy".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, ModelError::Unusable { problem: Problem::Version { .. }, .. }), "{error:?}");
}

#[tokio::test]
async fn of_two_promotions_at_once_one_wins_and_the_loser_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let models = FolderStores::default().open_str(folder.path().to_str().unwrap()).unwrap();
    let registry = Registry::open(&models, "toy").unwrap();
    let reference = |version: &str| ModelReference {
        name: "toy".into(),
        version: version.into(),
        digest: format!("digest of {version}"),
    };
    for round in 0..5 {
        let seen = registry.latest().await.unwrap();
        let challengers: Vec<_> = (0..6).map(|n| reference(&format!("{round}-{n}"))).collect();
        let swaps = challengers.iter().map(|challenger| registry.point_to(challenger, seen.as_ref()));
        let results = futures::future::join_all(swaps).await;
        let winners: Vec<_> =
            results.iter().zip(&challengers).filter(|(r, _)| matches!(r, Ok(Swapped::Done))).map(|(_, c)| c).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(registry.latest().await.unwrap().unwrap().pointer.version, winners[0].version);
    }
}

#[tokio::test]
async fn verdicts_are_written_once_and_read_in_order() {
    let models = MemoryStores::default().open_str("s3://models").unwrap();
    let registry = Registry::open(&models, "toy").unwrap();
    let (first, second) = (promotion("2026-01-31T12:34:56Z", "aaa"), promotion("2026-02-01T00:00:00Z", "bbb"));
    assert_eq!(registry.record(&second).await.unwrap(), Created::New);
    assert_eq!(registry.record(&first).await.unwrap(), Created::New);
    let changed = Promotion { why: "Another reason.".into(), ..first.clone() };
    assert_eq!(registry.record(&changed).await.unwrap(), Created::Exists);
    assert_eq!(registry.promotions().await.unwrap(), [first, second]);
    assert!(models.exists("toy/promotions/20260131T123456Z-aaa.json").await.unwrap());
}

#[test]
fn names_that_could_leave_the_folder_or_break_a_url_are_refused() {
    let models = MemoryStores::default().open_str("s3://models").unwrap();
    for name in ["", "..", "a/b", "Polarity", "-x", "a b"] {
        assert!(matches!(Registry::open(&models, name), Err(ModelError::InvalidName { .. })), "{name}");
    }
    assert_eq!(Registry::open(&models, "polarity_es-2").unwrap().name(), "polarity_es-2");
}

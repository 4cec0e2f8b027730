//! Back and forth between versions.

use std::collections::BTreeMap;

use tamiz_domain::MetricSet;
use tamiz_ports::{MemoryStores, Stores};

use super::*;
use crate::artifact::tests::toy_artifact;

const WHY: &str = "It calls every question a complaint.";

async fn registry() -> Registry {
    Registry::open(&MemoryStores::default().open_str("s3://models").unwrap(), "toy").unwrap()
}

/// Publishes and promotes the toy model of a seed, as a retraining does.
async fn promote(registry: &Registry, seed: u64, at: &str) -> String {
    let (artifact, _) = toy_artifact(seed);
    let reference = registry.publish(&artifact).await.unwrap();
    let champion = registry.latest().await.unwrap();
    registry.point_to(&reference, champion.as_ref()).await.unwrap();
    let promotion = Promotion {
        at: at.parse().unwrap(),
        by: "a test".into(),
        from: champion.map(|latest| latest.pointer.version),
        to: reference.version.clone(),
        decision: Decision::Promoted,
        why: "It is better.".into(),
        challenger: MetricSet::of_confusion(BTreeMap::new(), None),
        champion: None,
        rules: Vec::new(),
    };
    registry.record(&promotion).await.unwrap();
    reference.version
}

fn back(to: Option<&str>) -> Rollback<'_> {
    Rollback { to, by: "a person", why: WHY, at: "2026-02-01T00:00:00Z".parse().unwrap() }
}

#[tokio::test]
async fn the_champion_before_comes_back_and_the_verdict_says_who_and_why() {
    let registry = registry().await;
    let first = promote(&registry, 1, "2026-01-01T00:00:00Z").await;
    let second = promote(&registry, 2, "2026-01-02T00:00:00Z").await;
    let third = promote(&registry, 3, "2026-01-03T00:00:00Z").await;
    let verdict = registry.roll_back(&back(None)).await.unwrap();
    assert_eq!((verdict.from.as_ref(), &verdict.to), (Some(&third), &second));
    assert_eq!((verdict.decision, verdict.why.as_str()), (Decision::RolledBack, WHY));
    assert_eq!(registry.latest().await.unwrap().unwrap().pointer.version, second);
    assert_eq!(registry.promotions().await.unwrap().last(), Some(&verdict));
    // And once more: to what the second one replaced, not forth to the third.
    let at = "2026-02-02T00:00:00Z".parse().unwrap();
    assert_eq!(registry.roll_back(&Rollback { at, ..back(None) }).await.unwrap().to, first);
    let end = registry.roll_back(&back(None)).await.unwrap_err().to_string();
    assert!(end.contains("no verdict tells of a champion before"), "{end}");
}

#[tokio::test]
async fn a_named_version_is_verified_before_anything_moves() {
    let registry = registry().await;
    let first = promote(&registry, 1, "2026-01-01T00:00:00Z").await;
    let second = promote(&registry, 2, "2026-01-02T00:00:00Z").await;
    registry.version(&first).write("config.json", "{}").await.unwrap();
    let error = registry.roll_back(&back(Some(&first))).await.unwrap_err();
    assert!(matches!(error, ModelError::Unusable { .. }), "{error:?}");
    for (to, expected) in [(second.as_str(), "that version is the one in use"), ("0123456789ab", "no model at")] {
        let error = registry.roll_back(&back(Some(to))).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
    assert_eq!(registry.latest().await.unwrap().unwrap().pointer.version, second);
    assert_eq!(registry.promotions().await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_never_in_use_has_no_way_back() {
    let error = registry().await.roll_back(&back(None)).await.unwrap_err().to_string();
    assert_eq!(error, "cannot roll back `toy`: no version of it is in use");
}

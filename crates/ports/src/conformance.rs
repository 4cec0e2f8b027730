//! One suite that every object store behind a [`Folder`] passes.

#![expect(clippy::unwrap_used, reason = "a conformance suite is test code that other crates run")]

use object_store::{GetOptions, ObjectStore};

use crate::{Created, Folder, Swapped};

/// Checks what the rest of Tamiz relies on: create-only writes, compare-and-swap, whole reads, listings.
/// `folder` must be empty.
///
/// # Panics
/// When a promise is broken.
pub async fn check_store(folder: Folder) {
    create_happens_once(&folder).await;
    swap_needs_the_version_that_was_read(&folder).await;
    missing_objects_are_told_apart(&folder).await;
    listings_are_sorted_and_deep(&folder).await;
    names_are_kept(&folder).await;
    reads_pinned_to_another_etag_fail(&folder).await;
}

async fn create_happens_once(folder: &Folder) {
    assert_eq!(folder.create("once.json", "a").await.unwrap(), Created::New);
    assert_eq!(folder.create("once.json", "b").await.unwrap(), Created::Exists);
    assert_eq!(folder.read("once.json").await.unwrap(), "a");
    let racers = (0..8).map(|n| folder.create("race.json", n.to_string()));
    let won = futures::future::join_all(racers).await.into_iter().filter(|r| matches!(r, Ok(Created::New))).count();
    assert_eq!(won, 1, "of several writers exactly one creates");
}

async fn swap_needs_the_version_that_was_read(folder: &Folder) {
    assert_eq!(folder.swap("latest.json", "v1", None).await.unwrap(), Swapped::Done);
    assert_eq!(folder.swap("latest.json", "v2", None).await.unwrap(), Swapped::Lost);
    let first = folder.read_versioned("latest.json").await.unwrap().unwrap();
    assert_eq!(first.bytes, "v1");
    assert_eq!(folder.swap("latest.json", "v2", Some(&first)).await.unwrap(), Swapped::Done);
    assert_eq!(folder.swap("latest.json", "v3", Some(&first)).await.unwrap(), Swapped::Lost);
    assert_eq!(folder.read("latest.json").await.unwrap(), "v2");
}

async fn missing_objects_are_told_apart(folder: &Folder) {
    assert!(folder.read("missing").await.unwrap_err().is_not_found());
    assert!(folder.read_if_exists("missing").await.unwrap().is_none());
    assert!(folder.read_versioned("missing").await.unwrap().is_none());
    assert!(!folder.exists("missing").await.unwrap());
    assert!(folder.list("nowhere").await.unwrap().is_empty());
}

async fn listings_are_sorted_and_deep(folder: &Folder) {
    for name in ["tree/b/2", "tree/a/1", "tree/c"] {
        folder.write(name, "x").await.unwrap();
    }
    let names: Vec<String> =
        folder.list("tree").await.unwrap().iter().map(|meta| meta.location.filename().unwrap().to_owned()).collect();
    assert_eq!(names, ["1", "2", "c"]);
    assert_eq!(folder.list_folders("tree").await.unwrap(), ["a", "b"]);
}

async fn names_are_kept(folder: &Folder) {
    for name in ["with space.csv", "plus+sign.csv", "ñandú.csv", "per%20cent.csv"] {
        folder.write(name, name.to_owned()).await.unwrap();
        assert_eq!(folder.read(name).await.unwrap(), name);
    }
}

async fn reads_pinned_to_another_etag_fail(folder: &Folder) {
    folder.write("pinned", "x").await.unwrap();
    let options = GetOptions { if_match: Some("\"not-the-etag\"".into()), ..GetOptions::default() };
    let result = folder.store().get_opts(&folder.path("pinned"), options).await;
    assert!(matches!(result, Err(object_store::Error::Precondition { .. })));
}

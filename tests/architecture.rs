//! Holds the rooms of docs/ARCHITECTURE.md: who may use whom, and who may name what.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic where a test would")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Ground floor first: a crate may use only those above it.
const ROOMS: [&str; 12] = [
    "tamiz-domain",
    "tamiz-text",
    "tamiz-telemetry",
    "tamiz-ports",
    "tamiz-aws",
    "tamiz-models",
    "tamiz-dispatcher",
    "tamiz-etl",
    "tamiz-inference",
    "tamiz-monitor",
    "tamiz-retrain",
    "tamiz",
];

/// Jobs whose images stay small because nothing in them needs libtorch.
const WITHOUT_LIBTORCH: [&str; 3] = ["tamiz-dispatcher", "tamiz-etl", "tamiz-monitor"];

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")).exec().unwrap()
}

fn rooms(metadata: &Metadata) -> BTreeMap<String, Package> {
    let members = metadata.workspace_packages().into_iter();
    members
        .filter(|package| package.name != "tamiz-e2e")
        .map(|package| (package.name.to_string(), package.clone()))
        .collect()
}

fn normal_dependencies(package: &Package) -> impl Iterator<Item = &str> {
    let kept = package.dependencies.iter().filter(|d| d.kind == cargo_metadata::DependencyKind::Normal);
    kept.map(|dependency| dependency.name.as_str())
}

/// Everything that a package links, by name.
fn linked(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let mut found = BTreeSet::new();
    let mut open: Vec<_> = metadata.packages.iter().filter(|p| p.name == name).map(|p| p.id.clone()).collect();
    while let Some(id) = open.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == id).unwrap();
        for dependency in &node.deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == cargo_metadata::DependencyKind::Normal);
            if normal && found.insert(metadata[&dependency.pkg].name.to_string()) {
                open.push(dependency.pkg.clone());
            }
        }
    }
    found
}

#[test]
fn every_room_exists_and_imports_point_down_only() {
    let metadata = metadata();
    let rooms = rooms(&metadata);
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(ROOMS));
    for (floor, room) in ROOMS.iter().enumerate() {
        for dependency in normal_dependencies(&rooms[*room]).filter(|name| name.starts_with("tamiz")) {
            let below = ROOMS.iter().position(|name| *name == dependency).unwrap();
            assert!(below < floor, "{room} uses {dependency}, which lies above it");
        }
    }
}

#[test]
fn the_sdks_are_named_in_one_room_and_libtorch_in_another() {
    let metadata = metadata();
    for (name, package) in rooms(&metadata) {
        for dependency in normal_dependencies(&package) {
            assert!(!dependency.starts_with("aws-") || name == "tamiz-aws", "{name} names {dependency}");
            assert!(dependency != "tch" || name == "tamiz-models", "{name} names tch");
        }
    }
}

#[test]
fn the_ground_floor_knows_neither_the_network_nor_the_clock() {
    let metadata = metadata();
    for room in ["tamiz-domain", "tamiz-text"] {
        let linked = linked(&metadata, room);
        for forbidden in ["tokio", "object_store", "tch", "hyper"] {
            assert!(!linked.contains(forbidden), "{room} links {forbidden}");
        }
    }
}

#[test]
fn dispatcher_etl_and_monitor_do_not_link_libtorch() {
    let metadata = metadata();
    for job in WITHOUT_LIBTORCH {
        assert!(!linked(&metadata, job).contains("torch-sys"), "{job} links libtorch");
    }
    assert!(linked(&metadata, "tamiz-inference").contains("torch-sys"), "the check itself must be able to fail");
}

#[test]
fn no_rust_file_passes_500_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut open = vec![root.join("crates"), root.join("tests")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                assert!(lines <= 500, "{} has {lines} lines: usually two ideas", path.display());
            }
        }
    }
}

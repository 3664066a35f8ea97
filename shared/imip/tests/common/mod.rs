//! Files that several test binaries read; each uses what it needs.

#![allow(dead_code)]

pub mod tnef;

use std::path::{Path, PathBuf};

/// Every file under a directory, sorted; empty if there is no such directory.
pub fn files_under(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() { files_under(&path) } else { vec![path] }
        })
        .collect();
    files.sort();
    files
}

/// The repository's own fixtures of one kind, `mail` or `ics`.
pub fn fixtures(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(kind)
}

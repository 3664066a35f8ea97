//! The corpus of calendar mail and files, where it lies beside the repository: every file gets one answer.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[test]
fn every_file_of_the_corpus_gets_one_line() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let files = common::files_under(&corpus);
    if files.is_empty() {
        println!("no corpus at {}: skipped", corpus.display());
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_classify")).arg(&corpus).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), files.len());

    let mut totals: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for line in &lines {
        let [_, outcome, reason] = line[..] else { panic!("three columns were expected: {line:?}") };
        *totals.entry((outcome, reason)).or_default() += 1;
    }
    for ((outcome, reason), count) in &totals {
        println!("{count:6} {outcome} {reason}");
    }
    let count = |wanted: &str| {
        totals.iter().filter(|((outcome, _), _)| *outcome == wanted).map(|(_, count)| count).sum::<usize>()
    };
    let (refused, ignored) = (count("refused"), count("ignored"));
    println!(
        "{:6} files, {} taken, {refused} refused, {ignored} ignored",
        lines.len(),
        lines.len() - refused - ignored
    );
}

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
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Prints past the harness, which hides the output of a test that passes.
macro_rules! say {
    ($($argument:tt)*) => { writeln!(std::io::stderr(), $($argument)*).unwrap() };
}

#[test]
fn every_file_of_the_corpus_gets_one_line() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let files = common::files_under(&corpus);
    if files.is_empty() {
        say!("no corpus at {}: skipped", corpus.display());
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
        say!("{count:6} {outcome} {reason}");
    }
    let sum = |wanted: &dyn Fn(&str, &str) -> bool| -> usize {
        totals.iter().filter(|((outcome, reason), _)| wanted(outcome, reason)).map(|(_, count)| count).sum()
    };
    let refused = sum(&|outcome, _| outcome == "refused");
    let ignored = sum(&|outcome, _| outcome == "ignored");
    let empty = sum(&|outcome, reason| reason != "-" && outcome != "refused" && outcome != "ignored");
    let read = lines.len() - refused - ignored;
    say!(
        "{:6} files: {read} read ({empty} of them without an event), {refused} refused, {ignored} ignored",
        lines.len()
    );
}

//! What programs read of public pages. `UPDATE_GOLDEN=1 cargo test -p views` writes the golden files; a change of one
//! is a change of what search engines, previews and agents get.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod discovery;
mod fixtures;
mod head;
mod markdown;

/// Compares a text with the file that holds it.
fn golden(name: &str, written: &str) {
    let path = format!("{}/tests/golden/machines/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "{name} differs; UPDATE_GOLDEN=1 writes it\n{written}");
}

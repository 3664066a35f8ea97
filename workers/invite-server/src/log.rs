//! One JSON line per outcome. Never an address, a subject, a body or a token: ids and our own words only.

use serde_json::json;
use worker::{console_error, console_log};

/// How something ended; `started_ms` is when it began.
pub fn outcome(kind: &str, id: &str, outcome: &str, started_ms: i64) {
    let ms = crate::bindings::clock::now_ms().saturating_sub(started_ms);
    console_log!("{}", json!({ "kind": kind, "id": id, "outcome": outcome, "ms": ms }));
}

/// Something of ours failed; `reason` is the platform's.
pub fn failure(kind: &str, id: &str, reason: &str) {
    console_error!("{}", json!({ "kind": kind, "id": id, "outcome": "failed", "reason": masked(reason) }));
}

/// A platform's words may quote what they were given: whatever looks like an address goes, and the length is bounded.
fn masked(reason: &str) -> String {
    reason
        .split_whitespace()
        .map(|word| if word.contains('@') { "…@…" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect()
}

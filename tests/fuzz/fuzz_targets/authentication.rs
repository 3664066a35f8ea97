//! Who sent a mail: only the topmost `Authentication-Results` of our own server may say so.
#![no_main]

use imip::{AuthVerdict, authentication};
use libfuzzer_sys::fuzz_target;

const SERVER: &str = "mx.example";

fuzz_target!(|header: &[u8]| {
    let _ = authentication(header, Some(SERVER));
    assert!(!matches!(authentication(header, None), AuthVerdict::Pass), "nobody is trusted by default");
    // A mail server puts its own verdict on top, and nothing below may talk it away.
    let above = b"Authentication-Results: mx.example; dmarc=fail header.from=example.com\r\n";
    let verdict = authentication(&[above, header].concat(), Some(SERVER));
    assert!(!matches!(verdict, AuthVerdict::Pass), "{verdict:?}");
});

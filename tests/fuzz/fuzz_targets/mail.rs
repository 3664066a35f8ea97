//! A whole mail as it arrives, and what the Worker asks of it first.
#![no_main]

use imip::{authentication, calendar_method, client_family, read_mail};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let _ = (authentication(raw, Some("mx.example")), calendar_method(raw));
    let Ok(mail) = read_mail(raw) else { return };
    assert!(mail.from.len() <= mail.from_mailbox_count);
    assert!(!mail.subject.contains(['\r', '\n']) && !mail.message_id.contains(['\r', '\n']));
    for message in mail.calendar.iter().flatten() {
        assert!(!message.components.is_empty());
        let _ = client_family(&message.prodid);
    }
});

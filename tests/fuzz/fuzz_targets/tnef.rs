//! `winmail.dat`: the attributes of a meeting with any content, under checksums that are right.
#![no_main]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../shared/imip/tests/common/tnef.rs"]
mod tnef;

use libfuzzer_sys::fuzz_target;
use tnef::TnefBuilder;

/// Level and name of what a meeting is made of: its class, its properties, its recipients, and a file.
const ATTRIBUTES: [(u8, u32); 8] = [
    (1, 0x0007_8008),
    (1, 0x0006_9003),
    (1, 0x0006_9003),
    (1, 0x0006_9004),
    (1, 0x0006_9007),
    (2, 0x0006_9002),
    (2, 0x0001_8010),
    (2, 0x0006_800F),
];

fuzz_target!(|data: &[u8]| {
    let mut stream = TnefBuilder::new().code_page(1252).class("IPM.Microsoft Schedule.MtgReq");
    let mut rest = data;
    while let [kind, low, high, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(tail.len());
        let (content, after) = tail.split_at(length);
        let (level, name) = ATTRIBUTES[usize::from(*kind) % ATTRIBUTES.len()];
        stream = stream.attribute(level, name, content);
        rest = after;
    }
    let head = "From: ana@club.example\r\nTo: create@convoke.example\r\nSubject: Meeting\r\nMIME-Version: 1.0\r\n\
                Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let mail = [head.as_bytes(), &stream.bytes()].concat();
    let Ok(mail) = imip::read_mail(&mail) else { return };
    for message in mail.calendar.iter().flatten() {
        assert!(!message.components.is_empty());
    }
});

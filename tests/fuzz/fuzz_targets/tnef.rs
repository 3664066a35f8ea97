//! `winmail.dat`: the attributes of a meeting with any content, under checksums that are right.
#![no_main]

use libfuzzer_sys::fuzz_target;

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

/// An attribute with the sum of its bytes ([MS-OXTNEF] section 2.1.3.2).
fn write(stream: &mut Vec<u8>, (level, name): (u8, u32), content: &[u8]) {
    let sum = content.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    stream.push(level);
    stream.extend(name.to_le_bytes());
    stream.extend((content.len() as u32).to_le_bytes());
    stream.extend(content);
    stream.extend(sum.to_le_bytes());
}

fuzz_target!(|data: &[u8]| {
    let mut stream = [&0x223E_9F78_u32.to_le_bytes()[..], &[1, 0]].concat();
    write(&mut stream, (1, 0x0008_9006), &[0, 0, 1, 0]);
    write(&mut stream, (1, 0x0006_9007), &[228, 4, 0, 0, 0, 0, 0, 0]);
    write(&mut stream, (1, 0x0007_8008), b"IPM.Microsoft Schedule.MtgReq\0");
    let mut rest = data;
    while let [kind, low, high, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(tail.len());
        let (content, after) = tail.split_at(length);
        write(&mut stream, ATTRIBUTES[usize::from(*kind) % ATTRIBUTES.len()], content);
        rest = after;
    }
    let head = "From: ana@club.example\r\nTo: create@convoke.example\r\nSubject: Meeting\r\nMIME-Version: 1.0\r\n\
                Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    let mail = [head.as_bytes(), &stream].concat();
    let Ok(mail) = imip::read_mail(&mail) else { return };
    for message in mail.calendar.iter().flatten() {
        assert!(!message.components.is_empty());
    }
});

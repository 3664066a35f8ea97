//! Writes the mails of every language into a folder, to be looked at: `cargo run -p views --example render_mails --
//! FOLDER`.

#![allow(clippy::unwrap_used, reason = "a tool for developers")]

#[path = "../tests/mails/fixtures.rs"]
mod fixtures;

use views::mail::{Occasion, guest_mail, notice_mail};
use views::words::Language;

fn main() {
    let folder = std::env::args().nth(1).unwrap();
    for language in Language::ALL {
        let write = |name: String, html: String| {
            let tag = language.words().tag;
            std::fs::write(format!("{folder}/{tag}-{name}.html"), html).unwrap();
        };
        for occasion in Occasion::ALL {
            let mut mail = fixtures::mail(occasion, *language);
            mail.meeting =
                "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Y2Y5NzM4ZmYtN2E0NS00@thread.v2/0".into();
            mail.tentative = occasion == Occasion::Invitation;
            write(format!("{occasion:?}").to_lowercase(), guest_mail(&mail).unwrap().html);
        }
        write("proposal".into(), notice_mail(&fixtures::proposal(*language)).unwrap().html);
        let declined = fixtures::reply(itip::PartStat::Declined, *language);
        write("reply".into(), notice_mail(&declined).unwrap().html);
    }
}

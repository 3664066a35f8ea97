//! Our mailboxes, by local part.

use itip::CalAddress;
use scheduling::keys::token_in;

/// Where a mail is addressed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mailbox {
    /// Organizers' calendars.
    Create,
    /// Guests' answers.
    Rsvp {
        /// The part that names event and guest.
        token: Option<String>,
    },
    /// Guest lists.
    Bulk,
    /// People who want no more mail.
    Unsubscribe,
    /// Our own From: bounces.
    Notification,
    /// Anything else.
    Unknown,
}

impl Mailbox {
    /// The mailbox of an address; a `+detail` that means nothing to us is allowed.
    pub fn of(recipient: &CalAddress, domain: &str) -> Self {
        if !recipient.domain().eq_ignore_ascii_case(domain) {
            return Self::Unknown;
        }
        let local = recipient.local_part();
        match local.split_once('+').map_or(local, |(name, _)| name) {
            "create" => Self::Create,
            "bulk" => Self::Bulk,
            "unsubscribe" => Self::Unsubscribe,
            "notification" => Self::Notification,
            "rsvp" => Self::Rsvp { token: token_in(recipient).map(str::to_owned) },
            _ if local.starts_with("rsvp-") => Self::Rsvp { token: token_in(recipient).map(str::to_owned) },
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_mailbox_is_known() {
        let rsvp = |token: Option<&str>| Mailbox::Rsvp { token: token.map(str::to_owned) };
        for (address, mailbox) in [
            ("create@convoke.test", Mailbox::Create),
            ("Create@CONVOKE.test", Mailbox::Create),
            ("create+spring@convoke.test", Mailbox::Create),
            ("rsvp@convoke.test", rsvp(None)),
            ("rsvp+aBC@convoke.test", rsvp(Some("abc"))),
            ("rsvp-abc@convoke.test", rsvp(Some("abc"))),
            ("bulk@convoke.test", Mailbox::Bulk),
            ("unsubscribe@convoke.test", Mailbox::Unsubscribe),
            ("notification@convoke.test", Mailbox::Notification),
            ("rsvpx@convoke.test", Mailbox::Unknown),
            ("postmaster@convoke.test", Mailbox::Unknown),
            ("create@elsewhere.test", Mailbox::Unknown),
        ] {
            assert_eq!(Mailbox::of(&CalAddress::parse(address).unwrap(), "convoke.test"), mailbox, "{address}");
        }
    }
}

//! Keyed names and signed links: everything that must be unguessable and needs no storage.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use itip::{CalAddress, EventId, Method, Uid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::settings::ReplyAddress;

/// A secret of the deployment.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// Takes the secret's bytes.
    pub fn new(secret: &str) -> Self {
        Self(secret.as_bytes().to_vec())
    }

    /// HMAC-SHA-256 over the parts, each with its length in front so that no two lists of parts are alike.
    fn mac(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        // HMAC takes keys of any length (RFC 2104 section 3), so the error cannot happen.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return [0; 32];
        };
        for part in std::iter::once(&purpose).chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

/// The two secrets that names and links are made with.
#[derive(Debug, Clone)]
pub struct Keys {
    /// `EVENT_KEY`: event ids; never changes.
    pub event: Key,
    /// `LINK_KEY`: reply tokens and links.
    pub link: Key,
}

/// The id of the event that `owner` first mailed under `uid` (decision 4).
pub fn event_id(keys: &Keys, owner: &CalAddress, uid: &Uid) -> EventId {
    let mac = keys.event.mac("event", &[owner.as_str(), &uid.0]);
    let mut id = [0; 20];
    id.iter_mut().zip(mac).for_each(|(to, from)| *to = from);
    EventId::from_bytes(id)
}

/// The name under which a person is remembered where the address itself must not stand: 32 hexadecimal digits.
pub fn address_hash(keys: &Keys, address: &CalAddress) -> String {
    hex(keys.link.mac("address", &[address.as_str()]).iter().take(16))
}

/// The key of one mail (decision 9): 32 hexadecimal digits.
pub fn mail_key(event: &EventId, revision: u32, guest: &CalAddress, method: Method) -> String {
    let digest = Sha256::digest(format!("{event} {revision} {guest} {}", method.as_str()));
    hex(digest.iter().take(16))
}

/// SHA-256 in hexadecimal: the key of raw mail in R2, and how API keys are stored.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).iter())
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Which key made a token; raised when the key changes, and old keys stay known.
const KEY_ID: char = 'a';
/// RFC 4648 base32 in lower case: survives software that changes the case of a local part.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The token of one guest of one event: a key id and 80 bits, 17 characters.
pub fn reply_token(keys: &Keys, event: &EventId, guest: &CalAddress) -> String {
    let mac = keys.link.mac("reply", &[event.as_str(), guest.as_str()]);
    let mut token = String::from(KEY_ID);
    for five in mac.chunks(5).take(2) {
        let bits = five.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        for index in (0..8).rev() {
            let digit = usize::try_from((bits >> (index * 5)) & 31).unwrap_or(0);
            token.push(BASE32.get(digit).copied().map_or('a', char::from));
        }
    }
    token
}

/// ORGANIZER of a guest's mail (decision 6).
pub fn reply_address(keys: &Keys, form: ReplyAddress, domain: &str, event: &EventId, guest: &CalAddress) -> String {
    match form {
        ReplyAddress::Plus => format!("rsvp+{}@{domain}", reply_token(keys, event, guest)),
        ReplyAddress::Dash => format!("rsvp-{}@{domain}", reply_token(keys, event, guest)),
        ReplyAddress::Plain => format!("rsvp@{domain}"),
    }
}

/// The token in an address of any form; `None` for `rsvp@` itself and for other mailboxes.
pub fn token_in(recipient: &CalAddress) -> Option<&str> {
    recipient.local_part().strip_prefix("rsvp").and_then(|rest| rest.strip_prefix(['+', '-']))
}

/// Whether `token` is this guest's.
pub fn is_reply_token(keys: &Keys, token: &str, event: &EventId, guest: &CalAddress) -> bool {
    equal(token.to_ascii_lowercase().as_bytes(), reply_token(keys, event, guest).as_bytes())
}

/// Compares without telling by its duration where the difference is.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// What a signed link allows; a link for one purpose never works for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "p", rename_all = "snake_case")]
pub enum Link {
    /// Answer an invitation.
    Answer {
        /// Which event.
        event: EventId,
        /// Who answers.
        guest: CalAddress,
    },
    /// Stop mail from an organizer, or from everybody.
    Unsubscribe {
        /// The event whose mail carries the link.
        event: EventId,
        /// Who.
        guest: CalAddress,
    },
    /// Claim held mail.
    Claim {
        /// Whose.
        organizer: CalAddress,
    },
    /// An event's facts, figures and report, for its owner.
    Organizer {
        /// Which event.
        event: EventId,
        /// Whose it was when the link was made: it ends with his ownership.
        owner: CalAddress,
    },
    /// Take an event over from its owner, who offered it: his new address, or his successor's.
    TakeOver {
        /// Which event.
        event: EventId,
        /// Who offered it; an offer ends when he is no longer the owner.
        from: CalAddress,
        /// Whom it was offered to.
        to: CalAddress,
    },
}

/// Bytes of the signature in a link: 128 bits.
const LINK_MAC_BYTES: usize = 16;

/// Writes a link's token: URL-safe, two parts joined by a dot.
pub fn sign_link(keys: &Keys, link: &Link) -> String {
    let Ok(json) = serde_json::to_string(link) else {
        return String::new();
    };
    let body = URL_SAFE_NO_PAD.encode(json);
    let mac = keys.link.mac("link", &[&body]);
    format!("{body}.{}", URL_SAFE_NO_PAD.encode(mac.iter().copied().take(LINK_MAC_BYTES).collect::<Vec<_>>()))
}

/// Reads a link's token; `None` if it was not signed by us.
pub fn read_link(keys: &Keys, token: &str) -> Option<Link> {
    let (body, signature) = token.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let mac = keys.link.mac("link", &[body]);
    if !equal(&signature, mac.get(..LINK_MAC_BYTES)?) {
        return None;
    }
    serde_json::from_str(&String::from_utf8(URL_SAFE_NO_PAD.decode(body).ok()?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { event: Key::new("event"), link: Key::new("link") }
    }

    fn address(text: &str) -> CalAddress {
        CalAddress::parse(text).unwrap()
    }

    #[test]
    fn one_mail_always_names_one_event() {
        let uid = Uid("game-1@club.example".into());
        let id = event_id(&keys(), &address("a@club.example"), &uid);
        assert_eq!(id, event_id(&keys(), &address("A@Club.example"), &uid));
        assert_ne!(id, event_id(&keys(), &address("b@club.example"), &uid));
        assert!(EventId::parse(id.as_str()).is_some());
    }

    #[test]
    fn a_token_belongs_to_one_guest_of_one_event() {
        let event = EventId::from_bytes([7; 20]);
        let (ana, bob) = (address("ana@example.com"), address("bob@example.com"));
        for form in [ReplyAddress::Plus, ReplyAddress::Dash] {
            let to = address(&reply_address(&keys(), form, "convoke.test", &event, &ana));
            let token = token_in(&to).unwrap();
            assert!(is_reply_token(&keys(), token, &event, &ana));
            assert!(is_reply_token(&keys(), &token.to_uppercase(), &event, &ana));
            assert!(!is_reply_token(&keys(), token, &event, &bob));
            assert!(!is_reply_token(&keys(), token, &EventId::from_bytes([8; 20]), &ana));
        }
        assert_eq!(token_in(&address("rsvp@convoke.test")), None);
        assert_eq!(token_in(&address("create@convoke.test")), None);
    }

    #[test]
    fn a_link_serves_its_purpose_only_and_no_byte_of_it_can_change() {
        let link = Link::Answer { event: EventId::from_bytes([7; 20]), guest: address("ana@example.com") };
        let token = sign_link(&keys(), &link);
        assert_eq!(read_link(&keys(), &token), Some(link));
        for position in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[position] = if forged[position] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(forged == token || read_link(&keys(), &forged).is_none(), "{forged}");
        }
        let other = Keys { event: Key::new("event"), link: Key::new("other") };
        assert_eq!(read_link(&other, &token), None);
    }
}

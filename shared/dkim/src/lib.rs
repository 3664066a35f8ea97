//! DKIM (RFC 6376, RFC 8301, RFC 8463) without I/O: which signatures of a mail could prove its author, what has to be
//! looked up for each, and what remains to be verified by whoever has the cryptography.
//!
//! ```text
//! Message::parse(raw) ─▶ signatures(message, From domain, now) ─▶ Candidate
//!     Candidate::key_name() ─ DNS TXT ─▶ Candidate::check(records) ─▶ SignatureToVerify ─ port ─▶ true
//!     Candidate::signed_message(): the mail as far as the signature covers it
//! ```
//!
//! The policy is narrower than the RFC's: a mail is about to act in its author's name. Exactly one From field, which is
//! signed; `d=` in the organization of From (DMARC's relaxed alignment); no `l=`, no SHA-1, no short keys.
//! What a signature does not cover is not trusted either: see [`Candidate::signed_message`].

mod canonical;
mod dmarc;
mod key;
mod message;
mod organization;
mod signature;
mod tags;
#[cfg(feature = "testing")]
pub mod testing;

pub use dmarc::wants_strict_alignment;
pub use key::{Algorithm, SignatureToVerify};
pub use message::Message;
pub use organization::{is_public_suffix, organizational_domain};
pub use signature::{Candidate, SIGNATURES_MAX, signatures};

/// Why a signature proves nothing. None of these says that a mail is forged: mailing lists and forwarders break
/// signatures every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The header section has more than 256 KiB or 1,000 fields, holds a NUL or a line end that is not CRLF, or a line that is no field.
    #[error("the header section is not as RFC 5322 has it")]
    Malformed,
    /// No From field, or several.
    #[error("there must be exactly one From field")]
    From,
    /// A tag is missing, stands twice or cannot be read (RFC 6376 section 3.5).
    #[error("the DKIM-Signature field cannot be read")]
    Syntax,
    /// `v=` is not 1.
    #[error("the version of the signature is unknown")]
    Version,
    /// Neither rsa-sha256 nor ed25519-sha256; rsa-sha1 is refused by RFC 8301 section 3.1.
    #[error("the algorithm is not taken")]
    Algorithm,
    /// `c=` names something else than simple and relaxed.
    #[error("the canonicalization is unknown")]
    Canonicalization,
    /// `q=` does not offer dns/txt.
    #[error("the key cannot be asked for by DNS")]
    QueryMethod,
    /// `h=` does not name From (RFC 6376 section 5.4).
    #[error("From is not signed")]
    FromNotSigned,
    /// `l=`: whoever likes could append to the body (RFC 6376 section 8.2).
    #[error("only a part of the body is signed")]
    BodyLength,
    /// `x=` is over.
    #[error("the signature has expired")]
    Expired,
    /// `t=` is still to come, by more than clocks differ.
    #[error("the signature is from the future")]
    Future,
    /// `i=` is outside of `d=`, or not equal where the key insists on it (`t=s`).
    #[error("the signing identity is not in the signing domain")]
    Identity,
    /// `d=` is another organization than From's.
    #[error("the signing domain is not the author's")]
    NotAligned,
    /// The body is not the one that was signed.
    #[error("the body was changed")]
    BodyHash,
    /// No key record, or several.
    #[error("there is no key of that name")]
    NoKey,
    /// The key record cannot be read, or is for something else than mail, this algorithm or SHA-256.
    #[error("the key record does not fit")]
    KeyRecord,
    /// `p=` is empty (RFC 6376 section 3.6.1).
    #[error("the key was revoked")]
    Revoked,
    /// `t=y`: to be treated like an unsigned mail (RFC 6376 section 3.6.1).
    #[error("the domain is only testing")]
    Testing,
    /// RSA with fewer than 1024 bits (RFC 8301 section 3.2) or more than 8192.
    #[error("the key is too short or too long")]
    KeySize,
}

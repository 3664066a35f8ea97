//! Key records (RFC 6376 section 3.6.1) and the public keys in them, in the one form that cryptography libraries take:
//! `SubjectPublicKeyInfo` (RFC 5280 section 4.1).

use crate::Refusal;
use crate::tags::{Tags, base64};

/// Smallest RSA modulus in bits (RFC 8301 section 3.2), and the largest that is worth its time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// Ed25519 over the SHA-256 of the data (RFC 8463 section 3).
    Ed25519Sha256,
}

/// What is left to do for cryptography.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureToVerify {
    /// How it was signed.
    pub algorithm: Algorithm,
    /// The public key as `SubjectPublicKeyInfo`.
    pub public_key_spki: Vec<u8>,
    /// What was signed: for RSA the data, whose hash the verifier takes; for Ed25519 its SHA-256.
    pub signed_bytes: Vec<u8>,
    /// `b=`.
    pub signature: Vec<u8>,
}

/// A key record that may be used.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) spki: Vec<u8>,
    /// `t=s`: `i=` must be of `d=` itself.
    pub(crate) strict: bool,
}

impl Key {
    /// The key among the TXT records of a name. Other records there do not matter; two keys do
    /// (RFC 6376 section 3.6.2.2).
    pub(crate) fn among<T: AsRef<str>>(records: &[T], algorithm: Algorithm) -> Result<Self, Refusal> {
        let mut keys = records.iter().filter_map(|record| {
            let tags = Tags::parse(record.as_ref())?;
            tags.get("p").is_some().then_some(tags)
        });
        match (keys.next(), keys.next()) {
            (Some(tags), None) => Self::parse(&tags, algorithm),
            _ => Err(Refusal::NoKey),
        }
    }

    fn parse(tags: &Tags<'_>, algorithm: Algorithm) -> Result<Self, Refusal> {
        let names = |tag: &str, wanted: &[&str]| {
            tags.list(tag)
                .is_none_or(|mut list| list.any(|entry| wanted.iter().any(|name| entry.eq_ignore_ascii_case(name))))
        };
        let flag = |name: &str| tags.list("t").is_some_and(|mut list| list.any(|entry| entry == name));
        let kind = match algorithm {
            Algorithm::RsaSha256 => "rsa",
            Algorithm::Ed25519Sha256 => "ed25519",
        };
        let fits = tags.get("v").is_none_or(|version| version == "DKIM1")
            && tags.get("k").unwrap_or("rsa").eq_ignore_ascii_case(kind)
            && names("h", &["sha256"])
            && names("s", &["*", "email"]);
        if !fits {
            return Err(Refusal::KeyRecord);
        }
        if flag("y") {
            return Err(Refusal::Testing);
        }
        let bytes = tags.get("p").and_then(base64).ok_or(Refusal::KeyRecord)?;
        if bytes.is_empty() {
            return Err(Refusal::Revoked);
        }
        let spki = match algorithm {
            Algorithm::RsaSha256 => rsa_spki(&bytes)?,
            Algorithm::Ed25519Sha256 => ed25519_spki(&bytes)?,
        };
        Ok(Self { spki, strict: flag("s") })
    }
}

/// `SEQUENCE { SEQUENCE { OID 1.3.101.112 } BIT STRING }` (RFC 8410) around the 32 bytes of a key.
fn ed25519_spki(key: &[u8]) -> Result<Vec<u8>, Refusal> {
    const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    if key.len() == 32 { Ok([&PREFIX[..], key].concat()) } else { Err(Refusal::KeyRecord) }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// `SEQUENCE { OID rsaEncryption, NULL }` (RFC 8017 appendix A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A public key in either of the forms that stand in DNS: `SubjectPublicKeyInfo`, which RFC 6376's examples have, or the
/// bare `RSAPublicKey` (PKCS#1), which its text asks for.
fn rsa_spki(der: &[u8]) -> Result<Vec<u8>, Refusal> {
    let inner = whole(der, SEQUENCE).ok_or(Refusal::KeyRecord)?;
    let pkcs1 = match inner.strip_prefix(&RSA_ENCRYPTION) {
        Some(rest) => whole(rest, BIT_STRING).and_then(|bits| bits.strip_prefix(&[0])).ok_or(Refusal::KeyRecord)?,
        None => der,
    };
    let numbers = whole(pkcs1, SEQUENCE).ok_or(Refusal::KeyRecord)?;
    let (modulus, rest) = take(numbers, INTEGER).ok_or(Refusal::KeyRecord)?;
    let exponent = whole(rest, INTEGER).ok_or(Refusal::KeyRecord)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let leading = modulus.first().map_or(8, |byte| byte.leading_zeros() as usize);
    if !RSA_BITS.contains(&(modulus.len() * 8).saturating_sub(leading)) {
        return Err(Refusal::KeySize);
    }
    // With the exponent 1 everybody can sign.
    if matches!(exponent, [] | [0 | 1]) {
        return Err(Refusal::KeyRecord);
    }
    let bits = [&[0], pkcs1].concat();
    Ok(wrap(SEQUENCE, &[&RSA_ENCRYPTION[..], &wrap(BIT_STRING, &bits)].concat()))
}

/// The content of a DER value that fills `der`.
fn whole(der: &[u8], tag: u8) -> Option<&[u8]> {
    take(der, tag).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// The content of the first DER value, and what follows it.
fn take(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            let ([high, low], rest) = rest.split_first_chunk::<2>()?;
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        _ => return None,
    };
    if *first == tag { rest.split_at_checked(length) } else { None }
}

/// A DER value of at most 64 KiB.
fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let length = match (high, low) {
        (0, 0..=0x7f) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), content].concat()
}

//! A signer, and the verifier that Web Crypto is in the Worker. For native tests: written apart from what it tests,
//! and with keys that stand in a public repository.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, Verifier as _};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs1v15::{self, Pkcs1v15Sign};
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use sha2::{Digest, Sha256};

use crate::{Algorithm, SignatureToVerify};

/// A private key.
#[derive(Debug, Clone)]
pub enum PrivateKey {
    /// With 512, 1024, 2048 or 4096 bits.
    Rsa(Box<RsaPrivateKey>),
    /// Ed25519.
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl PrivateKey {
    /// The RSA key of this size.
    pub fn rsa(bits: usize) -> Self {
        let pem = match bits {
            512 => include_str!("testing/rsa512.pem"),
            1024 => include_str!("testing/rsa1024.pem"),
            2048 => include_str!("testing/rsa2048.pem"),
            _ => include_str!("testing/rsa4096.pem"),
        };
        RsaPrivateKey::from_pkcs1_pem(pem).map_or_else(|_| Self::ed25519(0), |key| Self::Rsa(Box::new(key)))
    }

    /// The Ed25519 key of this number.
    pub fn ed25519(number: u8) -> Self {
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&[number; 32])))
    }

    /// `p=`: for RSA a `SubjectPublicKeyInfo`.
    pub fn public(&self) -> String {
        STANDARD.encode(match self {
            Self::Rsa(key) => {
                key.to_public_key().to_public_key_der().map(rsa::pkcs8::Document::into_vec).unwrap_or_default()
            }
            Self::Ed25519(key) => key.verifying_key().to_bytes().to_vec(),
        })
    }

    /// `p=` as bare PKCS#1.
    pub fn public_pkcs1(&self) -> String {
        STANDARD.encode(match self {
            Self::Rsa(key) => {
                key.to_public_key().to_pkcs1_der().map(rsa::pkcs1::der::Document::into_vec).unwrap_or_default()
            }
            Self::Ed25519(_) => Vec::new(),
        })
    }

    /// The key record.
    pub fn record(&self) -> String {
        let kind = match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519(_) => "ed25519",
        };
        format!("v=DKIM1; k={kind}; p={}", self.public())
    }
}

/// How to sign.
#[derive(Debug, Clone)]
pub struct Signer {
    /// With what.
    pub key: PrivateKey,
    /// `d=`.
    pub domain: String,
    /// `s=`.
    pub selector: String,
    /// `c=`, such as `relaxed/simple`.
    pub canonicalization: String,
    /// `h=`.
    pub headers: String,
    /// Further tags, such as `x=1; `.
    pub tags: String,
}

impl Signer {
    /// Ed25519, relaxed, the usual fields signed.
    pub fn new(domain: &str) -> Self {
        Self {
            key: PrivateKey::ed25519(1),
            domain: domain.to_owned(),
            selector: "s1".to_owned(),
            canonicalization: "relaxed/relaxed".to_owned(),
            headers: "from:to:subject:date:message-id:mime-version:content-type".to_owned(),
            tags: String::new(),
        }
    }

    /// Where the key record goes.
    pub fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Signs a mail: gives it with a DKIM-Signature field on top.
    pub fn sign(&self, mail: &str) -> String {
        let (header, body) = mail.split_once("\r\n\r\n").unwrap_or((mail, ""));
        let (how_header, how_body) = self.canonicalization.split_once('/').unwrap_or(("simple", "simple"));
        let body_hash = STANDARD.encode(Sha256::digest(canonical_body(body, how_body == "relaxed")));
        let algorithm = match self.key {
            PrivateKey::Rsa(_) => "rsa-sha256",
            PrivateKey::Ed25519(_) => "ed25519-sha256",
        };
        let unsigned = format!(
            "DKIM-Signature: v=1; a={algorithm}; c={}; d={};\r\n\ts={}; {}h={};\r\n bh={body_hash};\r\n b=",
            self.canonicalization, self.domain, self.selector, self.tags, self.headers
        );
        let mut fields: Vec<String> = Vec::new();
        for line in header.split("\r\n") {
            match fields.last_mut() {
                Some(field) if line.starts_with([' ', '\t']) => *field = format!("{field}\r\n{line}"),
                _ => fields.push(line.to_owned()),
            }
        }
        let relaxed = how_header == "relaxed";
        let mut data = String::new();
        for name in self.headers.split(':').map(str::trim) {
            let last = fields.iter().rposition(|field| {
                field.split_once(':').is_some_and(|(known, _)| known.trim().eq_ignore_ascii_case(name))
            });
            if let Some(at) = last {
                data += &canonical_field(&fields.remove(at), relaxed);
                data += "\r\n";
            }
        }
        data += &canonical_field(&unsigned, relaxed);
        let signature = match &self.key {
            PrivateKey::Rsa(key) => {
                let hash = Sha256::digest(data.as_bytes());
                key.sign(Pkcs1v15Sign::new::<Sha256>(), &hash).unwrap_or_default()
            }
            PrivateKey::Ed25519(key) => key.sign(&Sha256::digest(data.as_bytes())).to_vec(),
        };
        let signature = STANDARD.encode(signature);
        let mut folded = String::new();
        for (at, digit) in signature.chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                folded += "\r\n ";
            }
            folded.push(digit);
        }
        format!("{unsigned}{folded}\r\n{mail}")
    }
}

fn canonical_field(field: &str, relaxed: bool) -> String {
    if !relaxed {
        return field.to_owned();
    }
    let (name, value) = field.split_once(':').unwrap_or((field, ""));
    let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}:{value}", name.trim().to_ascii_lowercase())
}

fn canonical_body(body: &str, relaxed: bool) -> String {
    let mut body = body.to_owned();
    if relaxed {
        body = body.replace('\t', " ");
        while body.contains("  ") {
            body = body.replace("  ", " ");
        }
        while body.contains(" \r\n") {
            body = body.replace(" \r\n", "\r\n");
        }
        body.truncate(body.trim_end_matches(' ').len());
    }
    while body.ends_with("\r\n\r\n") {
        body.truncate(body.len() - 2);
    }
    match body.as_str() {
        "" | "\r\n" if relaxed => String::new(),
        text if text.ends_with("\r\n") => body,
        _ => body + "\r\n",
    }
}

/// Whether a signature is right.
pub fn verify(signature: &SignatureToVerify) -> bool {
    match signature.algorithm {
        Algorithm::RsaSha256 => rsa::RsaPublicKey::from_public_key_der(&signature.public_key_spki)
            .ok()
            .zip(pkcs1v15::Signature::try_from(signature.signature.as_slice()).ok())
            .is_some_and(|(key, bytes)| {
                use rsa::signature::Verifier;
                pkcs1v15::VerifyingKey::<Sha256>::new(key).verify(&signature.signed_bytes, &bytes).is_ok()
            }),
        Algorithm::Ed25519Sha256 => signature
            .public_key_spki
            .last_chunk::<32>()
            .and_then(|key| ed25519_dalek::VerifyingKey::from_bytes(key).ok())
            .zip(ed25519_dalek::Signature::from_slice(&signature.signature).ok())
            .is_some_and(|(key, bytes)| key.verify(&signature.signed_bytes, &bytes).is_ok()),
    }
}

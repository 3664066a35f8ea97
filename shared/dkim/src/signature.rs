//! DKIM-Signature fields (RFC 6376 section 3.5) and what each of them covers.

use sha2::{Digest, Sha256};

use crate::canonical::Canonicalization;
use crate::key::Key;
use crate::message::{Field, Message};
use crate::organization::is_aligned;
use crate::tags::{Tags, base64, domain_name};
use crate::{Algorithm, Refusal, SignatureToVerify};

/// Signatures of one mail that are looked at, topmost first. A mail that was signed by its author's domain and by a
/// service or two has three.
pub const SIGNATURES_MAX: usize = 5;
/// How far a signer's clock may be ahead, in seconds.
const CLOCK_SKEW_SECS: u64 = 300;
/// One DKIM-Signature field; with an RSA-4096 signature and a long `h=` it has 1.5 kB.
const FIELD_BYTES_MAX: usize = 16 * 1024;

/// Names in `h=`. A signer that names every field twice has 40.
const HEADERS_MAX: usize = 100;

/// A signature that proves the author of a mail if its key says so.
#[derive(Debug)]
pub struct Candidate<'m> {
    message: &'m Message<'m>,
    /// Its own field.
    field: Field<'m>,
    algorithm: Algorithm,
    header: Canonicalization,
    /// `d=`.
    domain: String,
    /// `s=`.
    selector: String,
    /// The domain of `i=`.
    identity: String,
    /// Indices of the fields that `h=` selects, in its order.
    signed: Vec<usize>,
    /// `b=`.
    signature: Vec<u8>,
}

/// The signatures of a mail, each either a candidate or refused for a reason. `from_domain` is the domain of the one
/// author in lower case, `now` the time in seconds since 1970.
pub fn signatures<'m>(
    message: &'m Message<'m>,
    from_domain: &str,
    now: u64,
) -> Result<Vec<Result<Candidate<'m>, Refusal>>, Refusal> {
    if message.named("from").count() != 1 {
        return Err(Refusal::From);
    }
    let fields = message.named("dkim-signature").take(SIGNATURES_MAX);
    Ok(fields.map(|(at, field)| Candidate::parse(message, at, *field, from_domain, now)).collect())
}

impl<'m> Candidate<'m> {
    fn parse(
        message: &'m Message<'m>,
        at: usize,
        field: Field<'m>,
        from_domain: &str,
        now: u64,
    ) -> Result<Self, Refusal> {
        if field.value.len() > FIELD_BYTES_MAX {
            return Err(Refusal::Syntax);
        }
        let text = std::str::from_utf8(field.value).map_err(|_| Refusal::Syntax)?;
        let tags = Tags::parse(text).ok_or(Refusal::Syntax)?;
        let required = |tag: &str| tags.get(tag).ok_or(Refusal::Syntax);
        if required("v")? != "1" {
            return Err(Refusal::Version);
        }
        let algorithm = match required("a")? {
            name if name.eq_ignore_ascii_case("rsa-sha256") => Algorithm::RsaSha256,
            name if name.eq_ignore_ascii_case("ed25519-sha256") => Algorithm::Ed25519Sha256,
            _ => return Err(Refusal::Algorithm),
        };
        let canonicalization = tags.get("c").unwrap_or("simple/simple");
        let (header, body) = Canonicalization::parse_pair(canonicalization).ok_or(Refusal::Canonicalization)?;
        if tags.list("q").is_some_and(|mut list| !list.any(|method| method.eq_ignore_ascii_case("dns/txt"))) {
            return Err(Refusal::QueryMethod);
        }
        if tags.get("l").is_some() {
            return Err(Refusal::BodyLength);
        }
        check_times(&tags, now)?;

        let domain = domain_name(required("d")?).ok_or(Refusal::Syntax)?;
        let selector = domain_name(required("s")?).ok_or(Refusal::Syntax)?;
        let identity = match tags.get("i") {
            None => domain.clone(),
            Some(identity) => {
                let (_, of) = identity.rsplit_once('@').ok_or(Refusal::Syntax)?;
                domain_name(of).ok_or(Refusal::Syntax)?
            }
        };
        let is_within = identity == domain || identity.strip_suffix(&domain).is_some_and(|sub| sub.ends_with('.'));
        if !is_within {
            return Err(Refusal::Identity);
        }
        if !is_aligned(&domain, from_domain) {
            return Err(Refusal::NotAligned);
        }
        let names: Vec<&str> = tags.list("h").ok_or(Refusal::Syntax)?.take(HEADERS_MAX + 1).collect();
        if names.len() > HEADERS_MAX {
            return Err(Refusal::Syntax);
        }
        if !names.iter().any(|name| name.eq_ignore_ascii_case("from")) {
            return Err(Refusal::FromNotSigned);
        }
        let signature = base64(required("b")?).ok_or(Refusal::Syntax)?;
        let body_hash = base64(required("bh")?).ok_or(Refusal::Syntax)?;
        // Last, because only this costs anything.
        if body.body_hash(message.body) != *body_hash {
            return Err(Refusal::BodyHash);
        }
        let signed = select(message, at, &names);
        Ok(Self { message, field, algorithm, header, domain, selector, identity, signed, signature })
    }

    /// Where the key is: a name that has TXT records.
    pub fn key_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// `d=`: who signed.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Chooses the key among the TXT records of [`Self::key_name`] and says what is left to verify.
    pub fn check<T: AsRef<str>>(&self, records: &[T]) -> Result<SignatureToVerify, Refusal> {
        let key = Key::among(records, self.algorithm)?;
        if key.strict && self.identity != self.domain {
            return Err(Refusal::Identity);
        }
        let data = self.signed_data();
        let signed_bytes = match self.algorithm {
            Algorithm::RsaSha256 => data,
            Algorithm::Ed25519Sha256 => Sha256::digest(&data).to_vec(),
        };
        Ok(SignatureToVerify {
            algorithm: self.algorithm,
            public_key_spki: key.spki,
            signed_bytes,
            signature: self.signature.clone(),
        })
    }

    /// RFC 6376 section 3.7: the selected fields, then this field with an empty `b=` and without a line end.
    fn signed_data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for field in self.signed.iter().filter_map(|at| self.message.fields.get(*at)) {
            self.header.header_field(field, &mut data);
            data.extend_from_slice(b"\r\n");
        }
        let name = self.field.raw.get(..self.field.raw.len() - self.field.value.len()).unwrap_or_default();
        let raw = [name, &without_signature(self.field.value)].concat();
        let value = raw.get(name.len()..).unwrap_or_default();
        self.header.header_field(&Field { raw: &raw, value, ..self.field }, &mut data);
        data
    }

    /// The mail as far as this signature covers it: the signed fields in their order, and the body.
    ///
    /// Everything else may have been added or replaced by anybody, and two readers may see different things in it.
    /// Whoever acts on a signature must find the same in here as in the whole mail.
    /// Some large senders do not sign Content-Type. Then it is taken from the signed body: a body that begins and ends
    /// with the lines of one boundary can be nothing but a multipart of that boundary. Otherwise it is missing here.
    pub fn signed_message(&self) -> Vec<u8> {
        let mut signed = self.signed.clone();
        signed.sort_unstable();
        let fields = || signed.iter().filter_map(|at| self.message.fields.get(*at));
        let mut mail = Vec::with_capacity(self.message.body.len() + 4096);
        for field in fields() {
            mail.extend_from_slice(field.raw);
            mail.extend_from_slice(b"\r\n");
        }
        if !fields().any(|field| field.is("content-type"))
            && let Some(boundary) = boundary_of(self.message.body)
        {
            let kind = b"Content-Type: multipart/mixed; boundary=\"";
            mail.extend([&kind[..], boundary, b"\"\r\n"].concat());
        }
        mail.extend_from_slice(b"\r\n");
        mail.extend_from_slice(self.message.body);
        mail
    }
}

fn check_times(tags: &Tags<'_>, now: u64) -> Result<(), Refusal> {
    let time = |tag: &str| {
        let digits = |text: &&str| text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = |text: &str| Some(text).filter(digits).and_then(|text| text.parse::<u64>().ok());
        tags.get(tag).map(|text| number(text).ok_or(Refusal::Syntax)).transpose()
    };
    let (signed, expires) = (time("t")?, time("x")?);
    if signed.is_some_and(|signed| signed > now + CLOCK_SKEW_SECS) {
        return Err(Refusal::Future);
    }
    if expires.is_some_and(|expires| expires < now) {
        return Err(Refusal::Expired);
    }
    // RFC 6376 section 3.5: x= must be greater than t=.
    if signed.zip(expires).is_some_and(|(signed, expires)| expires <= signed) {
        return Err(Refusal::Syntax);
    }
    Ok(())
}

/// RFC 6376 section 5.4.2: each mention of a name in `h=` takes the lowest field of that name that is left; where none
/// is left it says that there is no other. A signature never covers its own field.
fn select(message: &Message<'_>, own: usize, names: &[&str]) -> Vec<usize> {
    let mut selected = Vec::new();
    for name in names {
        let lowest = message
            .fields
            .iter()
            .enumerate()
            .rev()
            .find(|(at, field)| field.is(name) && *at != own && !selected.contains(at));
        selected.extend(lowest.map(|(at, _)| at));
    }
    selected
}

/// The value of a DKIM-Signature field with an empty `b=`.
fn without_signature(value: &[u8]) -> Vec<u8> {
    let emptied = value.split(|byte| *byte == b';').map(|tag| {
        let equals = tag.iter().position(|byte| *byte == b'=').unwrap_or(tag.len());
        let (name, _) = tag.split_at_checked(equals).unwrap_or((tag, &[]));
        if name.trim_ascii() == b"b" { tag.get(..=equals).unwrap_or(tag) } else { tag }
    });
    emptied.collect::<Vec<_>>().join(&b';')
}

/// The boundary of a body that begins with one and ends with its end (RFC 2046 section 5.1.1).
fn boundary_of(body: &[u8]) -> Option<&[u8]> {
    let first = body.split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let boundary = first.strip_prefix(b"--").filter(|boundary| (1..=70).contains(&boundary.len()))?;
    let is_plain = boundary.iter().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(byte));
    let end = body.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
    let ends = end.strip_prefix(b"--").and_then(|end| end.strip_suffix(b"--")) == Some(boundary);
    (is_plain && ends).then_some(boundary)
}

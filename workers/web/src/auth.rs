//! Keys and what they allow.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use itip::{CalAddress, EventId, Timestamp};
use scheduling::keys::{equal, sha256_hex};
use store::Database;

use crate::WebContext;
use crate::error::Problem;

/// One thing that a key allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `*`: everything.
    Admin,
    /// `system:read`: figures and lists over all organizers.
    SystemRead,
    /// `standard`: every event and organizer, but nothing under `/system`.
    Standard,
    /// `organizer:<address>:*`: one organizer and his events.
    Organizer(CalAddress),
    /// `event:<uid>:invite`.
    EventInvite(EventId),
    /// `event:<uid>:read`.
    EventRead(EventId),
}

impl Scope {
    /// Reads a scope as keys store it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "*" => return Some(Self::Admin),
            "system:read" => return Some(Self::SystemRead),
            "standard" => return Some(Self::Standard),
            _ => {}
        }
        let (kind, rest) = text.split_once(':')?;
        let (about, verb) = rest.rsplit_once(':')?;
        match (kind, verb) {
            ("organizer", "*") => CalAddress::parse(about).ok().map(Self::Organizer),
            ("event", "invite") => EventId::parse(about).map(Self::EventInvite),
            ("event", "read") => EventId::parse(about).map(Self::EventRead),
            _ => None,
        }
    }

    /// The text that [`Scope::parse`] reads.
    pub fn as_text(&self) -> String {
        match self {
            Self::Admin => "*".into(),
            Self::SystemRead => "system:read".into(),
            Self::Standard => "standard".into(),
            Self::Organizer(address) => format!("organizer:{address}:*"),
            Self::EventInvite(event) => format!("event:{event}:invite"),
            Self::EventRead(event) => format!("event:{event}:read"),
        }
    }
}

/// A caller with a key.
#[derive(Debug, Clone)]
pub struct Access {
    scopes: Vec<Scope>,
}

impl Access {
    fn any(&self, allows: impl Fn(&Scope) -> bool) -> Result<(), Problem> {
        if self.scopes.iter().any(allows) { Ok(()) } else { Err(Problem::KeyScope) }
    }

    /// May do everything.
    pub fn admin(&self) -> Result<(), Problem> {
        self.any(|scope| *scope == Scope::Admin)
    }

    /// May read over all organizers.
    pub fn read_system(&self) -> Result<(), Problem> {
        self.any(|scope| matches!(scope, Scope::Admin | Scope::SystemRead))
    }

    /// May read and change this organizer and his events.
    pub fn organizer(&self, address: &CalAddress) -> Result<(), Problem> {
        self.any(|scope| match scope {
            Scope::Admin | Scope::Standard => true,
            Scope::Organizer(own) => own == address,
            Scope::SystemRead | Scope::EventInvite(_) | Scope::EventRead(_) => false,
        })
    }

    /// May read this event.
    pub fn read_event(&self, event: &EventId, owner: &CalAddress) -> Result<(), Problem> {
        self.any(|scope| match scope {
            Scope::Admin | Scope::Standard => true,
            Scope::Organizer(own) => own == owner,
            Scope::EventRead(own) => own == event,
            Scope::SystemRead | Scope::EventInvite(_) => false,
        })
    }

    /// May change this event.
    pub fn change_event(&self, owner: &CalAddress) -> Result<(), Problem> {
        self.organizer(owner)
    }

    /// May invite to this event.
    pub fn invite(&self, event: &EventId, owner: &CalAddress) -> Result<(), Problem> {
        self.any(|scope| match scope {
            Scope::Admin | Scope::Standard => true,
            Scope::Organizer(own) => own == owner,
            Scope::EventInvite(own) => own == event,
            Scope::SystemRead | Scope::EventRead(_) => false,
        })
    }

    /// Reaches beyond single events, so that it may learn that an event does not exist.
    pub fn is_broad(&self) -> bool {
        self.scopes.iter().any(|scope| matches!(scope, Scope::Admin | Scope::Standard | Scope::Organizer(_)))
    }
}

/// The key a request carries, if any.
pub fn key_in(headers: &HeaderMap) -> Option<&str> {
    let own = headers.get("x-api-key").and_then(|value| value.to_str().ok());
    let bearer = || {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    };
    own.or_else(bearer).map(str::trim).filter(|key| !key.is_empty())
}

/// The keys that are not in D1, as SHA-256 in hexadecimal.
#[derive(Debug, Clone, Copy)]
pub struct KeyHashes<'a> {
    /// Opens everything.
    pub admin: &'a str,
    /// Only the local stack has one.
    pub standard: Option<&'a str>,
}

/// What a key allows; an unknown or expired one is refused.
pub async fn access(context: &WebContext, key: &str) -> Result<Access, Problem> {
    let hashes = KeyHashes { admin: &context.admin_key_hash, standard: context.standard_key_hash.as_deref() };
    access_by(context.db.as_ref(), hashes, key, context.clock.now()).await
}

/// The same with just what it takes.
pub async fn access_by(db: &dyn Database, hashes: KeyHashes<'_>, key: &str, now: Timestamp) -> Result<Access, Problem> {
    let hash = sha256_hex(key.as_bytes());
    if equal(hash.as_bytes(), hashes.admin.as_bytes()) {
        return Ok(Access { scopes: vec![Scope::Admin] });
    }
    if hashes.standard.is_some_and(|standard| equal(hash.as_bytes(), standard.as_bytes())) {
        return Ok(Access { scopes: vec![Scope::Standard] });
    }
    // Looked up by the hash of 256 random bits: how long the look-up takes says nothing about any key.
    let row = store::accounts::api_key(db, &hash).await?.ok_or(Problem::KeyMissing)?;
    if row.expires.is_some_and(|expires| expires <= now) {
        return Err(Problem::KeyMissing);
    }
    let texts: Vec<String> = serde_json::from_str(&row.scopes).unwrap_or_default();
    Ok(Access { scopes: texts.iter().filter_map(|text| Scope::parse(text)).collect() })
}

impl<S: Send + Sync> FromRequestParts<S> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let key = key_in(&parts.headers).ok_or(Problem::KeyMissing)?.to_owned();
        let context = parts.extensions.get::<Arc<WebContext>>().cloned();
        let context = context.ok_or_else(|| Problem::Internal { cause: "a request without a context".into() })?;
        access(&context, &key).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_as_it_was_written() {
        let event = "0123456789abcdef0123456789abcdef01234567";
        for text in ["*", "system:read", "standard", "organizer:ann@corp.example:*"] {
            assert_eq!(Scope::parse(text).unwrap().as_text(), text);
        }
        for verb in ["invite", "read"] {
            let text = format!("event:{event}:{verb}");
            assert_eq!(Scope::parse(&text).unwrap().as_text(), text);
        }
        for text in
            ["", "admin", "organizer:ann:*", "organizer:ann@corp.example:read", "event:short:read", "event::read"]
        {
            assert_eq!(Scope::parse(text), None, "{text}");
        }
    }
}

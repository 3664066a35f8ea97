//! Who reads a page, as far as it matters: in which language.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use views::words::{Language, Words};

use crate::extract::Fields;
use crate::publish::Reads;

/// The language of a page, by its address or by the browser.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// The language.
    pub language: Language,
    /// The address says so: then it goes along with forms and links.
    chosen: bool,
}

impl Reader {
    /// Reads the query and the header fields of a request.
    pub fn of(query: &Fields, headers: &HeaderMap) -> Self {
        let asked = query.get("lang").or_else(|| query.get("language"));
        Self::new(asked.and_then(Language::from_tag), Reads::of(None, headers).language())
    }

    /// What the address says comes before what the browser says.
    pub fn new(asked: Option<Language>, accepted: Option<Language>) -> Self {
        Self { language: asked.or(accepted).unwrap_or_default(), chosen: asked.is_some() }
    }

    /// His words.
    pub fn words(self) -> &'static Words {
        self.language.words()
    }

    /// A path of ours in the language that he chose.
    pub fn path(self, path: String) -> String {
        if self.chosen { format!("{path}?lang={}", self.words().tag) } else { path }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
        Ok(Self::of(&query, &parts.headers))
    }
}

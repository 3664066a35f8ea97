//! Answers that refuse: RFC 9457 problem documents with a stable `code`.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use scheduling::command::CommandError;
use scheduling::ports::PortError;
use serde::Serialize;
use store::StoreError;
use views::words::Words;

/// Why a request was refused. One variant per sentence that a caller may have to understand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No key, or one that is not known.
    #[error("A valid key is needed in the x-api-key header.")]
    KeyMissing,
    /// The key is known but does not reach this far.
    #[error("This key does not allow that.")]
    KeyScope,
    /// No such event.
    #[error("There is no such event.")]
    EventNotFound,
    /// No such organizer.
    #[error("There is no such organizer.")]
    OrganizerNotFound,
    /// Some other thing that does not exist.
    #[error("There is nothing at this address.")]
    NotFound,
    /// The verb does not fit the path.
    #[error("This address does not take that method.")]
    MethodNotAllowed,
    /// A field is missing or wrong.
    #[error("{detail}")]
    Invalid {
        /// Which field.
        field: Cow<'static, str>,
        /// What is wrong with it, in a sentence.
        detail: String,
    },
    /// The body is not what the route takes.
    #[error("{0}")]
    Body(String),
    /// The body has a type that the route does not take.
    #[error("Send application/json or application/x-www-form-urlencoded.")]
    MediaType,
    /// The body is too long.
    #[error("The body is longer than this address takes.")]
    TooLarge,
    /// The address speaks WebSocket only.
    #[error("Open this address as a WebSocket.")]
    UpgradeNeeded,
    /// The event is off.
    #[error("This event has been cancelled; no invitation was sent.")]
    EventCancelled,
    /// The event is over.
    #[error("This event is over; no invitation was sent.")]
    EventPast,
    /// No more guests.
    #[error("This event is full; no invitation was sent.")]
    EventFull,
    /// The organizer may not send.
    #[error("This organizer does not send invitations at the moment.")]
    OrganizerSuspended,
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else was faster.
    #[error("This has changed since you read it; read it again.")]
    Changed,
    /// Too often.
    #[error("Too many requests; try again later.")]
    TooMany {
        /// When to try again, in seconds.
        retry_secs: i64,
    },
    /// Ours.
    #[error("Something failed on our side; nothing was lost. Try again in a moment.")]
    Internal {
        /// For the log only.
        cause: String,
    },
}

impl Problem {
    /// A wrong field.
    pub fn invalid(field: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), detail: detail.into() }
    }

    /// Whether it says that there is nothing, or nothing that may be seen.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::EventNotFound | Self::OrganizerNotFound | Self::NotFound | Self::OrganizerSuspended)
    }

    /// The word that programs compare.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyMissing => "key_missing",
            Self::KeyScope => "key_scope",
            Self::EventNotFound => "event_not_found",
            Self::OrganizerNotFound => "organizer_not_found",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Invalid { .. } => "invalid",
            Self::Body(_) => "body_invalid",
            Self::MediaType => "media_type",
            Self::TooLarge => "too_large",
            Self::UpgradeNeeded => "upgrade_needed",
            Self::EventCancelled => "event_cancelled",
            Self::EventPast => "event_past",
            Self::EventFull => "event_full",
            Self::OrganizerSuspended => "organizer_suspended",
            Self::Conflict(_) => "conflict",
            Self::Changed => "changed",
            Self::TooMany { .. } => "too_many_requests",
            Self::Internal { .. } => "internal",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::KeyMissing | Self::KeyScope | Self::OrganizerSuspended => StatusCode::FORBIDDEN,
            Self::EventNotFound | Self::OrganizerNotFound | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Invalid { .. } | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UpgradeNeeded => StatusCode::UPGRADE_REQUIRED,
            Self::EventCancelled | Self::EventPast => StatusCode::GONE,
            Self::EventFull | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Changed => StatusCode::PRECONDITION_FAILED,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A heading of two or three words.
    pub fn title(&self) -> &'static str {
        match self {
            Self::KeyMissing | Self::KeyScope | Self::OrganizerSuspended => "Forbidden",
            Self::EventNotFound | Self::OrganizerNotFound | Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            // The word that the first API answered bad requests with.
            Self::Invalid { .. } | Self::Body(_) => "Failed",
            Self::MediaType => "Unsupported media type",
            Self::TooLarge => "Too large",
            Self::UpgradeNeeded => "Upgrade required",
            Self::EventCancelled | Self::EventPast => "Gone",
            Self::EventFull | Self::Conflict(_) => "Conflict",
            Self::Changed => "Precondition failed",
            Self::TooMany { .. } => "Too many requests",
            Self::Internal { .. } => "Unavailable",
        }
    }

    /// What a page says to a person: a heading, and a sentence.
    pub fn sentence(&self, words: &'static Words) -> (&'static str, &'static str) {
        match self {
            Self::EventNotFound => (words.why_no_event, words.why_no_event_what),
            Self::OrganizerNotFound | Self::NotFound => (words.why_nothing, words.why_no_event_what),
            Self::EventCancelled => (words.why_cancelled, words.said_cancelled),
            Self::EventPast => (words.over, words.said_past),
            Self::EventFull => (words.full, words.said_full),
            Self::OrganizerSuspended => (words.why_suspended, words.why_suspended_what),
            Self::TooMany { .. } => (words.why_too_many, words.why_too_many_what),
            Self::Internal { .. } => (words.why_failed, words.why_failed_what),
            Self::Conflict(_) | Self::Changed => (words.why_changed, words.why_changed_what),
            Self::KeyMissing
            | Self::KeyScope
            | Self::MethodNotAllowed
            | Self::Invalid { .. }
            | Self::Body(_)
            | Self::MediaType
            | Self::TooLarge
            | Self::UpgradeNeeded => (words.why_link, words.why_link_what),
        }
    }

    fn retry_secs(&self) -> Option<i64> {
        match self {
            Self::TooMany { retry_secs } => Some((*retry_secs).max(1)),
            Self::Internal { .. } => Some(5),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError<'a>>,
}

#[derive(Serialize)]
struct FieldError<'a> {
    field: &'a str,
    detail: &'a str,
}

/// What went wrong behind an answer, for the platform to log; never shown to the caller.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let errors = match &self {
            Self::Invalid { field, detail } => vec![FieldError { field, detail }],
            _ => Vec::new(),
        };
        let document = Document {
            kind: "about:blank",
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            code: self.code(),
            errors,
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&document).unwrap_or_default()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.retry_secs() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self == Self::UpgradeNeeded {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Self::Internal { cause } = self {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Internal { cause: error.to_string() }
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        Self::Internal { cause: error.to_string() }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound => Self::EventNotFound,
            CommandError::NothingWaiting => Self::Conflict("There is nothing waiting.".into()),
            CommandError::Itip(error) => Self::Conflict(error.to_string()),
            CommandError::Failed(cause) => Self::Internal { cause },
        }
    }
}

/// An object answered something that its command cannot have.
pub fn wrong_reply(command: &'static str) -> Problem {
    Problem::Internal { cause: format!("the object gave no answer to {command}") }
}

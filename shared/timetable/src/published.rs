use std::borrow::Cow;

use itip::{EventDetails, Override, OverrideState};

use crate::entry::is_secret;
use crate::join::{html_without_joining, leads_into_meeting, without_joining};

/// An event and its exceptions as they are published: without the dates that are not for the public, and where the
/// organizer tells the place only in invitations, without it and without what lets a reader join.
pub fn published<'a>(
    details: &'a EventDetails,
    overrides: &'a [Override],
    hide_place: bool,
) -> (Cow<'a, EventDetails>, Cow<'a, [Override]>) {
    if !hide_place && !overrides.iter().any(is_secret) {
        return (Cow::Borrowed(details), Cow::Borrowed(overrides));
    }
    let overrides = overrides.iter().map(|exception| Override {
        state: match &exception.state {
            _ if is_secret(exception) => OverrideState::Cancelled,
            OverrideState::Changed(details) if hide_place => OverrideState::Changed(Box::new(without_place(details))),
            state => state.clone(),
        },
        ..exception.clone()
    });
    let details = if hide_place { Cow::Owned(without_place(details)) } else { Cow::Borrowed(details) };
    (details, Cow::Owned(overrides.collect()))
}

fn without_place(details: &EventDetails) -> EventDetails {
    let open = |url: &str| if leads_into_meeting(url) { String::new() } else { url.to_owned() };
    EventDetails {
        location: String::new(),
        url: open(&details.url),
        image: open(&details.image),
        description: without_joining(&details.description),
        description_html: html_without_joining(&details.description_html),
        ..details.clone()
    }
}

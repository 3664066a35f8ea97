use itip::{EventDetails, Timestamp};

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// Seats.
    Tickets,
    /// Things to buy.
    Shop,
    /// Where to leave the car.
    Parking,
    /// A broadcast or a stream.
    Watch,
    /// Anything else.
    More,
}

/// A link as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// `https:` or `http:`.
    pub url: String,
    /// The words before it in the description, empty if there were none.
    pub label: String,
}

/// What an event offers beside itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The first sentence or line of the description that is not only a link; may be empty.
    pub lead: String,
    /// Links, in the order of the text.
    pub links: Vec<Link>,
    /// An image to show, `https:` only.
    pub image: Option<String>,
}

impl Offer {
    /// Finds the offer in what an event says. Where the place is hidden, links that lead into a meeting are left out.
    pub fn read(_details: &EventDetails, _hide_place: bool) -> Option<Self> {
        None
    }

    /// Whether the offer changed on the day of `now`, on the reader's or the venue's calendar alike: within 24 hours.
    pub fn is_fresh(updated: Timestamp, now: Timestamp) -> bool {
        now.0.saturating_sub(updated.0) < 86_400
    }
}

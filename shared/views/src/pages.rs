//! The pages that people see, one struct per template.

mod schedule;

use askama::Template;

pub use crate::event::EventView;
pub use schedule::{Chip, Choice, Narrow, SchedulePage, ScheduleSentPage, SentLine, Toggle};

use crate::head::Head;
use crate::text::escape_html;
use crate::words::{Language, fill};

/// A page that can be written.
pub trait Page {
    /// The whole document; the error is for the log.
    fn html(&self) -> Result<String, String>;
}

impl<T: Template> Page for T {
    fn html(&self) -> Result<String, String> {
        self.render().map_err(|error| error.to_string())
    }
}

/// What every page has around it.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The title of the window.
    pub title: String,
    /// The language of the page.
    pub language: Language,
    /// What programs read of a page that may be found; the default for one that may not.
    pub head: Head,
    /// The address of the style sheet.
    pub style: String,
    /// The addresses of scripts; every page works without them.
    pub scripts: Vec<String>,
    /// The mail domain, in the footer.
    pub domain: String,
}

impl Shell {
    /// The foot of the page, as HTML.
    pub(crate) fn made_by(&self) -> String {
        let values = [("convoke", "<a href=\"/\">Convoke</a>"), ("domain", &escape_html(&self.domain))];
        fill(self.language.words().made_by, &values)
    }
}

/// The page behind an invitation link.
#[derive(Debug, Clone, Template)]
#[template(path = "invite.html")]
pub struct InvitePage {
    /// Around it.
    pub shell: Shell,
    /// The event.
    pub event: EventView,
    /// Where the form is posted.
    pub action: String,
    /// The address, as far as it is known.
    pub email: String,
    /// Passed through.
    pub name: String,
    /// Passed through.
    pub origin: String,
    /// Passed through if it is allowed.
    pub landing: String,
    /// What has to be put right; empty if nothing.
    pub problem: String,
    /// The script may press the button when the page is really looked at.
    pub auto: bool,
}

impl InvitePage {
    fn invites_you(&self) -> String {
        fill(self.event.words().invites_you, &[("organizer", &self.event.organizer)])
    }
}

/// The page after an invitation was asked for.
#[derive(Debug, Clone, Template)]
#[template(path = "sent.html")]
pub struct SentPage {
    /// Around it.
    pub shell: Shell,
    /// The event.
    pub event: EventView,
    /// The masked address; may be empty.
    pub to: String,
    /// Who the mail comes from.
    pub sender: String,
    /// Other events of the organizer.
    pub more: Vec<EventView>,
    /// His page; empty if he has none.
    pub page: String,
}

/// A few sentences and a way on.
#[derive(Debug, Clone, Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    /// Around it.
    pub shell: Shell,
    /// The main sentence.
    pub heading: String,
    /// More.
    pub lines: Vec<String>,
    /// Where to go: address and words.
    pub link: Option<(String, String)>,
}

/// A guest answers by link.
#[derive(Debug, Clone, Template)]
#[template(path = "answer.html")]
pub struct AnswerPage {
    /// Around it.
    pub shell: Shell,
    /// The event.
    pub event: EventView,
    /// Where the form is posted.
    pub action: String,
    /// The guest, masked.
    pub guest: String,
    /// His answer so far, in a word.
    pub current: &'static str,
    /// The date of a series that is answered, epoch seconds; empty for the whole.
    pub date: String,
    /// The button that is meant: `yes`, `maybe`, `no`, or nothing.
    pub selected: String,
    /// What was just recorded; empty before.
    pub done: String,
}

/// A guest wants no more mail.
#[derive(Debug, Clone, Template)]
#[template(path = "unsubscribe.html")]
pub struct UnsubscribePage {
    /// Around it.
    pub shell: Shell,
    /// Whose mail.
    pub organizer: String,
    /// The guest, masked.
    pub guest: String,
    /// Where the form is posted.
    pub action: String,
    /// What was just done; empty before.
    pub done: String,
}

/// Somebody proves that held mail is his.
#[derive(Debug, Clone, Template)]
#[template(path = "claim.html")]
pub struct ClaimPage {
    /// Around it.
    pub shell: Shell,
    /// Whose mail.
    pub address: String,
    /// Subjects of what is held.
    pub subjects: Vec<String>,
    /// Where the form is posted.
    pub action: String,
    /// Just claimed.
    pub done: bool,
}

/// A number with its word.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What is counted.
    pub word: String,
    /// How many.
    pub count: u32,
    /// Share of all, in percent.
    pub percent: u32,
}

/// The owner's view of an event.
#[derive(Debug, Clone, Template)]
#[template(path = "owner.html")]
pub struct OwnerPage {
    /// Around it.
    pub shell: Shell,
    /// The event.
    pub event: EventView,
    /// Where the forms are posted, without the last part.
    pub action: String,
    /// Visible changes so far.
    pub revision: u32,
    /// All guests.
    pub attendees: u32,
    /// By answer.
    pub answers: Vec<Figure>,
    /// By origin.
    pub origins: Vec<Figure>,
    /// By calendar client.
    pub clients: Vec<Figure>,
    /// A change waits for a release.
    pub held: bool,
    /// Mails on their way.
    pub waiting: u32,
    /// We were taken off the guest list.
    pub uninvited: bool,
    /// Other times that guests propose.
    pub proposals: Vec<ProposalView>,
    /// What strangers tried, in words.
    pub attempts: Vec<String>,
    /// The link that invites.
    pub invite_url: String,
    /// The organizer's page; empty if he has none.
    pub page_url: String,
    /// What was just done; empty before.
    pub done: String,
}

/// A guest's proposal, ready to be decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalView {
    /// Who proposes.
    pub guest: String,
    /// The original start of the date he speaks of, epoch seconds; empty for the whole.
    pub instance: String,
    /// The time as it is; empty for the whole, which the page shows.
    pub was: String,
    /// The time he would like.
    pub would: String,
    /// His comment, empty if none.
    pub comment: String,
}

/// An event that its owner offers to another address.
#[derive(Debug, Clone, Template)]
#[template(path = "take_over.html")]
pub struct TakeOverPage {
    /// Around it.
    pub shell: Shell,
    /// The event.
    pub event: EventView,
    /// Who offers it.
    pub from: String,
    /// Whom it is offered to.
    pub to: String,
    /// Where the form is posted.
    pub action: String,
    /// Whether it can still be taken.
    pub open: bool,
    /// It has just been taken.
    pub done: bool,
}

/// What this place is.
#[derive(Debug, Clone, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// Around it.
    pub shell: Shell,
    /// The mailbox that makes events.
    pub create: String,
}

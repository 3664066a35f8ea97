//! The pages that people see, one struct per template.

mod schedule;

use askama::Template;

pub use crate::event::EventView;
pub use schedule::{Chip, Choice, Narrow, SchedulePage, ScheduleSentPage, SentLine, Toggle};

use crate::head::Head;
use crate::text::{address_html, escape_html, name_html};
use crate::words::{Language, Words, fill};

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
    /// The words of the page.
    pub(crate) fn words(&self) -> &'static Words {
        self.language.words()
    }

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

/// Phrases in HTML.
impl SentPage {
    fn heading(&self) -> String {
        let words = self.shell.words();
        if self.to.is_empty() {
            words.sent_unnamed.to_owned()
        } else {
            fill(words.sent_one, &[("address", &address_html(&self.to))])
        }
    }

    fn look(&self) -> String {
        let (organizer, sender) = (name_html(&self.event.organizer), address_html(&format!("<{}>", self.sender)));
        fill(self.shell.words().sent_look, &[("organizer", &organizer), ("sender", &sender)])
    }

    fn press(&self) -> String {
        let words = self.shell.words();
        let [yes, maybe, no] = [words.yes, words.maybe, words.no].map(|word| format!("<b>{word}</b>"));
        fill(words.sent_press, &[("yes", &yes), ("maybe", &maybe), ("no", &no)])
    }

    fn more_of(&self) -> String {
        fill(self.shell.words().more_of, &[("organizer", &escape_html(&self.event.organizer))])
    }
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

impl AnswerPage {
    fn asks(&self) -> String {
        fill(self.shell.words().asks_you, &[("organizer", &self.event.organizer)])
    }

    fn choices(&self) -> [(&'static str, &'static str, &'static str); 3] {
        let words = self.shell.words();
        [("yes", "✓", words.yes), ("maybe", "?", words.maybe), ("no", "✕", words.no)]
    }
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

/// Phrases in HTML.
impl UnsubscribePage {
    fn of_guest(&self, phrase: &str) -> String {
        fill(phrase, &[("guest", &address_html(&self.guest))])
    }

    fn leave_organizer(&self) -> String {
        let organizer = format!("<span dir=\"auto\">{}</span>", escape_html(&self.organizer));
        fill(self.shell.words().leave_organizer, &[("organizer", &organizer)])
    }

    fn leave_all(&self) -> String {
        fill(self.shell.words().leave_all, &[("domain", &escape_html(&self.shell.domain))])
    }
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

impl ClaimPage {
    /// A phrase in HTML.
    fn of_address(&self, phrase: &str) -> String {
        fill(phrase, &[("address", &address_html(&self.address))])
    }
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
    /// What stands behind it, with the `?`; may be empty.
    pub query: String,
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
    /// Why it was not done; empty if it was.
    pub problem: String,
}

impl OwnerPage {
    fn guests(&self) -> String {
        self.shell.words().guests(self.attendees)
    }

    fn cancel(&self) -> String {
        fill(self.shell.words().owner_cancel, &[("guests", &self.guests())])
    }

    fn proposed(&self, proposal: &ProposalView) -> String {
        let values = [
            ("guest", proposal.guest.as_str()),
            ("title", &self.event.title),
            ("proposed", &proposal.would),
            ("current", &proposal.was),
        ];
        fill(self.shell.words().proposal_what, &values)
    }

    fn comment(&self, proposal: &ProposalView) -> String {
        fill(self.shell.words().comment, &[("comment", &proposal.comment)])
    }
}

/// A guest's proposal, ready to be decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalView {
    /// Who proposes.
    pub guest: String,
    /// The original start of the date he speaks of, epoch seconds; empty for the whole.
    pub instance: String,
    /// The time as it is.
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

impl TakeOverPage {
    /// A phrase in HTML.
    fn of_both(&self, phrase: &str) -> String {
        fill(phrase, &[("from", &address_html(&self.from)), ("to", &address_html(&self.to))])
    }
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

/// Phrases in HTML.
impl HomePage {
    fn heading(&self) -> String {
        fill(self.shell.words().home_heading, &[("create", &escape_html(&self.create))])
    }

    fn make(&self) -> String {
        fill(self.shell.words().home_make_what, &[("create", &address_html(&self.create))])
    }

    fn figures(&self) -> String {
        let words = self.shell.words();
        let api = format!("<a href=\"/openapi.json\">{}</a>", words.home_api);
        fill(words.home_figures, &[("api", &api)])
    }
}

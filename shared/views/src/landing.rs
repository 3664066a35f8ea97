//! The page of one event, and the pages that show the next few.

use askama::Template;
use timetable::Layout;

use crate::event::{Cards, EventView};
use crate::pages::Shell;
use crate::words::{Words, fill};

/// How an organizer's pages look.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// His name, or what he calls his page.
    pub name: String,
    /// The path of his page; empty if he has none.
    pub page: String,
    /// The address of his logo; may be empty.
    pub logo: String,
    /// The style sheet of his colour; may be empty.
    pub theme: String,
    /// Our own style for these pages.
    pub style: String,
    /// The language of his words, where it is not that of the page.
    pub foreign: String,
}

/// The page of one event.
#[derive(Debug, Clone, Template)]
#[template(path = "landing.html")]
pub struct LandingPage {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub brand: Brand,
    /// How it is laid out.
    pub layout: Layout,
    /// The event, or the next date of a series.
    pub event: EventView,
    /// Other dates of the series.
    pub dates: Vec<EventView>,
    /// More events of the organizer.
    pub more: Vec<EventView>,
    /// Where the form is posted.
    pub action: String,
    /// Its address.
    pub url: String,
    /// Subscribes to it in a calendar program.
    pub webcal: String,
    /// A calendar file to keep.
    pub file: String,
    /// This page in the other languages: tag, name, address.
    pub languages: Vec<(&'static str, &'static str, String)>,
}

impl LandingPage {
    fn words(&self) -> &'static Words {
        self.shell.language.words()
    }

    fn class(&self) -> &'static str {
        match self.layout {
            Layout::Timetable => "timetable",
            Layout::Poster => "poster",
            Layout::Plain => "bare",
        }
    }

    fn is_plain(&self) -> bool {
        self.layout == Layout::Plain
    }

    fn is_poster(&self) -> bool {
        self.layout == Layout::Poster
    }

    fn more_of(&self) -> String {
        fill(self.words().more_of, &[("organizer", &self.event.organizer)])
    }

    /// A letter that passes the event on.
    fn letter(&self) -> String {
        let subject = format!("{}, {}", self.event.title, self.event.when.in_subject());
        let body = format!("{}\r\n{}", self.event.when.sentence(), self.url);
        let percent = crate::links::percent;
        format!("mailto:?subject={}&body={}", percent(&subject), percent(&body))
    }
}

/// The next few events, for a club's front page.
#[derive(Debug, Clone, Template)]
#[template(path = "upcoming.html")]
pub struct UpcomingPage {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub brand: Brand,
    /// A sentence under the heading; may be empty.
    pub intro: String,
    /// The events.
    pub cards: Cards,
}

/// The same alone, for a frame of another site.
#[derive(Debug, Clone, Template)]
#[template(path = "frame.html")]
pub struct FramePage {
    /// Around it.
    pub shell: Shell,
    /// Whose.
    pub brand: Brand,
    /// The events.
    pub cards: Cards,
}

/// The same as a part of another site's page.
#[derive(Debug, Clone, Template)]
#[template(path = "embed.html")]
pub struct EmbedPart {
    /// The events.
    pub cards: Cards,
    /// The style that makes the organizer's colour the accent; may be empty.
    pub theme: String,
}

/// What became of a submission, as a part of another site's page.
#[derive(Debug, Clone, Template)]
#[template(path = "embed_sent.html")]
pub struct EmbedSent {
    /// The page itself.
    pub page: crate::pages::ScheduleSentPage,
}

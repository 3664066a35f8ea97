//! The public timetable of an organizer: its entries, what can be asked of it, and how a page shows it. Pure.
//!
//! An event becomes one [`Entry`] for each date that a page shows. A [`Filter`] chooses among entries; it is what a
//! page's address, a subscription and a question in plain words all come down to. A [`PageConfig`] says how an
//! organizer wants his page.

mod chip;
mod entry;
mod filter;
mod fold;
mod join;
mod lex;
mod matcher;
mod nearest;
mod offer;
mod page;
mod published;
mod question;
mod reading;
mod said;
mod span;
mod spell;
mod teams;
mod tongue;
mod vocabulary;

pub use chip::{Chip, Understood};
pub use entry::{Entry, EntryStatus, Place, Source};
pub use filter::{Fate, Filter, FilterError, Month, Side};
pub use fold::fold;
pub use join::{html_without_joining, public_link};
pub use matcher::Matcher;
pub use nearest::Nearest;
pub use offer::{Link, LinkKind, Offer};
pub use page::{Colour, LIMIT_MAX, Layout, PageConfig, PageError, PageKind, TimeDisplay, image_site};
pub use published::published;
pub use question::Question;
pub use said::Said;
pub use teams::Teams;
pub use vocabulary::{Landmark, Team, Vocabulary};

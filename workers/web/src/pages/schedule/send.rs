//! The one button: an invitation to each ticked event, and a sentence about each.

use std::collections::BTreeMap;

use arrange::Arrange as _;
use itip::{CalAddress, Choice, Origin};
use scheduling::command::{Command, Enrollment, Reply};
use store::directory::{self, EventRow};
use timetable::PageKind;
use views::links::SHORT_CHARS;
use views::pages::{ScheduleSentPage, SentLine};
use views::text::mask_address;
use views::when::WhenView;
use views::words::{Words, fill};

use super::asked::{Asked, Ticked};
use super::season::Season;
use super::theme_path;
use crate::WebContext;
use crate::assets::SCHEDULE_JS;
use crate::error::{Problem, wrong_reply};
use crate::extract::{Fields, read_address};
use crate::invite::{INVITATIONS_MAX, invite_to};
use crate::pages::{PublicPage, sender, shell_at};

/// Slots under one title that are asked whether a guest has one: a question to an object each.
const SLOTS_MAX: usize = 50;

/// The address, if the form can be sent; else what has to be put right.
pub fn checked(form: &Fields, asked: &Asked) -> Result<CalAddress, String> {
    let words = asked.language.words();
    let address =
        read_address(form.get("email").unwrap_or_default()).map_err(|problem| problem.sentence(words).to_owned())?;
    match ids(asked).len() {
        0 => Err(words.tick_one_first.to_owned()),
        count if count > INVITATIONS_MAX => Err(fill(words.tick_at_most, &[("count", &INVITATIONS_MAX.to_string())])),
        _ => Ok(address),
    }
}

/// What is ticked, each once.
fn ids(asked: &Asked) -> Vec<&str> {
    let Ticked::Named(named) = &asked.ticked else { return Vec::new() };
    let is_id = |id: &&str| id.len() >= SHORT_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut ids: Vec<&str> = named.iter().map(String::as_str).filter(is_id).collect();
    ids.arrange();
    ids.dedup_by_key(|id| id.get(..SHORT_CHARS).unwrap_or_default());
    ids
}

/// Sends, and says what became of each.
pub async fn send(
    context: &WebContext,
    page: &PublicPage,
    season: &Season,
    asked: &Asked,
    address: &CalAddress,
) -> Result<ScheduleSentPage, Problem> {
    let words = asked.language.words();
    let ids = ids(asked);
    let mut rows: Vec<EventRow> = ids.iter().filter_map(|id| season.row(id)).cloned().collect();
    // What has gone since the page was loaded is looked up, so that its line can say so; and what a later part of a
    // long page has. An id of somebody else is as good as unknown.
    let others: Vec<String> = ids.iter().filter(|id| season.row(id).is_none()).map(|id| (*id).to_owned()).collect();
    if !others.is_empty() {
        rows.extend(directory::public_among(context.db.as_ref(), &page.organizer.address, &others).await?);
    }
    rows.arrange_by_key(|row| row.details.start.instant());
    let missing = ids.len().saturating_sub(rows.len());
    let one_per_person = page.config.kind == PageKind::Slots && page.config.one_per_person;
    let later = if one_per_person { take_later(&mut rows) } else { Vec::new() };
    let language = asked.reads.language().map_or_else(String::new, |language| language.words().tag.to_owned());
    let origin = if rows.len() > 1 { Origin::MultiEvent } else { Origin::LandingPage };
    let guest = Enrollment { address: address.clone(), name: String::new(), origin, language };
    let mut open = rows.clone();
    if one_per_person {
        open = without_taken(context, season, open, address).await?;
    }
    let said =
        if rows.is_empty() { Vec::new() } else { invite_to(context, &page.organizer.address, &open, &guest).await? };
    let mut refusals: BTreeMap<&str, Problem> = BTreeMap::new();
    for (row, said) in open.iter().zip(said) {
        let refusal = match said {
            Ok(said) => said.refusal(),
            Err(problem) => Some(problem),
        };
        refusals.extend(refusal.map(|problem| (row.event_id.as_str(), problem)));
    }
    let line = |row: &EventRow, refusal: Option<&str>| {
        let details = &row.details;
        let title = details.summary.trim();
        SentLine {
            title: if title.is_empty() { words.untitled.to_owned() } else { title.to_owned() },
            when: WhenView::told(&details.start, &details.end, asked.language).sentence(),
            good: refusal.is_none(),
            said: refusal.unwrap_or(if one_per_person { words.said_sent_slot } else { words.said_sent }).to_owned(),
        }
    };
    let mut lines: Vec<SentLine> = Vec::new();
    for row in &rows {
        lines.push(line(row, refusals.get(row.event_id.as_str()).map(|problem| sentence(problem, words))));
    }
    lines.extend(later.iter().map(|row| line(row, Some(words.said_another_time))));
    if missing > 0 {
        let (title, said) = (words.events(missing), words.said_gone.to_owned());
        lines.push(SentLine { title, when: String::new(), good: false, said });
    }
    Ok(ScheduleSentPage {
        shell: shell_at(&context.config.domain, words.on_its_way, asked.language, &[&SCHEDULE_JS]),
        organizer: page.organizer.name.clone(),
        slug: page.slug.clone(),
        theme: page.config.accent.map(theme_path).unwrap_or_default(),
        to: mask_address(address),
        sender: sender(context),
        rest: String::new(),
        picks_max: INVITATIONS_MAX,
        sent: lines.iter().filter(|line| line.good).count(),
        lines,
        one_per_person,
    })
}

fn sentence(problem: &Problem, words: &'static Words) -> &'static str {
    match problem {
        Problem::EventCancelled => words.said_cancelled,
        Problem::EventPast => words.said_past,
        Problem::EventFull => words.said_full,
        _ => words.said_failed,
    }
}

/// Of the slots under one title only the first is left; the others are returned.
fn take_later(rows: &mut Vec<EventRow>) -> Vec<EventRow> {
    let mut seen: Vec<String> = Vec::new();
    let mut later = Vec::new();
    for row in std::mem::take(rows) {
        let title = row.details.summary.trim().to_owned();
        if seen.contains(&title) {
            later.push(row);
        } else {
            seen.push(title);
            rows.push(row);
        }
    }
    later
}

/// Leaves out the slots of which the guest has another one under the same title, unless he declined it. Nobody is told:
/// who has a slot is not the business of whoever knows an address. Two submissions at the same moment are not kept
/// apart; each slot is an object of its own.
async fn without_taken(
    context: &WebContext,
    season: &Season,
    rows: Vec<EventRow>,
    address: &CalAddress,
) -> Result<Vec<EventRow>, Problem> {
    let mut open = Vec::new();
    for row in rows {
        let same = |other: &&EventRow| {
            other.event_id != row.event_id && other.details.summary.trim() == row.details.summary.trim()
        };
        let others = season.rows().filter(same).filter(|other| !other.cancelled).take(SLOTS_MAX);
        let mut taken = false;
        for other in others {
            if holds(context, other, address).await? {
                taken = true;
                break;
            }
        }
        if !taken {
            open.push(row);
        }
    }
    Ok(open)
}

async fn holds(context: &WebContext, row: &EventRow, address: &CalAddress) -> Result<bool, Problem> {
    let command = Command::Attendee { guest: address.clone() };
    match context.objects.event(&row.event_id, command).await {
        Ok(Reply::Attendees(known)) => Ok(known.first().is_some_and(|guest| guest.last_choice != Some(Choice::No))),
        Ok(_) => Err(wrong_reply("attendee")),
        Err(error) => Err(error.into()),
    }
}

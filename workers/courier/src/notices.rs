//! Mails to an organizer: composed when they are sent, from what is true then.

use std::sync::atomic::AtomicI64;

use imip::OutgoingAttachment;
use itip::{CalAddress, EventId, EventState, Proposal, Timestamp};
use scheduling::command::{
    Command, CommandError, Fate, Notice, OrganizerCommand, OrganizerReply, OurReply, Reply, Shown,
};
use scheduling::import::{ImportProblem, ImportSummary};
use scheduling::keys::{Link, sign_link};
use scheduling::settings::{Config, OrganizerSettings};
use store::accounts::{self, OrganizerRow};
use store::directory::CLIENT_UNKNOWN;
use views::api::GuestLine;
use views::mail::{MailLink, NoticeEvent, NoticeMail, one_line};
use views::report;
use views::when::WhenView;
use views::words::{Language, Words, fill};

use crate::batch::{count, permit, send_one};
use crate::compose::{NoticeParts, date_of, notice_mail, page_wish};
use crate::ses_call::ask_account;
use crate::{CourierContext, CourierError, DeliveryVerdict};

/// Events listed in one "ready" mail; the page shows the rest.
const LISTED_MAX: usize = 20;
/// Guests read from the event at a time.
const GUESTS_PAGE: u32 = 500;
/// Largest report, in guests: 100,000 lines of 100 characters stay below SES's 40 MB with room.
const REPORT_GUESTS_MAX: usize = 200_000;

/// Sends what is due to an organizer.
pub(crate) async fn deliver(organizer: &CalAddress, ctx: &CourierContext) -> Result<DeliveryVerdict, CourierError> {
    let OrganizerReply::Notices(notices) = ctx.objects.organizer(organizer, OrganizerCommand::LeaseNotices).await?
    else {
        return Ok(DeliveryVerdict::Done { accepted: 0, other: 0 });
    };
    let stopped = AtomicI64::new(0);
    let mut fates = Vec::with_capacity(notices.len());
    let mut ask = false;
    for (key, notice) in notices {
        let permit = permit(1, ctx).await;
        ask |= permit.ask_account;
        let fate = if permit.granted == 0 {
            Fate::Throttled { retry_secs: permit.retry_secs.max(1) }
        } else {
            deliver_one(organizer, &key, &notice, &stopped, ctx).await
        };
        fates.push((key, fate));
    }
    let verdict = count(fates.iter().map(|(_, fate)| fate));
    if !fates.is_empty() {
        ctx.objects.organizer(organizer, OrganizerCommand::SettleNotices { notices: fates }).await?;
    }
    if ask {
        ask_account(ctx).await;
    }
    Ok(verdict)
}

async fn deliver_one(
    organizer: &CalAddress,
    key: &str,
    notice: &Notice,
    stopped: &AtomicI64,
    ctx: &CourierContext,
) -> Fate {
    let composed = match compose(organizer, notice, ctx).await {
        Ok(Some(composed)) => composed,
        Ok(None) => return Fate::Refused { reason: "no longer true".to_owned() },
        Err(_) => return Fate::Throttled { retry_secs: 30 },
    };
    // A calendar's answers go where its events come from, which may be a relay.
    let to = match notice {
        Notice::Reply { reply } => &reply.to,
        _ => organizer,
    };
    let tag = notice_tag(organizer, key, notice);
    match notice_mail(composed, to, &tag, ctx.clock.now(), &ctx.config) {
        Ok(letter) => send_one(&letter, to, &tag, stopped, ctx).await,
        Err(reason) => Fate::Refused { reason },
    }
}

/// The tag of a notice: unlike every guest's mail, alike for a repeat.
fn notice_tag(organizer: &CalAddress, key: &str, notice: &Notice) -> String {
    let text = format!("{organizer} {key} {notice:?}");
    let mut tag = scheduling::keys::sha256_hex(text.as_bytes());
    tag.truncate(32);
    tag
}

/// The words of a notice; `None` when it is no longer true.
async fn compose(
    organizer: &CalAddress,
    notice: &Notice,
    ctx: &CourierContext,
) -> Result<Option<NoticeParts>, CourierError> {
    let account = accounts::organizer(ctx.db.as_ref(), organizer).await?;
    let language = language_of(account.as_ref());
    let mail = match notice {
        Notice::EventsReady { events } => ready(events, account.as_ref(), language, ctx).await?,
        Notice::MailRefused { subject, reason, advice, .. } => Some(refused(subject, reason, advice, language, ctx)),
        // The subject is a stranger's text to somebody who perhaps never wrote: only the claim page shows it.
        Notice::Claim { .. } => Some(claim(organizer, language, ctx)),
        Notice::Report { event } => return report_mail(organizer, event, language, ctx).await,
        Notice::Uninvited { event } => show(event, ctx).await?.and_then(|shown| uninvited(&shown, language, ctx)),
        Notice::Approval { event } => show(event, ctx).await?.and_then(|shown| approval(&shown, language, ctx)),
        Notice::Proposal { event, guest, instance } => {
            show(event, ctx).await?.and_then(|shown| proposal(&shown, guest, *instance, language, ctx))
        }
        Notice::TakeOver { event, from } => {
            show(event, ctx).await?.and_then(|shown| offered(&shown, from, organizer, language, ctx))
        }
        Notice::Imported(summary) => Some(imported(summary, account.as_ref(), language, ctx)),
        Notice::Reply { reply } => Some(answered(reply, language, ctx)),
    };
    let reply = match notice {
        Notice::MailRefused { reply, .. } | Notice::Claim { reply, .. } => reply.clone(),
        Notice::Reply { reply } => Some(reply.clone()),
        _ => None,
    };
    Ok(mail.map(|mail| NoticeParts { mail, attachments: Vec::new(), reply }))
}

/// Settings that do not decode name no language: a bad row must not stop a notice.
fn language_of(account: Option<&OrganizerRow>) -> Language {
    let settings = account.and_then(|row| serde_json::from_str::<OrganizerSettings>(&row.settings).ok());
    Language::choose(&[settings.unwrap_or_default().language.as_str()])
}

async fn show(event: &EventId, ctx: &CourierContext) -> Result<Option<Box<Shown>>, CourierError> {
    match ctx.objects.event(event, Command::Show).await {
        Ok(Reply::Shown(shown)) => Ok(Some(shown)),
        Ok(_) | Err(CommandError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn owner_page(state: &EventState, language: Language, ctx: &CourierContext) -> String {
    let link = Link::Organizer { event: state.event_id.clone(), owner: state.owner.clone() };
    let token = sign_link(&ctx.keys, &link);
    format!("{}/o/{token}{}", ctx.config.public_url, page_wish(language, '?'))
}

fn title_of(shown: &Shown, words: &Words) -> String {
    let title = shown.event.shown().map(|details| one_line(&details.summary)).unwrap_or_default();
    if title.is_empty() { words.untitled.to_owned() } else { title }
}

fn event_of(shown: &Shown, links: Vec<MailLink>, language: Language) -> Option<NoticeEvent> {
    let details = shown.event.shown()?;
    Some(NoticeEvent {
        id: shown.event.event_id.to_string(),
        title: title_of(shown, language.words()),
        when: WhenView::told(&details.start, &details.end, language).sentence(),
        place: one_line(&details.location),
        links,
    })
}

fn blank(subject: String, title: String, language: Language, ctx: &CourierContext) -> NoticeMail {
    NoticeMail::new(language, subject, title, &ctx.config.domain, &ctx.config.postal_footer)
}

async fn ready(
    events: &[EventId],
    account: Option<&OrganizerRow>,
    language: Language,
    ctx: &CourierContext,
) -> Result<Option<NoticeMail>, CourierError> {
    let words = language.words();
    let mut shown = Vec::new();
    for event in events.iter().take(LISTED_MAX) {
        shown.extend(show(event, ctx).await?);
    }
    let Some(first) = shown.first() else { return Ok(None) };
    let more = events.len().saturating_sub(LISTED_MAX);
    let total = shown.len() + more;
    let url = &ctx.config.public_url;
    let (what, title) = if total == 1 {
        (title_of(first, words), words.ready_one.to_owned())
    } else {
        let count = words.number(total);
        (fill(words.ready_events, &[("count", &count)]), fill(words.ready_many, &[("count", &count)]))
    };
    let mut mail = blank(fill(words.ready, &[("what", &what)]), title, language, ctx);
    mail.paragraphs.push(words.share.to_owned());
    mail.events = shown
        .iter()
        .filter_map(|shown| {
            let id = &shown.event.event_id;
            let links = vec![
                MailLink::new(words.invite_link, format!("{url}/event/{id}/invite")),
                // Its token is no pleasure to read, and must not be passed on by copying what is seen.
                MailLink {
                    shown: words.open_event.to_owned(),
                    ..MailLink::new(words.own_link, owner_page(&shown.event, language, ctx))
                },
            ];
            event_of(shown, links, language)
        })
        .collect();
    mail.more = more;
    if let Some(account) = account {
        mail.key = Some(MailLink::new(words.open_page, format!("{url}/s/{}", account.slug)));
    }
    Ok(Some(mail))
}

fn refused(subject: &str, reason: &str, advice: &str, language: Language, ctx: &CourierContext) -> NoticeMail {
    let words = language.words();
    let subject = one_line(subject);
    let (heading, what) = if subject.is_empty() {
        (words.not_taken_unnamed.to_owned(), words.not_usable_unnamed.to_owned())
    } else {
        let values = [("subject", subject.as_str())];
        (fill(words.not_taken, &values), fill(words.not_usable_named, &values))
    };
    let mut mail = blank(heading, words.not_usable.to_owned(), language, ctx);
    mail.paragraphs = vec![what, one_line(reason), one_line(advice)];
    mail
}

fn claim(organizer: &CalAddress, language: Language, ctx: &CourierContext) -> NoticeMail {
    let words = language.words();
    let mut mail = blank(words.claim.to_owned(), words.claim.to_owned(), language, ctx);
    let token = sign_link(&ctx.keys, &Link::Claim { organizer: organizer.clone() });
    let domain = ("domain", ctx.config.domain.as_str());
    mail.paragraphs = vec![fill(words.claim_what, &[domain]), words.claim_else.to_owned()];
    mail.key = Some(MailLink::new(
        words.claim_yes,
        format!("{}/c/{token}{}", ctx.config.public_url, page_wish(language, '?')),
    ));
    mail.why = fill(words.claim_why, &[("organizer", organizer.as_str()), domain]);
    mail
}

fn uninvited(shown: &Shown, language: Language, ctx: &CourierContext) -> Option<NoticeMail> {
    if shown.event.following || shown.event.cancelled {
        return None;
    }
    let words = language.words();
    let title = title_of(shown, words);
    let title = [("title", title.as_str())];
    let mut mail = blank(fill(words.uninvited, &title), words.uninvited_heading.to_owned(), language, ctx);
    let guests = shown.counters.attendees.saturating_sub(shown.counters.declined);
    mail.paragraphs =
        vec![fill(words.uninvited_what, &title), fill(words.uninvited_choice, &[("guests", &words.guests(guests))])];
    mail.events = event_of(shown, Vec::new(), language).into_iter().collect();
    mail.key = Some(MailLink::new(words.decide, owner_page(&shown.event, language, ctx)));
    Some(mail)
}

/// What became of a file, a long mail or a feed: figures, and each problem by name.
fn imported(
    summary: &ImportSummary,
    account: Option<&OrganizerRow>,
    language: Language,
    ctx: &CourierContext,
) -> NoticeMail {
    let words = language.words();
    let name = one_line(&summary.name);
    let name = if name.is_empty() { words.imported_unnamed } else { &name };
    let counts = &summary.counts;
    let heading = if summary.failed { words.imported_failed } else { words.imported };
    let mut mail = blank(fill(heading, &[("name", name)]), fill(heading, &[("name", name)]), language, ctx);
    if !summary.failed {
        let figures = [
            ("total", words.number(counts.total)),
            ("created", words.number(counts.created)),
            ("updated", words.number(counts.updated)),
            ("unchanged", words.number(counts.unchanged)),
            ("cancelled", words.number(counts.cancelled)),
        ];
        let figures: Vec<(&str, &str)> = figures.iter().map(|(name, figure)| (*name, figure.as_str())).collect();
        mail.paragraphs.push(fill(words.imported_figures, &figures));
        let missing = if counts.not_cancelled > 0 { words.imported_not_cancelled } else { words.imported_missing };
        for (count, phrase) in [(counts.missing, missing), (counts.held, words.imported_held)] {
            mail.paragraphs.extend((count > 0).then(|| fill(phrase, &[("count", &words.number(count))])));
        }
    }
    if counts.refused > 0 {
        mail.paragraphs.push(fill(words.imported_refused, &[("count", &words.number(counts.refused))]));
    }
    for ImportProblem { name, problem } in &summary.problems {
        let problem = if problem.is_empty() { words.imported_lost } else { problem };
        mail.paragraphs.push(match name.as_str() {
            "" => one_line(problem),
            name => fill(words.imported_problem, &[("title", &one_line(name)), ("problem", problem)]),
        });
    }
    if let Some(account) = account.filter(|_| !summary.failed) {
        mail.key = Some(MailLink::new(words.open_page, format!("{}/s/{}", ctx.config.public_url, account.slug)));
    }
    mail
}

/// An event that its owner offers him, as long as it is still his.
fn offered(
    shown: &Shown,
    from: &CalAddress,
    to: &CalAddress,
    language: Language,
    ctx: &CourierContext,
) -> Option<NoticeMail> {
    if shown.event.owner != *from {
        return None;
    }
    let words = language.words();
    let title = title_of(shown, words);
    let about = [("title", title.as_str()), ("from", from.as_str())];
    let mut mail = blank(fill(words.offered, &about), words.offered_heading.to_owned(), language, ctx);
    mail.paragraphs = vec![fill(words.offered_what, &about)];
    mail.events = event_of(shown, Vec::new(), language).into_iter().collect();
    let offer = Link::TakeOver { event: shown.event.event_id.clone(), from: from.clone(), to: to.clone() };
    let token = sign_link(&ctx.keys, &offer);
    mail.key = Some(MailLink::new(
        words.offered_open,
        format!("{}/t/{token}{}", ctx.config.public_url, page_wish(language, '?')),
    ));
    mail.why = fill(words.offered_why, &about);
    Some(mail)
}

fn approval(shown: &Shown, language: Language, ctx: &CourierContext) -> Option<NoticeMail> {
    if !shown.held {
        return None;
    }
    let words = language.words();
    let title = title_of(shown, words);
    let title = [("title", title.as_str())];
    let mut mail = blank(fill(words.held, &title), words.held_heading.to_owned(), language, ctx);
    let what = if shown.event.cancelled { words.held_cancel } else { words.held_change };
    mail.paragraphs = vec![fill(what, &title)];
    mail.events = event_of(shown, Vec::new(), language).into_iter().collect();
    mail.key = Some(MailLink::new(words.held_release, owner_page(&shown.event, language, ctx)));
    Some(mail)
}

/// A guest's proposal, as long as nobody has decided.
fn proposal(
    shown: &Shown,
    guest: &CalAddress,
    instance: Option<Timestamp>,
    language: Language,
    ctx: &CourierContext,
) -> Option<NoticeMail> {
    let is_it = |known: &&Proposal| known.guest == *guest && known.proposed.instance() == instance;
    let proposed = &shown.proposals.iter().find(is_it)?.proposed;
    let details = shown.event.shown()?;
    let (start, end) = match &proposed.recurrence_id {
        Some(date) => date_of(&shown.event, date),
        None => (details.start.clone(), details.end.clone()),
    };
    let proposal = views::mail::Proposal {
        guest: guest.to_string(),
        title: details.summary.clone(),
        proposed: WhenView::told(&proposed.start, &proposed.end, language),
        current: WhenView::told(&start, &end, language),
        comment: proposed.comment.clone(),
        decide: owner_page(&shown.event, language, ctx),
    };
    let mut mail = NoticeMail::proposal(&proposal, &ctx.config.domain, &ctx.config.postal_footer);
    mail.events = event_of(shown, Vec::new(), language).into_iter().collect();
    Some(mail)
}

/// The words around our answer to his calendar.
fn answered(reply: &OurReply, language: Language, ctx: &CourierContext) -> NoticeMail {
    let details = &reply.details;
    let when = WhenView::told(&details.start, &details.end, language);
    let Config { domain, postal_footer, .. } = ctx.config.as_ref();
    NoticeMail::reply(reply.partstat, &details.summary, &when, &reply.comment, domain, postal_footer)
}

/// The guest list as a file. Only the event's owner gets it, whoever asked.
async fn report_mail(
    organizer: &CalAddress,
    event: &EventId,
    language: Language,
    ctx: &CourierContext,
) -> Result<Option<NoticeParts>, CourierError> {
    let Some(shown) = show(event, ctx).await?.filter(|shown| shown.event.owner == *organizer) else {
        return Ok(None);
    };
    let reset = shown.event.version.reset;
    let mut lines: Vec<GuestLine> = Vec::new();
    let mut after = None;
    while lines.len() < REPORT_GUESTS_MAX {
        let command = Command::Attendees { after: after.take(), limit: GUESTS_PAGE };
        let Reply::Attendees(page) = ctx.objects.event(event, command).await? else { break };
        let Some(last) = page.last() else { break };
        after = Some(last.address.clone());
        let full = page.len() >= usize::try_from(GUESTS_PAGE).unwrap_or(usize::MAX);
        lines.extend(page.into_iter().map(|guest| GuestLine {
            status: guest.status(reset),
            email: guest.address.to_string(),
            name: guest.name,
            origin: guest.origin.as_str(),
            prodid: if guest.prodid.is_empty() { CLIENT_UNKNOWN.to_owned() } else { guest.prodid.to_lowercase() },
            comment: guest.comment,
            request_status: guest.request_status,
            instances: guest.instances,
        }));
        if !full {
            break;
        }
    }
    let words = language.words();
    let title = title_of(&shown, words);
    let title = [("title", title.as_str())];
    let counters = &shown.counters;
    let mut mail = blank(fill(words.report, &title), fill(words.report_heading, &title), language, ctx);
    mail.paragraphs = vec![
        fill(
            words.report_figures,
            &[
                ("guests", &words.guests(counters.attendees)),
                ("yes", &words.number(counters.accepted)),
                ("maybe", &words.number(counters.tentative)),
                ("no", &words.number(counters.declined)),
                ("waiting", &words.number(counters.noaction)),
            ],
        ),
        words.report_file.to_owned(),
    ];
    mail.events = event_of(&shown, Vec::new(), language).into_iter().collect();
    words.report_why.clone_into(&mut mail.why);
    let file = OutgoingAttachment {
        name: report::file_name(event.as_str()),
        content_type: "text/csv; charset=utf-8".to_owned(),
        bytes: report::csv(lines),
    };
    Ok(Some(NoticeParts { mail, attachments: vec![file], reply: None }))
}

//! Mails to an organizer: composed when they are sent, from what is true then.

use std::sync::atomic::AtomicI64;

use imip::OutgoingAttachment;
use itip::{CalAddress, EventId, Proposal, Timestamp};
use scheduling::command::{
    Command, CommandError, Fate, Notice, OrganizerCommand, OrganizerReply, OurReply, Reply, Shown,
};
use scheduling::keys::{Link, sign_link};
use store::accounts::{self, OrganizerRow};
use store::directory::CLIENT_UNKNOWN;
use views::api::GuestLine;
use views::mail::{MailLink, NoticeEvent, NoticeMail, one_line};
use views::report;
use views::when::WhenView;

use crate::batch::{count, permit, send_one};
use crate::compose::{NoticeParts, notice_mail};
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
    let mail = match notice {
        Notice::EventsReady { events } => ready(events, account.as_ref(), ctx).await?,
        Notice::MailRefused { subject, reason, advice, .. } => Some(refused(subject, reason, advice, ctx)),
        // The subject is a stranger's text to somebody who perhaps never wrote: only the claim page shows it.
        Notice::Claim { .. } => Some(claim(organizer, ctx)),
        Notice::Report { event } => return report_mail(organizer, event, ctx).await,
        Notice::Uninvited { event } => show(event, ctx).await?.and_then(|shown| uninvited(&shown, ctx)),
        Notice::Approval { event } => show(event, ctx).await?.and_then(|shown| approval(&shown, ctx)),
        Notice::Proposal { event, guest, instance } => {
            show(event, ctx).await?.and_then(|shown| proposal(&shown, guest, *instance, ctx))
        }
        Notice::Reply { reply } => Some(answered(reply, ctx)),
    };
    let reply = match notice {
        Notice::MailRefused { reply, .. } | Notice::Claim { reply, .. } => reply.clone(),
        Notice::Reply { reply } => Some(reply.clone()),
        _ => None,
    };
    Ok(mail.map(|mail| NoticeParts { mail, attachments: Vec::new(), reply }))
}

async fn show(event: &EventId, ctx: &CourierContext) -> Result<Option<Box<Shown>>, CourierError> {
    match ctx.objects.event(event, Command::Show).await {
        Ok(Reply::Shown(shown)) => Ok(Some(shown)),
        Ok(_) | Err(CommandError::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn link(label: &str, href: String) -> MailLink {
    let shown = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://")).unwrap_or(&href).to_owned();
    MailLink { label: label.to_owned(), href, shown }
}

fn owner_page(event: &EventId, ctx: &CourierContext) -> String {
    let token = sign_link(&ctx.keys, &Link::Organizer { event: event.clone() });
    format!("{}/o/{token}", ctx.config.public_url)
}

fn title_of(shown: &Shown) -> String {
    let title = shown.event.shown().map(|details| one_line(&details.summary)).unwrap_or_default();
    if title.is_empty() { "Event".to_owned() } else { title }
}

fn event_of(shown: &Shown, links: Vec<MailLink>) -> Option<NoticeEvent> {
    let details = shown.event.shown()?;
    Some(NoticeEvent {
        id: shown.event.event_id.to_string(),
        title: title_of(shown),
        when: WhenView::new(&details.start, &details.end).sentence(),
        place: one_line(&details.location),
        links,
    })
}

fn blank(subject: String, title: String, ctx: &CourierContext) -> NoticeMail {
    NoticeMail {
        subject,
        title,
        paragraphs: Vec::new(),
        events: Vec::new(),
        more: 0,
        key: None,
        why: format!("You get this mail because you sent calendar mail to create@{0}.", ctx.config.domain),
        postal: ctx.config.postal_footer.clone(),
    }
}

async fn ready(
    events: &[EventId],
    account: Option<&OrganizerRow>,
    ctx: &CourierContext,
) -> Result<Option<NoticeMail>, CourierError> {
    let mut shown = Vec::new();
    for event in events.iter().take(LISTED_MAX) {
        shown.extend(show(event, ctx).await?);
    }
    let Some(first) = shown.first() else { return Ok(None) };
    let more = events.len().saturating_sub(LISTED_MAX);
    let total = shown.len() + more;
    let url = &ctx.config.public_url;
    let (subject, title) = if total == 1 {
        let title = title_of(first);
        (format!("Ready: {title}"), "Your event is ready".to_owned())
    } else {
        (format!("Ready: {total} events"), format!("{total} of your events are ready"))
    };
    let mut mail = blank(subject, title, ctx);
    mail.paragraphs.push(
        "Share the invite link in a newsletter, on a page or in a message: whoever opens it gets a calendar \
         invitation by mail. Change or cancel in your calendar; everybody who said Yes or Maybe is told."
            .to_owned(),
    );
    mail.events = shown
        .iter()
        .filter_map(|shown| {
            let id = &shown.event.event_id;
            event_of(
                shown,
                vec![
                    link("Invite link", format!("{url}/event/{id}/invite")),
                    // Its token is no pleasure to read, and must not be passed on by copying what is seen.
                    MailLink {
                        shown: "open your event".to_owned(),
                        ..link("Facts, figures, report", owner_page(id, ctx))
                    },
                ],
            )
        })
        .collect();
    mail.more = more;
    if let Some(account) = account {
        mail.key = Some(link("Open your page", format!("{url}/s/{}", account.slug)));
    }
    Ok(Some(mail))
}

fn quoted(subject: &str) -> String {
    let subject = one_line(subject);
    if subject.is_empty() { "Your mail without a subject".to_owned() } else { format!("Your mail “{subject}”") }
}

fn refused(subject: &str, reason: &str, advice: &str, ctx: &CourierContext) -> NoticeMail {
    let line = one_line(subject);
    let heading = if line.is_empty() { "Not taken: your mail".to_owned() } else { format!("Not taken: {line}") };
    let mut mail = blank(heading, "Your mail could not be used".to_owned(), ctx);
    mail.paragraphs = vec![format!("{} could not be used.", quoted(subject)), one_line(reason), one_line(advice)];
    mail
}

fn claim(organizer: &CalAddress, ctx: &CourierContext) -> NoticeMail {
    let mut mail = blank("Is this mail yours?".to_owned(), "Is this mail yours?".to_owned(), ctx);
    let token = sign_link(&ctx.keys, &Link::Claim { organizer: organizer.clone() });
    mail.paragraphs = vec![
        format!(
            "A calendar mail in your name reached create@{}, but your mail server did not prove that it comes from \
             you. Nothing is published until you say so.",
            ctx.config.domain
        ),
        "If you did not send it, there is nothing to do: it is deleted after seven days.".to_owned(),
    ];
    mail.key = Some(link("Yes, it is mine", format!("{}/c/{token}", ctx.config.public_url)));
    mail.why = format!("Somebody who writes as {organizer} sent mail to create@{}.", ctx.config.domain);
    mail
}

fn uninvited(shown: &Shown, ctx: &CourierContext) -> Option<NoticeMail> {
    if shown.event.following || shown.event.cancelled {
        return None;
    }
    let title = title_of(shown);
    let mut mail = blank(format!("Cancel for your guests? {title}"), "Is this event off?".to_owned(), ctx);
    let guests = shown.counters.attendees.saturating_sub(shown.counters.declined);
    mail.paragraphs = vec![
        format!(
            "You took us off the guest list of “{title}”, while the event itself seems to go on. \
             Nobody has been told anything, and later changes no longer reach us."
        ),
        format!("If it is off, cancel it for its {}; if it goes on, there is nothing to do.", people(guests)),
    ];
    mail.events = event_of(shown, Vec::new()).into_iter().collect();
    mail.key = Some(link("Decide", owner_page(&shown.event.event_id, ctx)));
    Some(mail)
}

fn approval(shown: &Shown, ctx: &CourierContext) -> Option<NoticeMail> {
    if !shown.held {
        return None;
    }
    let title = title_of(shown);
    let mut mail = blank(format!("Waiting for you: {title}"), "A change waits for you".to_owned(), ctx);
    let what = if shown.event.cancelled { "The cancellation" } else { "A change" };
    mail.paragraphs =
        vec![format!("{what} of “{title}” is on your page, but its guests are told only when you release it.")];
    mail.events = event_of(shown, Vec::new()).into_iter().collect();
    mail.key = Some(link("Look and release", owner_page(&shown.event.event_id, ctx)));
    Some(mail)
}

/// A guest's proposal, as long as nobody has decided.
fn proposal(
    shown: &Shown,
    guest: &CalAddress,
    instance: Option<Timestamp>,
    ctx: &CourierContext,
) -> Option<NoticeMail> {
    let is_it = |known: &&Proposal| known.guest == *guest && known.proposed.instance() == instance;
    let proposed = &shown.proposals.iter().find(is_it)?.proposed;
    let title = title_of(shown);
    let mut mail = blank(format!("Another time? {title}"), "A guest proposes another time".to_owned(), ctx);
    let (was, would) = (
        proposed.recurrence_id.as_ref().map(|id| WhenView::new(&id.when, &id.when).sentence()),
        WhenView::new(&proposed.start, &proposed.end).sentence(),
    );
    let which = was.map(|was| format!(" of {was}")).unwrap_or_default();
    mail.paragraphs.push(format!("{guest} proposes another time for “{title}”{which}: {would}."));
    if !proposed.comment.is_empty() {
        mail.paragraphs.push(format!("The comment: “{}”", one_line(&proposed.comment)));
    }
    mail.paragraphs.push(
        "Nothing has changed. If you agree, also move the event in your own calendar: what you send from there next          counts for everybody."
            .to_owned(),
    );
    mail.events = event_of(shown, Vec::new()).into_iter().collect();
    mail.key = Some(link("Accept or decline", owner_page(&shown.event.event_id, ctx)));
    Some(mail)
}

/// The words around our answer to his calendar.
fn answered(reply: &OurReply, ctx: &CourierContext) -> NoticeMail {
    let title = one_line(&reply.details.summary);
    let mut mail = blank(format!("Accepted: {title}"), format!("Accepted: {title}"), ctx);
    mail.paragraphs = vec!["This answer is for your calendar; there is nothing to do.".to_owned()];
    mail
}

fn people(count: u32) -> String {
    if count == 1 { "one guest".to_owned() } else { format!("{count} guests") }
}

/// The guest list as a file. Only the event's owner gets it, whoever asked.
async fn report_mail(
    organizer: &CalAddress,
    event: &EventId,
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
    let title = title_of(&shown);
    let counters = &shown.counters;
    let mut mail = blank(format!("Guest list: {title}"), format!("Guest list of {title}"), ctx);
    mail.paragraphs = vec![
        format!(
            "{}: {} said Yes, {} Maybe, {} No, {} have not answered.",
            people(counters.attendees),
            counters.accepted,
            counters.tentative,
            counters.declined,
            counters.noaction
        ),
        "The attached file opens in any spreadsheet.".to_owned(),
    ];
    mail.events = event_of(&shown, Vec::new()).into_iter().collect();
    mail.why = String::from("You get this mail because the guest list of your event was asked for.");
    let file = OutgoingAttachment {
        name: report::file_name(event.as_str()),
        content_type: "text/csv; charset=utf-8".to_owned(),
        bytes: report::csv(lines),
    };
    Ok(Some(NoticeParts { mail, attachments: vec![file], reply: None }))
}

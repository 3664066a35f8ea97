//! A leased mail's bytes, from the event as it is now. Pure: a repeat of a mail is byte for byte the same.

use imip::{ListUnsubscribe, Mailbox, OutgoingAttachment, OutgoingCalendar, OutgoingMail};
use itip::{CalAddress, EventState, Method, PartStat, Timestamp};
use scheduling::command::{Lease, MailJob};
use scheduling::keys::{Keys, Link, reply_address, sign_link};
use scheduling::settings::Config;
use views::mail::{GuestMail, NoticeMail, Occasion, one_line};
use views::when::WhenView;

/// PRODID of everything we write.
const PRODID: &str = "-//Convoke//Convoke//EN";
/// Who a notice comes from.
const OUR_NAME: &str = "Convoke";

/// A guest's mail.
pub(crate) fn guest_mail(lease: &Lease, job: &MailJob, config: &Config, keys: &Keys) -> Result<Vec<u8>, String> {
    let event = &lease.event;
    let details = event.shown().ok_or("the event has nothing to show")?;
    let organizer = organizer_name(event);
    let id = event.event_id.clone();
    let answer = sign_link(keys, &Link::Answer { event: id.clone(), guest: job.guest.clone() });
    let leave = sign_link(keys, &Link::Unsubscribe { event: id.clone(), guest: job.guest.clone() });
    let unsubscribe = format!("{}/u/{leave}", config.public_url);
    let text = views::mail::guest_mail(&GuestMail {
        occasion: occasion(job),
        organizer: organizer.clone(),
        title: details.summary.clone(),
        when: WhenView::new(&details.start, &details.end),
        repeats: repeats(event),
        place: details.location.clone(),
        url: details.url.clone(),
        description: details.description.clone(),
        description_html: details.description_html.clone(),
        answered: answer_word(job.partstat).to_owned(),
        answers: ["yes", "maybe", "no"].map(|word| format!("{}/r/{answer}?answer={word}", config.public_url)),
        unsubscribe: unsubscribe.clone(),
        guest: job.guest.to_string(),
        domain: config.domain.clone(),
        postal: config.postal_footer.clone(),
    })?;
    let guest_name = one_line(&job.name);
    let organizer_address = reply_address(keys, config.reply_address, &config.domain, &id, &job.guest);
    let calendar = imip::calendar_text(&OutgoingCalendar {
        method: job.method,
        prodid: PRODID,
        uid: id.as_str(),
        sequence: job.sequence,
        dtstamp: job.dtstamp,
        organizer_address: &organizer_address,
        organizer_name: &organizer,
        attendee: &job.guest,
        attendee_name: &guest_name,
        partstat: job.partstat,
        details: event.details.as_ref(),
        overrides: &event.overrides,
        created: event.created,
        last_modified: event.last_modified,
        alarm_minutes: lease.settings.alarm_minutes,
        cancelled: event.cancelled,
        comment: None,
    });
    let reply_to = lease.settings.reply_to.then(|| Mailbox { name: organizer.clone(), address: event.owner.clone() });
    let mail = OutgoingMail {
        from: Mailbox { name: organizer, address: notification(config)? },
        to: Mailbox { name: guest_name, address: job.guest.clone() },
        reply_to,
        subject: text.subject,
        text: text.text,
        html: text.html,
        calendar: Some((job.method, calendar)),
        attachments: Vec::new(),
        message_id: format!("{}@{}", job.key, config.domain),
        date: job.dtstamp,
        list_unsubscribe: Some(ListUnsubscribe {
            https: unsubscribe,
            mailto: format!("mailto:unsubscribe@{}?subject={leave}", config.domain),
        }),
        // An out-of-office note in answer would reach the organizer through Reply-To.
        auto_submitted: true,
        boundary_seed: job.key.clone(),
    };
    Ok(imip::compose(&mail))
}

/// Our own From.
pub(crate) fn notification(config: &Config) -> Result<CalAddress, String> {
    CalAddress::parse(&format!("notification@{}", config.domain)).map_err(|error| error.to_string())
}

/// A notice's mail.
pub(crate) fn notice_mail(
    mail: &NoticeMail,
    organizer: &CalAddress,
    attachments: Vec<OutgoingAttachment>,
    key: &str,
    now: Timestamp,
    config: &Config,
) -> Result<Vec<u8>, String> {
    let text = views::mail::notice_mail(mail)?;
    let mail = OutgoingMail {
        from: Mailbox { name: OUR_NAME.to_owned(), address: notification(config)? },
        to: Mailbox { name: String::new(), address: organizer.clone() },
        reply_to: None,
        subject: text.subject,
        text: text.text,
        html: text.html,
        calendar: None,
        attachments,
        message_id: format!("{key}@{}", config.domain),
        date: now,
        list_unsubscribe: None,
        auto_submitted: true,
        boundary_seed: key.to_owned(),
    };
    Ok(imip::compose(&mail))
}

fn occasion(job: &MailJob) -> Occasion {
    match (job.method, job.update, job.partstat) {
        (Method::Cancel, _, _) => Occasion::Cancel,
        (_, false, _) => Occasion::Invitation,
        (_, true, PartStat::NeedsAction) => Occasion::AskAgain,
        (_, true, _) => Occasion::Update,
    }
}

fn answer_word(partstat: PartStat) -> &'static str {
    match partstat {
        PartStat::Accepted => "Yes",
        PartStat::Tentative => "Maybe",
        PartStat::Declined => "No",
        PartStat::NeedsAction | PartStat::Delegated => "",
    }
}

/// The name a guest sees. An address in a display name looks like forgery to mail programs.
fn organizer_name(event: &EventState) -> String {
    let written = one_line(&event.organizer.name);
    let name = if written.is_empty() { event.owner.as_str() } else { &written };
    let name = name.split('@').next().unwrap_or_default().trim();
    if name.is_empty() { event.owner.local_part().to_owned() } else { name.chars().take(80).collect() }
}

/// How an event repeats, as far as one line can tell; the calendar entry has every date.
fn repeats(event: &EventState) -> String {
    let Some(details) = &event.details else { return String::new() };
    if !details.recurrence.is_series() {
        return String::new();
    }
    let rule = details.recurrence.rrule.as_deref().unwrap_or_default().to_ascii_uppercase();
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let every = matches!(part("INTERVAL"), None | Some("1"));
    let text = match part("FREQ") {
        Some("DAILY") if every => "Repeats every day",
        Some("WEEKLY") if every => "Repeats every week",
        Some("MONTHLY") if every => "Repeats every month",
        Some("YEARLY") if every => "Repeats every year",
        _ => "Repeats",
    };
    let rest = if event.overrides.is_empty() { "" } else { ", with exceptions" };
    format!("{text}{rest}; the calendar entry has all dates")
}

//! A leased mail's bytes, from the event as it is now. Pure: a repeat of a mail is byte for byte the same.

use imip::{ListUnsubscribe, Mailbox, OutgoingAttachment, OutgoingCalendar, OutgoingMail};
use itip::{
    CalAddress, EventDetails, EventState, EventStatus, Field, Method, Override, OverrideState, PartStat, RecurrenceId,
    Timestamp, When,
};
use scheduling::command::{Lease, MailJob, OurReply};
use scheduling::keys::{Keys, Link, reply_address, sign_link};
use scheduling::settings::Config;
use views::mail::{Change, GuestMail, NoticeMail, Occasion, one_line};
use views::when::WhenView;
use views::words::{Language, Words};

/// PRODID of everything we write.
const PRODID: &str = "-//Convoke//Convoke//EN";
/// Who a notice comes from.
const OUR_NAME: &str = "Convoke";

/// A mail that is ready to leave.
pub(crate) struct Letter {
    /// Its From, which SES compares with what it is told.
    pub from: CalAddress,
    /// Its bytes.
    pub raw: Vec<u8>,
}

impl Letter {
    fn of(mail: &OutgoingMail) -> Self {
        Self { from: mail.from.address.clone(), raw: imip::compose(mail) }
    }
}

/// The language of a mail for the page behind its link. English is also written to who never said what he reads; there
/// his browser knows better.
pub(crate) fn page_wish(language: Language, mark: char) -> String {
    if language == Language::default() { String::new() } else { format!("{mark}lang={}", language.words().tag) }
}

/// A guest's mail.
pub(crate) fn guest_mail(lease: &Lease, job: &MailJob, config: &Config, keys: &Keys) -> Result<Letter, String> {
    let event = &lease.event;
    // Off are only dates that the series never had: there is nothing to cancel, and the whole is still true.
    let whole = MailJob { method: Method::Request, instances: Vec::new(), ..job.clone() };
    let job = if cancels_nothing(event, job) { &whole } else { job };
    let organizer = organizer_name(event);
    let language = Language::choose(&[&job.language, &lease.settings.language]);
    let words = language.words();
    let about = about(event, job, language).ok_or("the event has nothing to show")?;
    let details = about.details;
    let id = event.event_id.clone();
    let answer = sign_link(keys, &Link::Answer { event: id.clone(), guest: job.guest.clone() });
    let leave = sign_link(keys, &Link::Unsubscribe { event: id.clone(), guest: job.guest.clone() });
    // A mail about one date asks about that date.
    let date = match job.instances.as_slice() {
        [instance] => format!("&date={}", instance.0),
        _ => String::new(),
    };
    let unsubscribe = format!("{}/u/{leave}", config.public_url);
    let (wish, and_wish) = (page_wish(language, '?'), page_wish(language, '&'));
    let text = views::mail::guest_mail(&GuestMail {
        occasion: occasion(job),
        organizer: organizer.clone(),
        title: details.summary.clone(),
        tentative: details.status == EventStatus::Tentative,
        when: WhenView::told(&about.start, &about.end, language),
        repeats: repeats(event, words),
        further: about.further,
        place: details.location.clone(),
        url: details.url.clone(),
        meeting: String::new(),
        changes: about.changes,
        description: details.description.clone(),
        description_html: details.description_html.clone(),
        answered: partstat(job),
        answers: ["yes", "maybe", "no"]
            .map(|word| format!("{}/r/{answer}?answer={word}{date}{and_wish}", config.public_url)),
        unsubscribe: format!("{unsubscribe}{wish}"),
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
        sequence: event.version.sequence,
        order: job.order,
        organizer_address: &organizer_address,
        organizer_name: &organizer,
        attendee: &job.guest,
        attendee_name: &guest_name,
        partstat: job.partstat,
        instance_partstats: &job.instance_partstats,
        delegated_from: job.delegated_from.as_ref(),
        details: event.details.as_ref(),
        overrides: &event.overrides,
        instances: &job.instances,
        created: event.created,
        last_modified: event.last_modified,
        alarm_minutes: lease.settings.alarm_minutes,
        cancelled: event.cancelled,
        comment: job.proposal.is_some().then_some(words.keeps_time),
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
        date: job.order.dtstamp,
        list_unsubscribe: Some(ListUnsubscribe {
            https: unsubscribe,
            mailto: format!("mailto:unsubscribe@{}?subject={leave}", config.domain),
        }),
        // An out-of-office note in answer would reach the organizer through Reply-To.
        auto_submitted: true,
        boundary_seed: job.key.clone(),
    };
    Ok(Letter::of(&mail))
}

fn cancels_nothing(event: &EventState, job: &MailJob) -> bool {
    let is_date = |instance: &Timestamp| {
        let id = event.exception(*instance).map(|exception| &exception.recurrence_id.when);
        id.is_some_and(|id| imip::find_instance(event.details.as_ref(), &[], id).is_some())
    };
    job.method == Method::Cancel && !job.instances.is_empty() && !job.instances.iter().any(is_date)
}

/// Our own From.
fn notification(config: &Config) -> Result<CalAddress, String> {
    CalAddress::parse(&format!("notification@{}", config.domain)).map_err(|error| error.to_string())
}

/// A notice's words, and what goes with them.
pub(crate) struct NoticeParts {
    /// The words.
    pub mail: NoticeMail,
    /// Files.
    pub attachments: Vec<OutgoingAttachment>,
    /// Our answer to his calendar: then the mail comes from the mailbox that he invited (RFC 6047 section 2.3).
    pub reply: Option<Box<OurReply>>,
}

/// A notice's mail.
pub(crate) fn notice_mail(
    parts: NoticeParts,
    organizer: &CalAddress,
    key: &str,
    now: Timestamp,
    config: &Config,
) -> Result<Letter, String> {
    let NoticeParts { mail, attachments, reply } = parts;
    let text = views::mail::notice_mail(&mail)?;
    let mail = OutgoingMail {
        from: Mailbox {
            name: OUR_NAME.to_owned(),
            address: match &reply {
                Some(reply) => reply.attendee.clone(),
                None => notification(config)?,
            },
        },
        to: Mailbox { name: String::new(), address: organizer.clone() },
        reply_to: None,
        subject: text.subject,
        text: text.text,
        html: text.html,
        calendar: reply.map(|reply| (Method::Reply, reply_text(&reply))),
        attachments,
        message_id: format!("{key}@{}", config.domain),
        date: now,
        list_unsubscribe: None,
        auto_submitted: true,
        boundary_seed: key.to_owned(),
    };
    Ok(Letter::of(&mail))
}

/// Our REPLY as calendar text (RFC 5546 section 3.2.3).
fn reply_text(reply: &OurReply) -> String {
    // The organizer knows his event; only what identifies it goes back to him.
    let details = EventDetails {
        description: String::new(),
        description_html: String::new(),
        url: String::new(),
        categories: Vec::new(),
        image: String::new(),
        ..reply.details.as_ref().clone()
    };
    let instant = reply.recurrence_id.as_ref().map(RecurrenceId::instant);
    let overrides: Vec<Override> = reply
        .recurrence_id
        .iter()
        .map(|id| Override::new(id.clone(), reply.order, OverrideState::Changed(Box::new(details.clone()))))
        .collect();
    imip::calendar_text(&OutgoingCalendar {
        method: Method::Reply,
        prodid: PRODID,
        uid: &reply.uid,
        sequence: reply.order.sequence,
        order: reply.order,
        organizer_address: reply.organizer.address.as_str(),
        organizer_name: &one_line(&reply.organizer.name),
        attendee: &reply.attendee,
        attendee_name: OUR_NAME,
        partstat: reply.partstat,
        instance_partstats: &[],
        delegated_from: None,
        details: instant.is_none().then_some(&details),
        overrides: &overrides,
        instances: instant.as_slice(),
        created: reply.order.dtstamp,
        last_modified: reply.order.dtstamp,
        alarm_minutes: None,
        cancelled: false,
        comment: (!reply.comment.is_empty()).then_some(reply.comment.as_str()),
    })
}

/// What the guest says of the date that the mail speaks of alone, else of the whole.
fn partstat(job: &MailJob) -> PartStat {
    let apart = match job.instances.as_slice() {
        [instance] => job.instance_partstats.iter().find(|(when, _)| when.instant() == *instance),
        _ => None,
    };
    apart.map_or(job.partstat, |(_, partstat)| *partstat)
}

fn occasion(job: &MailJob) -> Occasion {
    let of_dates = !job.instances.is_empty();
    match (job.method, job.update, job.partstat) {
        (Method::DeclineCounter, ..) => Occasion::ProposalDeclined,
        (Method::Cancel, ..) if job.removed => Occasion::Removed,
        (Method::Cancel, ..) if of_dates => Occasion::DateCancelled,
        (Method::Cancel, ..) => Occasion::Cancel,
        (_, false, _) => Occasion::Invitation,
        (_, true, _) if of_dates => Occasion::DateChanged,
        (_, true, PartStat::NeedsAction) => Occasion::AskAgain,
        (_, true, _) => Occasion::Update,
    }
}

/// What a mail speaks of: the event, or single dates of it.
struct About<'a> {
    /// Of the event, or of the first date.
    details: &'a EventDetails,
    start: When,
    end: When,
    /// The dates after the first.
    further: Vec<String>,
    changes: Vec<Change>,
}

fn about<'a>(event: &'a EventState, job: &MailJob, language: Language) -> Option<About<'a>> {
    let declined = job.proposal.as_ref().and_then(|proposal| proposal.proposed.recurrence_id.as_ref());
    let mut dates = job.instances.iter().filter_map(|instance| exception_of(event, *instance));
    let Some(first) = dates.next() else {
        let details = event.shown()?;
        let changes = job.changed.iter().copied().map(Change::from).collect();
        let (start, end) = match declined {
            Some(date) => date_of(event, date),
            None => (details.start.clone(), details.end.clone()),
        };
        return Some(About { details, start, end, further: Vec::new(), changes });
    };
    let told = |date: &RecurrenceId| {
        let (start, end) = date_of(event, date);
        WhenView::told(&start, &end, language).sentence()
    };
    let (start, end) = date_of(event, &first.recurrence_id);
    Some(About {
        details: details_of(first).or_else(|| event.shown())?,
        further: dates.map(|exception| told(&exception.recurrence_id)).collect(),
        changes: changes_of_date(event, first, language),
        start,
        end,
    })
}

fn exception_of(event: &EventState, instance: Timestamp) -> Option<&Override> {
    event.overrides.iter().find(|known| known.recurrence_id.instant() == instance)
}

fn details_of(exception: &Override) -> Option<&EventDetails> {
    match &exception.state {
        OverrideState::Changed(details) => Some(details),
        OverrideState::Cancelled => None,
    }
}

/// When a date of a series takes place, or would have: without an exception only its start is known.
pub(crate) fn date_of(event: &EventState, date: &RecurrenceId) -> (When, When) {
    match exception_of(event, date.instant()).and_then(details_of) {
        Some(details) => (details.start.clone(), details.end.clone()),
        None => (date.when.clone(), date.when.clone()),
    }
}

/// How a date differs from its series.
fn changes_of_date(event: &EventState, exception: &Override, language: Language) -> Vec<Change> {
    let (Some(master), Some(details)) = (&event.details, details_of(exception)) else { return Vec::new() };
    let id = &exception.recurrence_id;
    let moved = (details.start.instant() != id.instant())
        .then(|| Change { field: Field::Time, was: WhenView::told(&id.when, &id.when, language).sentence() });
    let others = master.diff(details).into_iter().filter_map(|field| {
        let was = match field {
            // Another date than the master's is what makes it a date.
            Field::Time | Field::Recurrence => return None,
            Field::Location => master.location.clone(),
            Field::Summary => master.summary.clone(),
            Field::Url | Field::Description | Field::Status => String::new(),
        };
        Some(Change { field, was })
    });
    moved.into_iter().chain(others).collect()
}

/// The name a guest sees. An address in a display name looks like forgery to mail programs.
fn organizer_name(event: &EventState) -> String {
    let written = one_line(&event.organizer.name);
    let name = if written.is_empty() { event.owner.as_str() } else { &written };
    let name = name.split('@').next().unwrap_or_default().trim();
    if name.is_empty() { event.owner.local_part().to_owned() } else { name.chars().take(80).collect() }
}

/// How an event repeats; empty if it does not.
fn repeats(event: &EventState, words: &Words) -> String {
    match &event.details {
        Some(details) if details.recurrence.is_series() => {
            words.repeats(details.recurrence.rrule.as_deref().unwrap_or_default(), !event.overrides.is_empty())
        }
        _ => String::new(),
    }
}

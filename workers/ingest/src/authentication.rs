//! Whether the domain of a mail's From stands for it: steps (a) to (c) of the owner ladder (decision 5).
//!
//! (a) A DKIM signature of the From domain's organization, verified here over the raw bytes. (b) `dmarc=pass` of a
//! receiver that we trust. (c) His `dmarc=fail`, or more than one author: rejected.
//!
//! What he says is read first, because it costs nothing: his pass and ours mean the same. His fail beats a signature that
//! verifies here. The two cannot both be honest, and he has seen more: the domain's policy, the connection, the mail
//! before anybody rewrote it. A missing or broken signature is no verdict: lists and forwarders break them every day.

use dkim::{Candidate, Message, organizational_domain, signatures, wants_strict_alignment};
use imip::{AuthVerdict, Defect, InboundMail, MailKind};
use itip::{CalAddress, EventId};
use scheduling::keys::is_reply_token;
use scheduling::ports::DnsError;

use crate::MailContext;
use crate::mailbox::Mailbox;
use crate::organizer_mail::is_addressed_to_us;
use crate::sender::Sender;

/// Keys that are asked for because of one mail. A domain that changes its algorithm signs with two.
const KEY_LOOKUPS_MAX: usize = 3;

/// The verdict on a mail. Nothing is asked where it could not change what becomes of the mail.
pub(crate) async fn verdict(mailbox: &Mailbox, raw: &[u8], mail: &InboundMail, ctx: &MailContext) -> AuthVerdict {
    let said = imip::authentication(raw, ctx.config.trusted_authserv_id.as_deref());
    if said != AuthVerdict::None {
        return said;
    }
    match author(mail) {
        Some(from) if needs_proof(mailbox, from, mail, ctx) && is_signed_by(from, raw, mail, ctx).await => {
            AuthVerdict::Pass
        }
        _ => AuthVerdict::None,
    }
}

/// The one mailbox of the one From field.
fn author(mail: &InboundMail) -> Option<&CalAddress> {
    match mail.from.as_slice() {
        [from] if mail.from_header_count == 1 && mail.from_mailbox_count == 1 => Some(from),
        _ => None,
    }
}

/// Whether it matters who wrote the mail.
fn needs_proof(mailbox: &Mailbox, from: &CalAddress, mail: &InboundMail, ctx: &MailContext) -> bool {
    mail.kind == MailKind::Personal
        && match mailbox {
            Mailbox::Create => !from.domain().eq_ignore_ascii_case(&ctx.config.domain),
            Mailbox::Rsvp { token } => mail.calendar.is_ok() && !token.as_ref().is_some_and(|t| proves(t, mail, ctx)),
            // Believed because of a signed link, or refused.
            Mailbox::Unsubscribe | Mailbox::Notification | Mailbox::Bulk | Mailbox::Unknown => false,
        }
}

/// Whether the token in the recipient's address is that of every guest whose answer this is.
fn proves(token: &str, mail: &InboundMail, ctx: &MailContext) -> bool {
    mail.calendar.iter().flatten().all(|message| {
        let mut guests = message.components.iter().flat_map(|component| &component.attendees).peekable();
        guests.peek().is_some()
            && EventId::parse(&message.uid.0.trim().to_ascii_lowercase())
                .is_some_and(|event| guests.all(|guest| is_reply_token(&ctx.keys, token, &event, &guest.address)))
    })
}

async fn is_signed_by(from: &CalAddress, raw: &[u8], mail: &InboundMail, ctx: &MailContext) -> bool {
    let Ok(message) = Message::parse(raw) else { return false };
    let now = u64::try_from(ctx.clock.now().0).unwrap_or(0);
    let found = signatures(&message, from.domain(), now).unwrap_or_default();
    for candidate in found.into_iter().flatten().take(KEY_LOOKUPS_MAX) {
        if covers(&candidate, mail, ctx) && is_valid(&candidate, ctx).await && is_allowed(&candidate, from, ctx).await {
            return true;
        }
    }
    false
}

/// Whether all that will be acted upon is signed: the signed fields and the body, read alone, say the same as the whole
/// mail. So nothing that was added or replaced on the way, and nothing that two readers may read differently, can speak
/// in the author's name: no second Content-Type, no Reply-To behind iCloud's address, no calendar between header fields.
/// A calendar that stands in a text counts as quoted: an answer to a stranger's letter must not speak in his words.
fn covers(candidate: &Candidate<'_>, mail: &InboundMail, ctx: &MailContext) -> bool {
    imip::read_mail_with(&candidate.signed_message(), &ctx.charsets).is_ok_and(|signed| {
        Sender::of(&signed, AuthVerdict::Pass) == Sender::of(mail, AuthVerdict::Pass)
            && signed.calendar == mail.calendar
            && signed.attachments == mail.attachments
            && signed.subject == mail.subject
            && is_addressed_to_us(&signed, &ctx.config.domain) == is_addressed_to_us(mail, &ctx.config.domain)
            && !signed.defects.contains(&Defect::CalendarInText)
    })
}

/// Whether the signature is right. DNS that does not answer proves nothing, like a key that does not exist.
async fn is_valid(candidate: &Candidate<'_>, ctx: &MailContext) -> bool {
    let Ok(records) = ctx.dns.txt(&candidate.key_name()).await else { return false };
    match candidate.check(&records) {
        Ok(signature) => ctx.signatures.verify(&signature).await,
        Err(_) => false,
    }
}

/// Whether the author's domain lets its organization sign for it: DMARC's `adkim`, which is the organization's where the
/// domain says nothing (RFC 7489 section 6.6.3). A domain's own signature needs no permission.
async fn is_allowed(candidate: &Candidate<'_>, from: &CalAddress, ctx: &MailContext) -> bool {
    if candidate.domain() == from.domain() {
        return true;
    }
    for domain in [Some(from.domain()), organizational_domain(from.domain())].into_iter().flatten() {
        match ctx.dns.txt(&format!("_dmarc.{domain}")).await {
            Ok(records) => {
                if let Some(strict) = wants_strict_alignment(&records) {
                    return !strict;
                }
            }
            Err(DnsError::NotFound) => {}
            Err(DnsError::Unavailable(_)) => return false,
        }
    }
    true
}

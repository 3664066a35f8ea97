//! What is read out of mails and files in the shape of the big clients, asserted in full.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use imip::{Defect, InboundMail, MailKind, read_calendar_events, read_mail};
use itip::{Component, InvitedAttendee, ItipMessage, Organizer, When, Zone};

fn mail(name: &str) -> InboundMail {
    read_mail(&std::fs::read(common::fixtures("mail").join(name)).unwrap()).unwrap()
}

fn file(name: &str) -> imip::CalendarReading {
    read_calendar_events(&std::fs::read(common::fixtures("ics").join(name)).unwrap()).unwrap()
}

fn show_when(when: &When) -> String {
    match when {
        When::Date(date) => date.format("%Y-%m-%d").to_string(),
        When::At(moment) => {
            let utc = chrono::DateTime::from_timestamp(moment.instant.0, 0).unwrap().format("%Y-%m-%d %H:%MZ");
            let zone = match &moment.zone {
                Zone::Utc => "UTC".to_owned(),
                Zone::Floating => "floating".to_owned(),
                Zone::Iana(name) => name.clone(),
                Zone::Custom { tzid, .. } => format!("custom {tzid}"),
            };
            format!("{} {zone} = {utc}", moment.local.format("%Y-%m-%d %H:%M"))
        }
    }
}

fn show_organizer(organizer: &Organizer) -> String {
    let email = organizer.email.as_ref().map(|email| format!(" is {email}")).unwrap_or_default();
    format!("{} ({}){email}", organizer.address, organizer.name)
}

fn show_attendee(attendee: &InvitedAttendee) -> String {
    format!("{} ({}) {}", attendee.address, attendee.name, attendee.partstat.as_str())
}

fn show_component(component: &Component) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(id) = &component.recurrence_id {
        lines.push(format!("instance: {}", show_when(&id.when)));
    }
    lines.push(format!("order: {} / {}", component.order.sequence.0, component.order.dtstamp.0));
    lines.extend(component.organizer.iter().map(|organizer| format!("organizer: {}", show_organizer(organizer))));
    lines.extend(component.attendees.iter().map(|attendee| format!("attendee: {}", show_attendee(attendee))));
    if let Some(details) = &component.details {
        lines.push(format!("from: {}", show_when(&details.start)));
        lines.push(format!("to: {}", show_when(&details.end)));
        let texts = [
            ("summary", &details.summary),
            ("location", &details.location),
            ("description", &details.description),
            ("html", &details.description_html),
            ("url", &details.url),
        ];
        let said = texts.iter().filter(|(_, text)| !text.is_empty());
        lines.extend(said.map(|(name, text)| format!("{name}: {}", text.replace('\n', "|"))));
        lines.extend(details.recurrence.rrule.iter().map(|rule| format!("rule: {rule}")));
        lines.extend(details.recurrence.exdate.iter().map(|date| format!("except: {}", show_when(date))));
    }
    if !component.comment.is_empty() {
        lines.push(format!("comment: {}", component.comment));
    }
    lines
}

fn show_message(message: &ItipMessage) -> String {
    let mut lines = vec![format!("{} {} by {}", message.method.as_str(), message.uid.0, message.prodid)];
    lines.extend(message.components.iter().flat_map(show_component));
    lines.join("\n")
}

/// The only message of a mail, against the expected lines; indentation does not count.
#[track_caller]
fn check(mail: &InboundMail, expected: &str) {
    let messages = mail.calendar.as_ref().unwrap();
    assert_eq!(messages.len(), 1);
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(show_message(&messages[0]), expected.join("\n"));
}

#[test]
fn google_invitation() {
    let mail = mail("google-invite.eml");
    assert_eq!(mail.kind, MailKind::Personal);
    assert_eq!(mail.from[0].as_str(), "tickets@example.com");
    assert_eq!(mail.from_name, "Season Tickets");
    assert_eq!(mail.sender.as_ref().unwrap().as_str(), "calendar-notification@google.com");
    assert_eq!(mail.text, "You have been invited to Opening night.");
    assert_eq!(mail.attachments, []);
    assert_eq!(mail.defects, [Defect::RepeatedCalendar]);
    check(
        &mail,
        "REQUEST 7kukuqrfedlm2f9t0opening@google.com by -//Google Inc//Google Calendar 70.9054//EN
        order: 0 / 1772788500
        organizer: tickets@example.com (Season Tickets)
        attendee: create@invites.example.org (create@invites.example.org) NEEDS-ACTION
        attendee: tickets@example.com (tickets@example.com) ACCEPTED
        from: 2026-04-10 19:00 America/New_York = 2026-04-10 23:00Z
        to: 2026-04-10 21:00 America/New_York = 2026-04-11 01:00Z
        summary: Opening night
        location: Town Hall, 1 Main Street
        description: Doors open at 18:30.
        html: Doors open at 18:30.
        url: https://meet.google.com/aaa-bbbb-ccc",
    );
}

#[test]
fn cyrus_counts_0_and_1_as_one_number_in_what_its_organizers_say_and_nobody_else_does() {
    let sequence = |prodid: &str, method: &str, sequence: u32| {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{prodid}\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:a\r\n\
             DTSTAMP:20270601T120000Z\r\nSEQUENCE:{sequence}\r\nDTSTART:20270702T190500Z\r\n\
             ORGANIZER:mailto:o@choir.example\r\nATTENDEE:mailto:create@convoke.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        read_calendar_events(text.as_bytes()).unwrap().messages[0].components[0].order.sequence.0
    };
    let cyrus = "-//CyrusIMAP.org/Cyrus 3.6.1-Debian-3.6.1-4+deb12u5//EN";
    for method in ["REQUEST", "CANCEL"] {
        assert_eq!([0, 1, 2].map(|n| sequence(cyrus, method, n)), [1, 1, 2], "{method}");
        assert_eq!([0, 1].map(|n| sequence("-//Example//Calendar//EN", method, n)), [0, 1], "{method}");
    }
    // The number of an answer is that of the invitation.
    assert_eq!(sequence(cyrus, "REPLY", 0), 0);
}

#[test]
fn google_updates_only_dtstamp_and_cancels_with_the_next_sequence() {
    let order = |name: &str| mail(name).calendar.unwrap().remove(0).components.remove(0).order;
    let (invite, update) = (order("google-invite.eml"), order("google-update-same-sequence.eml"));
    let cancel = order("google-cancel.eml");
    assert_eq!(invite.sequence, update.sequence);
    assert!(invite < update && update < cancel);
}

#[test]
fn google_reply() {
    check(
        &mail("google-reply-accepted.eml"),
        "REPLY 0123456789abcdef0123456789abcdef01234567 by -//Google Inc//Google Calendar 70.9054//EN
        order: 0 / 1772798400
        organizer: rsvp+k3x7@invites.example.org (Season Tickets)
        attendee: guest.one@example.net (guest.one@example.net) ACCEPTED
        from: 2026-04-10 23:00 UTC = 2026-04-10 23:00Z
        to: 2026-04-11 01:00 UTC = 2026-04-11 01:00Z
        summary: Opening night",
    );
}

#[test]
fn google_labels_a_counter_proposal_as_a_reply() {
    let mail = mail("google-counter-labelled-reply.eml");
    assert!(mail.defects.contains(&Defect::MethodMismatch));
    check(
        &mail,
        "COUNTER 0123456789abcdef0123456789abcdef01234567 by -//Google Inc//Google Calendar 70.9054//EN
        order: 0 / 1772802000
        organizer: rsvp+k3x7@invites.example.org ()
        attendee: guest.one@example.net (Guest One) TENTATIVE
        from: 2026-04-11 23:00 UTC = 2026-04-11 23:00Z
        to: 2026-04-12 01:00 UTC = 2026-04-12 01:00Z
        summary: Opening night
        comment: Saturday would suit us better",
    );
}

#[test]
fn exchange_series_in_a_windows_zone() {
    let mail = mail("exchange-invite.eml");
    assert_eq!(mail.from_name, "Müller Events");
    assert_eq!(mail.language.as_deref(), Some("de-DE"));
    assert_eq!(mail.text, "Wir freuen uns auf Sie. Grüße");
    check(
        &mail,
        "REQUEST 040000008200E00074C5B7101A82E00800000000F0A1B2C3D4E5DC01000000000000000010000000AABBCCDDEEFF00112233445566778899 by Microsoft Exchange Server 2010
        order: 3 / 1773043200
        organizer: events@example.de (Müller Events)
        attendee: create@invites.example.org (create@invites.example.org) NEEDS-ACTION
        from: 2026-03-24 18:00 Europe/Berlin = 2026-03-24 17:00Z
        to: 2026-03-24 20:00 Europe/Berlin = 2026-03-24 19:00Z
        summary: Jahresempfang – Größe XL
        location: Saal 1; Hauptstraße 5
        description: Wir freuen uns auf Sie.|________________________________|Microsoft Teams-Besprechung|Klicken Sie hier<https://teams.microsoft.com/l/meetup-join/19%3aexample>
        html: Wir freuen uns auf Sie.<br>________________________________<br>Microsoft Teams-Besprechung<br>Klicken Sie hier&lt;<a href=\"https://teams.microsoft.com/l/meetup-join/19%3aexample\" rel=\"noopener noreferrer nofollow\">https://teams.microsoft.com/l/meetup-join/19%3aexample</a>&gt;
        url: https://teams.microsoft.com/l/meetup-join/19%3aexample
        rule: FREQ=WEEKLY;COUNT=4;INTERVAL=1;BYDAY=TU;WKST=MO
        except: 2026-03-31 18:00 Europe/Berlin = 2026-03-31 16:00Z",
    );
}

#[test]
fn exchange_cancels_one_instance() {
    check(
        &mail("exchange-cancel-instance.eml"),
        "CANCEL 040000008200E00074C5B7101A82E00800000000F0A1B2C3D4E5DC01000000000000000010000000AABBCCDDEEFF00112233445566778899 by Microsoft Exchange Server 2010
        instance: 2026-04-07 18:00 Europe/Berlin = 2026-04-07 16:00Z
        order: 4 / 1773129600
        organizer: events@example.de (Müller Events)
        attendee: create@invites.example.org (create@invites.example.org) NEEDS-ACTION
        from: 2026-04-07 18:00 Europe/Berlin = 2026-04-07 16:00Z
        to: 2026-04-07 20:00 Europe/Berlin = 2026-04-07 18:00Z
        summary: Abgesagt: Jahresempfang – Größe XL",
    );
}

#[test]
fn exchange_leaves_the_organizer_out_of_a_reply() {
    let mail = mail("exchange-reply-without-organizer.eml");
    assert_eq!(mail.subject, "Accepté: Jahresempfang");
    check(
        &mail,
        "REPLY 0123456789abcdef0123456789abcdef01234567 by Microsoft Exchange Server 2010
        order: 2 / 1773048600
        attendee: guest.two@example.fr (Guest Two) ACCEPTED
        from: 2026-03-24 18:00 Europe/Berlin = 2026-03-24 17:00Z
        to: 2026-03-24 20:00 Europe/Berlin = 2026-03-24 19:00Z
        summary: Accepté: Jahresempfang
        comment: Avec plaisir",
    );
}

#[test]
fn outlook_zone_that_only_its_rules_explain() {
    let mail = mail("outlook-custom-zone.eml");
    check(
        &mail,
        "REQUEST studio-day-1@example.com by Microsoft Exchange Server 2010
        order: 1 / 1773043200
        organizer: studio@example.com (Studio Booking)
        attendee: create@invites.example.org (create@invites.example.org) NEEDS-ACTION
        from: 2026-07-01 09:00 custom Customized Time Zone 1 = 2026-07-01 07:00Z
        to: 2026-07-01 17:00 custom Customized Time Zone 1 = 2026-07-01 15:00Z
        summary: Studio day
        description: Bring shoes.
        html: <p>Bring <b>shoes</b>.</p>",
    );
    let Some(When::At(start)) =
        mail.calendar.unwrap()[0].components[0].details.as_ref().map(|details| details.start.clone())
    else {
        panic!("a time was expected");
    };
    let Zone::Custom { vtimezone, .. } = start.zone else { panic!("a custom zone was expected") };
    assert!(
        vtimezone.starts_with("BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone 1\r\n")
            && vtimezone.ends_with("END:VTIMEZONE\r\n")
    );
}

#[test]
fn apple_whole_days_stay_whole_days() {
    check(
        &mail("ios-invite.eml"),
        "REQUEST B1A2C3D4-0000-4000-8000-000000000001 by -//Apple Inc.//iPhone OS 18.3//EN
        order: 0 / 1773133200
        organizer: club@example.com (Club Calendar) is club@example.com
        attendee: club@example.com (Club Calendar) ACCEPTED
        attendee: create@invites.example.org () NEEDS-ACTION
        from: 2026-06-20
        to: 2026-06-22
        summary: Summer party 🎉
        location: Lake House|Shore Road 3",
    );
}

#[test]
fn icloud_hides_people_behind_a_relay() {
    let mail = mail("icloud-invite.eml");
    assert_eq!(mail.subject, "Choir invited you to “May concert”.");
    assert_eq!(mail.reply_to.as_ref().unwrap().as_str(), "2_gezdgnbvgy3tqojq@imip.me.com");
    check(
        &mail,
        "REQUEST 1C2D3E4F-0000-4000-8000-000000000003 by -//Apple Inc.//iCloud Web Calendar//EN
        order: 0 / 1773219600
        organizer: 2_gezdgnbvgy3tqojq@imip.me.com (Choir) is choir@example.com
        attendee: choir@example.com (Choir) ACCEPTED
        attendee: create@invites.example.org () NEEDS-ACTION
        from: 2026-05-01 20:00 Europe/Paris = 2026-05-01 18:00Z
        to: 2026-05-01 21:30 Europe/Paris = 2026-05-01 19:30Z
        summary: May concert
        url: https://example.com/may",
    );
    assert_eq!(mail.text, "May concert\nChoir invited you. Reply (https://www.icloud.com/calendar)");
}

#[test]
fn apple_replies_for_one_instance_from_an_address_that_is_no_mailbox() {
    check(
        &mail("macos-reply-declined.eml"),
        "REPLY 0123456789abcdef0123456789abcdef01234567 by -//Apple Inc.//macOS 15.3//EN
        instance: 2026-04-07 16:00 UTC = 2026-04-07 16:00Z
        order: 1 / 1773140400
        organizer: rsvp@invites.example.org (Club Calendar)
        attendee: guest.three@example.com (Guest Three) DECLINED
        from: 2026-04-07 16:00 UTC = 2026-04-07 16:00Z
        to: 2026-04-07 18:00 UTC = 2026-04-07 18:00Z
        summary: Summer party",
    );
}

#[test]
fn reports_answers_and_lists_are_told_from_people() {
    for (name, kind, reason) in [
        ("bounce-with-our-request.eml", MailKind::Bounce, "no-calendar"),
        ("out-of-office.eml", MailKind::AutoReply, "no-calendar"),
        ("newsletter.eml", MailKind::List, "no-calendar"),
        ("winmail.eml", MailKind::Personal, "winmail-dat"),
    ] {
        let mail = mail(name);
        assert_eq!((mail.kind, mail.calendar.unwrap_err().as_str()), (kind, reason), "{name}");
    }
}

#[test]
fn the_calendar_is_found_wherever_it_lies() {
    let uid = |mail: &InboundMail| mail.calendar.as_ref().unwrap()[0].uid.0.clone();
    for (name, expected, defect) in [
        ("signed-invite.eml", "7kukuqrfedlm2f9t0opening@google.com", None),
        ("forwarded-invite.eml", "7kukuqrfedlm2f9t0opening@google.com", Some(Defect::CalendarInForwardedMail)),
        ("octet-stream-attachment.eml", "export-1@example.com", Some(Defect::NoMethod)),
        ("headers-run-into-calendar.eml", "0123456789abcdef0123456789abcdef01234567", Some(Defect::CalendarInText)),
    ] {
        let mail = mail(name);
        assert_eq!(uid(&mail), expected, "{name}");
        assert!(defect.is_none_or(|defect| mail.defects.contains(&defect)), "{name}: {:?}", mail.defects);
    }
    let files = mail("octet-stream-attachment.eml").attachments;
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["guests.csv"]);
    assert_eq!(files[0].content_type, "text/csv");
}

#[test]
fn a_feed_gives_a_message_for_each_event() {
    let reading = file("google-series-with-exceptions.ics");
    let shown: Vec<String> = reading.messages.iter().map(show_message).collect();
    assert_eq!(
        shown.join("\n"),
        "PUBLISH series-1@google.com by -//Google Inc//Google Calendar 70.9054//EN\n\
         order: 2 / 1772366400\n\
         from: 2026-03-02 19:00 America/New_York = 2026-03-03 00:00Z\n\
         to: 2026-03-02 21:00 America/New_York = 2026-03-03 02:00Z\n\
         summary: Rehearsal\n\
         description: Bring your score (https://example.com/score)||- pencil|- water\n\
         html: <p>Bring your <a href=\"https://example.com/score\" rel=\"noopener noreferrer nofollow\">score</a></p>\
         <ul><li>pencil</li><li>water</li></ul>\n\
         rule: FREQ=WEEKLY;UNTIL=20260427T035959Z;BYDAY=MO\n\
         except: 2026-03-09 19:00 America/New_York = 2026-03-09 23:00Z\n\
         instance: 2026-03-16 19:00 America/New_York = 2026-03-16 23:00Z\n\
         order: 3 / 1772366400\n\
         from: 2026-03-17 18:00 America/New_York = 2026-03-17 22:00Z\n\
         to: 2026-03-17 20:00 America/New_York = 2026-03-18 00:00Z\n\
         summary: Rehearsal (Tuesday)\n\
         PUBLISH single-1@google.com by -//Google Inc//Google Calendar 70.9054//EN\n\
         order: 0 / 1772366400\n\
         from: 2026-05-01\n\
         to: 2026-05-02\n\
         summary: Holiday, closed"
    );
}

#[test]
fn a_feed_without_uids_keeps_its_events_apart() {
    let reading = file("feed-without-uids.ics");
    let uids: std::collections::BTreeSet<_> = reading.messages.iter().map(|message| &message.uid).collect();
    assert_eq!(uids.len(), 3);
    assert!(reading.defects.contains(&Defect::NoUid));
}

#[test]
fn zones_are_known_by_what_outlook_shows_and_never_guessed() {
    let reading = file("outlook-display-zones.ics");
    let starts: Vec<String> = reading
        .messages
        .iter()
        .map(|message| show_when(&message.components[0].details.as_ref().unwrap().start))
        .collect();
    assert_eq!(
        starts,
        [
            "2026-07-01 12:00 America/New_York = 2026-07-01 16:00Z",
            "2026-07-01 12:00 Europe/Warsaw = 2026-07-01 10:00Z",
            "2026-07-01 12:00 UTC = 2026-07-01 12:00Z",
            "2026-07-01 12:00 America/New_York = 2026-07-01 16:00Z",
        ]
    );
    let refused: Vec<_> = reading.refused.iter().map(|(uid, reason)| (uid.0.as_str(), reason.as_str())).collect();
    assert_eq!(refused, [("zone-5", "unknown-zone")]);
}

#[test]
fn a_file_that_is_broken_in_many_ways_is_still_read() {
    let reading = file("broken-in-many-ways.ics");
    assert_eq!(
        show_message(&reading.messages[0]),
        "PUBLISH broken-1 by -//Old//Export\n\
         order: 0 / 0\n\
         attendee: guest.one@example.net (Guest: One) NEEDS-ACTION\n\
         from: 2026-04-01 10:00 Europe/Zurich = 2026-04-01 08:00Z\n\
         to: 2026-04-01 11:30 Europe/Zurich = 2026-04-01 09:30Z\n\
         summary: Café central\n\
         description: first line|second line without a fold\n\
         html: first line<br>second line without a fold"
    );
    for defect in [Defect::NotUtf8, Defect::BadNesting, Defect::BadLine, Defect::BadAttendee, Defect::NoDtStamp] {
        assert!(reading.defects.contains(&defect), "{defect:?}");
    }
}

//! Every phrase that a person reads in a mail or on a page, once per language. A further language is a file beside [`en`] and a
//! line in the list below; a phrase that it lacks does not compile, a placeholder that it lacks does not pass the
//! tests.

use std::fmt;

use itip::PartStat;

/// Declares [`Words`] with the names of its phrases, so that tests can go through all of them.
macro_rules! words {
    ($($(#[$doc:meta])* $phrase:ident,)*) => {
        /// A language. `{name}` in a phrase is filled in by [`fill`]; the order of placeholders is the language's own.
        #[derive(Debug)]
        pub struct Words {
            /// The primary subtag of BCP 47, also for `<html lang>`.
            pub tag: &'static str,
            /// For `<html dir>`: `ltr` or `rtl`.
            pub direction: &'static str,
            /// 19:05 rather than 7:05 pm.
            pub clock_24: bool,
            /// Monday first.
            pub weekdays: [&'static str; 7],
            /// The same for narrow columns.
            pub weekdays_short: [&'static str; 7],
            /// January first.
            pub months: [&'static str; 12],
            /// The same for narrow columns.
            pub months_short: [&'static str; 12],
            /// Cities whose own name here differs from that of their zone, which is English.
            pub cities: &'static [(&'static str, &'static str)],
            $($(#[$doc])* pub $phrase: &'static str,)*
        }

        impl Words {
            /// Every phrase with its name.
            pub fn phrases(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($phrase), self.$phrase),)*]
            }
        }
    };
}

/// Declares the languages: a module and a name each.
macro_rules! languages {
    ($($(#[$doc:meta])* $name:ident: $file:ident,)*) => {
        $(mod $file;)*

        /// A language that we write.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Language {
            $($(#[$doc])* $name,)*
        }

        impl Language {
            /// Every language.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its words.
            pub fn words(self) -> &'static Words {
                match self {
                    $(Self::$name => &$file::WORDS,)*
                }
            }
        }
    };
}

languages! {
    /// English, and what is written where no other language is known.
    #[default]
    En: en,
    /// Spanish.
    Es: es,
}

words! {
    // Numbers.
    /// What parts the thousands of a number.
    thousands,

    // Dates and times.
    /// Where there is room: a mail's text.
    date_long,
    /// In a mail's subject.
    date_subject,
    /// In a narrow column; no year.
    date_short,
    /// The same for who hears it: nothing is cut short.
    date_aloud,
    /// A month's heading.
    month_year,
    /// Of dates, and of clock times.
    from_to,
    /// In place of a clock time.
    all_day,
    /// A zone named by its city.
    zone_of_city,
    /// A rule that has no simpler words.
    repeats,
    /// FREQ=DAILY.
    repeats_daily,
    /// FREQ=WEEKLY.
    repeats_weekly,
    /// FREQ=MONTHLY.
    repeats_monthly,
    /// FREQ=YEARLY.
    repeats_yearly,
    /// Some dates of a series differ.
    with_exceptions,
    /// Where the dates of a series are found.
    dates_in_calendar,

    // Answers.
    /// PARTSTAT=ACCEPTED.
    yes,
    /// PARTSTAT=TENTATIVE.
    maybe,
    /// PARTSTAT=DECLINED.
    no,

    // Around every page, and in its head.
    /// A language and a country, as `OpenGraph` has them.
    locale,
    /// The first link, for the keyboard.
    skip_to_content,
    /// The second, where there is something to send.
    skip_to_sending,
    /// The foot of a page; `convoke` is a link.
    made_by,
    /// A number of events; see [`Words::events`].
    event_one,
    /// The same.
    event_many,
    /// STATUS:TENTATIVE.
    state_tentative,
    /// STATUS:CANCELLED.
    state_cancelled,
    /// An event that was announced for another time.
    state_moved,
    /// In place of a place that only guests are told.
    place_in_invitation,
    /// In a page's twin for programs: how the calendar is subscribed to.
    twin_subscribe,
    /// The calendar as a file.
    twin_file,
    /// Where an invitation is asked for.
    twin_invitation,
    /// Whose event it is.
    twin_organizer,
    /// CATEGORIES.
    twin_categories,
    /// Heading of the further dates of a series.
    twin_dates,

    // A guest's mail: why he gets it, as the first word of the subject and as the opening.
    /// The subject; `what` is title, date and place.
    marked,
    /// An event without a title.
    untitled,
    /// A title of an event that is not certain.
    tentative_title,
    /// Mark of an invitation.
    mark_invitation,
    /// Mark of a change.
    mark_update,
    /// Mark of a cancellation.
    mark_cancel,
    /// Mark of a change of one date of a series.
    mark_date_changed,
    /// Mark of a date that does not take place.
    mark_date_off,
    /// Mark for a guest who is taken off the list.
    mark_removed,
    /// Mark for a guest whose COUNTER was declined.
    mark_proposal_declined,
    /// Opening of an invitation.
    opening_invitation,
    /// Opening of a change that leaves answers as they are.
    opening_update,
    /// Opening of a change that asks again.
    opening_ask_again,
    /// Opening of a cancellation.
    opening_cancel,
    /// Opening of a change of one date.
    opening_date_changed,
    /// Opening of a cancellation of one date.
    opening_date_off,
    /// Mark of a change of several dates.
    mark_dates_changed,
    /// Mark of several dates that do not take place.
    mark_dates_off,
    /// Opening of a change of several dates.
    opening_dates_changed,
    /// Opening of a cancellation of several dates.
    opening_dates_off,
    /// Opening for a guest who is taken off the list.
    opening_removed,
    /// Opening for a guest whose COUNTER was declined.
    opening_proposal_declined,

    // What changed.
    /// The time.
    new_time,
    /// The place.
    new_place,
    /// The title.
    new_title,
    /// The URL.
    new_link,
    /// There is no place any more.
    no_place,
    /// There is no URL any more.
    no_link,
    /// The description.
    new_description,
    /// The dates of a series.
    new_dates,
    /// STATUS is CONFIRMED now.
    now_certain,
    /// STATUS is TENTATIVE now.
    now_tentative,
    /// What it was before.
    was,

    // The timetable of a mail, and what is below it.
    /// Label of the time.
    when,
    /// Label of the place.
    place,
    /// Label of the URL.
    link,
    /// Label of the meeting's link.
    meeting,
    /// Label of the state.
    state,
    /// The state of an event that is not certain.
    tentative,
    /// The question above the answers.
    will_you_come,
    /// The answer that counts.
    answered,
    /// The other way to answer.
    answer_in_calendar,
    /// What happens after a cancellation.
    entry_goes,
    /// What happens after a date was called off.
    date_goes,
    /// Who brought an invitation, and how.
    invited_by,
    /// Who caused a mail that invites to nothing.
    sent_by,
    /// Link to no more mail.
    unsubscribe,
    /// Link to the same page, for who was invited by somebody else.
    not_asked,

    // Notices to organizers.
    /// Why an organizer gets notices.
    why_organizer,
    /// An event's id.
    event_id,
    /// Events that are not listed.
    more_events,
    /// Subject: an event is ready.
    ready,
    /// Heading: one event is ready.
    ready_one,
    /// Subject: several are.
    ready_events,
    /// Heading: several are.
    ready_many,
    /// What to do with a link.
    share,
    /// Label of an event's invitation link.
    invite_link,
    /// Label of the organizer's own link.
    own_link,
    /// What is shown of it.
    open_event,
    /// Button to the organizer's page.
    open_page,
    /// Subject: a mail that was of no use.
    not_taken,
    /// The same, of a mail without a subject.
    not_taken_unnamed,
    /// Heading of it.
    not_usable,
    /// Which mail it was.
    not_usable_named,
    /// The same, of a mail without a subject.
    not_usable_unnamed,
    /// Subject and heading of a claim.
    claim,
    /// What happened.
    claim_what,
    /// What if it was not he.
    claim_else,
    /// Button.
    claim_yes,
    /// Why he gets a claim.
    claim_why,
    /// Subject and heading: a file, a long mail or a feed was taken.
    imported,
    /// The same where nothing of it could be used.
    imported_failed,
    /// In place of its name.
    imported_unnamed,
    /// How many events were in it, and what became of them.
    imported_figures,
    /// Events that an earlier edition had.
    imported_missing,
    /// They were to be called off, which is doubtful.
    imported_not_cancelled,
    /// Changes that wait.
    imported_held,
    /// How many were not taken.
    imported_refused,
    /// One that was not taken.
    imported_problem,
    /// Why, where it is our fault.
    imported_lost,
    /// Subject: we were taken off the guest list.
    uninvited,
    /// Heading of it.
    uninvited_heading,
    /// What happened.
    uninvited_what,
    /// What to do; `guests` is [`Words::guests`].
    uninvited_choice,
    /// Button.
    decide,
    /// Subject: a change waits for a release.
    held,
    /// Heading of it.
    held_heading,
    /// A held change.
    held_change,
    /// A held cancellation.
    held_cancel,
    /// Button.
    held_release,
    /// Subject: an event is offered to him.
    offered,
    /// Heading of it.
    offered_heading,
    /// What it means.
    offered_what,
    /// Button.
    offered_open,
    /// Why he gets it.
    offered_why,
    /// One guest.
    guest_one,
    /// Several.
    guest_many,
    /// Subject of a report.
    report,
    /// Heading of it.
    report_heading,
    /// Its figures.
    report_figures,
    /// About the file.
    report_file,
    /// Why he gets it.
    report_why,
    /// Subject: a guest's COUNTER.
    proposal,
    /// Heading of it.
    proposal_heading,
    /// What he proposes.
    proposal_what,
    /// His COMMENT.
    comment,
    /// What follows from it.
    proposal_choice,
    /// Button.
    proposal_decide,
    /// COMMENT of a DECLINECOUNTER.
    keeps_time,

    // What was wrong with an organizer's mail, and what helps.
    /// No calendar in the mail.
    refused_no_calendar,
    /// Outlook's own format.
    refused_winmail,
    /// Encrypted mail.
    refused_encrypted,
    /// An empty calendar part.
    refused_empty,
    /// Text that is no calendar.
    refused_not_a_calendar,
    /// A calendar without events.
    refused_no_event,
    /// A message without UID.
    refused_no_uid,
    /// An event without a start.
    refused_no_start,
    /// A date that cannot be read.
    refused_bad_date,
    /// A zone that nobody knows.
    refused_unknown_zone,
    /// A rule that is not understood.
    refused_recurrence,
    /// Too many bytes, lines or events.
    refused_too_large,
    /// Nested too deeply.
    refused_too_deep,
    /// A METHOD that nobody knows.
    refused_unknown_method,
    /// A REPLY to create@.
    refused_reply,
    /// A COUNTER to create@.
    refused_counter,
    /// Another method to create@.
    refused_method,
    /// An ADD to nothing known.
    refused_unknown_series,
    /// Somebody else's event.
    refused_stranger,
    /// `{organizer}`; `{events}` is [`Words::events`].
    refused_of_another,
    /// A suspended account.
    refused_suspended,
    /// What to do in Outlook.
    advice_winmail,
    /// How to make an event.
    advice_no_calendar,
    /// How to name a zone.
    advice_zone,
    /// How to be readable.
    advice_encrypted,
    /// How to repeat.
    advice_recurrence,
    /// How to be smaller.
    advice_smaller,
    /// Try again.
    advice_again,
    /// Where answers go.
    advice_answer,
    /// Send the whole.
    advice_whole,
    /// Whose it is.
    advice_stranger,
    /// Whom to ask.
    advice_suspended,

    // The text of a calendar REPLY of ours.
    /// Who is to read it.
    reply_note,
    /// Subject and text of PARTSTAT=ACCEPTED.
    reply_accepted,
    /// Of PARTSTAT=TENTATIVE.
    reply_tentative,
    /// Of PARTSTAT=DECLINED.
    reply_declined,
    /// Of PARTSTAT=NEEDS-ACTION and DELEGATED, which say nothing yet.
    reply_waiting,

    // The page of an organizer, and the one after it.
    /// Label of the box in plain words.
    find_events,
    /// What can be written into it.
    find_hint,
    /// Its button.
    find,
    /// What an address in it does.
    find_note,
    /// While typing: pressing Enter asks in plain words.
    find_asks,
    /// Label of the quick filters.
    narrow,
    /// Games on the page's own ground.
    at_home,
    /// Games elsewhere.
    away,
    /// Saturdays and Sundays.
    weekends,
    /// Only events with an offer.
    with_offers,
    /// Label of the choice of teams.
    team,
    /// No team in particular.
    all_teams,
    /// Label of the choice of months.
    month_label,
    /// No month in particular.
    all_months,
    /// Button: apply the quick filters.
    show,
    /// Away with all filters.
    show_all,
    /// Link to the events that have no room on a page: `{day}`.
    later_events,
    /// Label of the list of months.
    months_of,
    /// Link to the first day that is not over.
    to_today,
    /// Shown, and all.
    found_of,
    /// Ticks what is shown.
    tick_all,
    /// Ticks a month's events.
    tick_month,
    /// Takes a month's ticks away.
    untick_month,
    /// Takes all ticks away.
    untick_all,
    /// Removes a part of the filter.
    without,
    /// Label of the list of these parts.
    understood,
    /// A part of a filter: the other side.
    chip_against,
    /// The same: a first day or time.
    chip_from,
    /// The same: a time of day.
    chip_before,
    /// The same: a word.
    chip_word,
    /// The same: a name or word that is not wanted.
    chip_not,
    /// The same.
    only_games,
    /// The same.
    not_cancelled,
    /// Of one slot where a person gets one.
    said_sent_slot,
    /// Folded away.
    earlier_one,
    /// The same.
    earlier_many,
    /// Marks a day.
    today,
    /// Marks an event that was announced for another time.
    moved,
    /// The same for who hears it, with the other time.
    moved_aloud,
    /// Further dates of a series.
    then,
    /// The last day of an event of several days.
    until_day,
    /// The reader's own time; written by the script.
    your_time,
    /// Link to an event's own page.
    details,
    /// Marks an offer.
    updated_today,
    /// A link without words of its own.
    link_tickets,
    /// The same.
    link_shop,
    /// The same.
    link_parking,
    /// The same.
    link_watch,
    /// The same.
    link_more,
    /// Before anything is ticked.
    tick_some,
    /// The same for slots.
    choose_time,
    /// How many are ticked.
    ticked_one,
    /// The same.
    ticked_many,
    /// Of them, outside of what is shown.
    ticked_elsewhere,
    /// Label of the address.
    your_email,
    /// In the empty field.
    email_example,
    /// Keeps the address.
    remember,
    /// The one button.
    send_invitations,
    /// After a question with an address in it.
    ready_to_send,
    /// Heading of a page without events.
    no_events,
    /// What will be there.
    no_events_yet,
    /// A word of a question was taken for another.
    searched_for,
    /// Ticks as many as one submission takes.
    tick_first,
    /// Not all of them are ticked; `all` could be.
    ticked_part,
    /// In a later go, which of them are.
    ticked_next,
    /// Leads to the first of these.
    to_ticked,
    /// After a go that did not take all.
    not_all_sent,
    /// Ticks what an earlier submission had no room for.
    tick_rest,
    /// Heading where a filter leaves nothing.
    nothing_found,
    /// What to do then.
    nothing_found_what,
    /// Link to the feed.
    subscribe,
    /// The same with a filter.
    subscribe_view,
    /// Link to a file of the same.
    download,
    /// Said when the page changes by itself.
    just_changed_one,
    /// The same.
    just_changed_many,
    /// Said where an open page is no longer right.
    page_changed,
    /// Loads it again.
    show_changes,
    /// Of slots of which a person gets one.
    one_per_person,
    /// The address is missing.
    no_address,
    /// A mail program left its placeholder.
    not_filled_in,
    /// It is none.
    not_an_address,
    /// Nothing is ticked.
    tick_one_first,
    /// Too many are.
    tick_at_most,
    /// Title of the page after sending.
    on_its_way,
    /// Its heading.
    sent_none,
    /// The same; `address` is masked.
    sent_one,
    /// The same.
    sent_many,
    /// Of one event: fine.
    said_sent,
    /// Of one event: not.
    said_cancelled,
    /// The same.
    said_past,
    /// The same.
    said_full,
    /// The same.
    said_failed,
    /// The same.
    said_another_time,
    /// Of events that the page does not have.
    said_gone,
    /// Where to look; `organizer` and `sender` are marked up.
    look_for,
    /// What happens to those who have it.
    sent_twice,
    /// Mail cannot be called back.
    how_to_stop,
    /// The way back.
    back_to_page,
    /// The page in this language, named in it.
    in_language,

    // The page of one event, cards, and parts of other sites.
    /// The state of an event that is over.
    over,
    /// The state of an event that takes nobody any more.
    full,
    /// Link to a map.
    on_the_map,
    /// Above the title of an invitation.
    invites_you,
    /// The one button.
    send_me,
    /// What comes of it.
    send_me_note,
    /// While the button is pressed for the reader.
    sending,
    /// Link to a file, for who gives no address.
    add_by_file,
    /// Link to the feed of one event.
    follow_event,
    /// Link that writes a mail about it.
    pass_on,
    /// Button that shares or copies the address.
    share_link,
    /// After it.
    link_copied,
    /// Heading: further dates of a series.
    other_dates,
    /// Under them.
    invitation_has_all,
    /// Heading of the description.
    about_event,
    /// Heading: further events.
    more_of,
    /// Link to an organizer's page.
    whole_page,
    /// In a part of another site, when nothing answers.
    embed_failed,

    // A guest's pages: after an invitation was asked for, his answer, no more mail.
    /// Above the title, after an invitation was asked for.
    asked_for,
    /// Heading where nobody says to whom.
    sent_unnamed,
    /// First step; `organizer` and `sender` are marked up.
    sent_look,
    /// Second step; the answers are marked up.
    sent_press,
    /// Third step.
    sent_follows,
    /// What if not.
    sent_nothing,
    /// Above the title of a question.
    asks_you,
    /// In place of an answer.
    no_answer,
    /// After an answer.
    answer_taken,
    /// For who is no guest.
    not_on_list,
    /// A link alone does not answer.
    press_again,
    /// Title of the page that stops mail.
    leave_title,
    /// Its heading.
    leave_heading,
    /// What it means; `guest` is marked up.
    leave_what,
    /// Button; `organizer` is marked up.
    leave_organizer,
    /// Button.
    leave_all,
    /// In place of an organizer's name.
    leave_unnamed,
    /// Heading afterwards.
    left_organizer,
    /// The same for everybody.
    left_all,
    /// What it means; `guest` is marked up.
    left_what,

    // An organizer's pages: a mail that is held, an event that changes hands.
    /// Heading.
    claim_ask,
    /// What happened; `address` is marked up.
    claim_held,
    /// Heading where nothing is held.
    claim_none,
    /// Why not; `address` is marked up.
    claim_none_what,
    /// Heading afterwards.
    claimed,
    /// What follows; `address` is marked up.
    claimed_what,
    /// In place of a subject.
    no_subject,
    /// Above the title.
    your_event,
    /// Above the title; `from` is marked up.
    offered_by,
    /// Button.
    take_over,
    /// What it means; both are marked up.
    take_over_what,
    /// What if not.
    take_over_else,
    /// Afterwards.
    taken_over,
    /// What it means; both are marked up.
    taken_over_what,
    /// Too late.
    offer_over,

    // An owner's view of his event.
    /// A change waits for a release.
    owner_held,
    /// Button.
    owner_release,
    /// Heading: we are no longer a guest.
    owner_uninvited,
    /// What to do.
    owner_uninvited_what,
    /// Button; `guests` is [`Words::guests`].
    owner_cancel,
    /// Button of a proposal.
    owner_accept,
    /// The other one.
    owner_decline,
    /// Afterwards.
    owner_accepted,
    /// The same.
    owner_declined,
    /// Under it.
    owner_move_too,
    /// A proposal that is too old.
    owner_gone,
    /// Label of his page.
    owner_page,
    /// Label of the event's id.
    owner_id,
    /// Label of the number of changes.
    owner_revision,
    /// Label of the number of mails.
    owner_waiting,
    /// Heading of figures.
    owner_answers,
    /// The same.
    owner_origins,
    /// The same.
    owner_clients,
    /// A calendar that is not known.
    client_unknown,
    /// A calendar of no known family.
    client_other,
    /// Heading: what strangers tried.
    owner_refused,
    /// What it is.
    owner_refused_what,
    /// One of them.
    attempt_cancel,
    /// The same.
    attempt_change,
    /// Button.
    owner_report,
    /// Afterwards.
    owner_report_sent,
    /// Too often.
    owner_report_wait,
    /// How to change it.
    owner_edit,
    /// After a release.
    told_one,
    /// The same.
    told_many,
    /// What is folded away.
    hand_over,
    /// When to do it.
    hand_over_what,
    /// Label of the address.
    hand_over_to,
    /// Button.
    hand_over_offer,
    /// Afterwards.
    hand_over_done,
    /// An address of ours, or his own.
    hand_over_wrong,

    // What this place is.
    /// Title.
    home_title,
    /// Heading.
    home_heading,
    /// First step, in short.
    home_make,
    /// What it is; `create` is marked up.
    home_make_what,
    /// Second step, in short.
    home_share,
    /// What it is.
    home_share_what,
    /// Third step, in short.
    home_change,
    /// What it is.
    home_change_what,
    /// For developers; `api` is a link.
    home_figures,
    /// Its words.
    home_api,

    // Pages that say why not.
    /// Heading.
    why_no_event,
    /// What it means.
    why_no_event_what,
    /// Heading.
    why_nothing,
    /// Heading.
    why_cancelled,
    /// Heading.
    why_suspended,
    /// What it means.
    why_suspended_what,
    /// Heading.
    why_too_many,
    /// What to do.
    why_too_many_what,
    /// Heading.
    why_failed,
    /// What to do.
    why_failed_what,
    /// Heading.
    why_changed,
    /// What it means.
    why_changed_what,
    /// Heading.
    why_link,
    /// What to do.
    why_link_what,
}

impl Language {
    /// The language of a tag of BCP 47 (`es-MX`, also `es_MX`); `None` for one that we do not write.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.iter().copied().find(|language| language.words().tag.eq_ignore_ascii_case(primary))
    }

    /// What language an organizer's own words are in, where that is known and not this one; else empty. A screen reader
    /// takes another voice for them.
    pub fn foreign(self, tag: &str) -> String {
        if Self::from_tag(tag) == Some(self) { String::new() } else { tag.to_owned() }
    }

    /// The first of some tags that we write, English without any: the reader's own wish comes before the organizer's.
    pub fn choose(tags: &[&str]) -> Self {
        tags.iter().find_map(|tag| Self::from_tag(tag)).unwrap_or_default()
    }

    /// The best language of an `Accept-Language` field (RFC 9110 section 12.5.4) that we write.
    pub fn accepted(field: &str) -> Option<Self> {
        let mut best: Option<(u32, Self)> = None;
        for range in field.split(',').take(20) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1000, |weight| weight.trim().parse::<f32>().map_or(0, per_mille));
            if weight > 0 && best.is_none_or(|(before, _)| weight > before) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

fn per_mille(weight: f32) -> u32 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u32;
    weight
}

impl Words {
    /// The word for an answer; empty for one that says nothing.
    pub fn answer(&self, partstat: PartStat) -> &'static str {
        match partstat {
            PartStat::Accepted => self.yes,
            PartStat::Tentative => self.maybe,
            PartStat::Declined => self.no,
            PartStat::NeedsAction | PartStat::Delegated => "",
        }
    }

    /// `New York time`: a zone (`America/New_York`) by its city.
    pub fn zone(&self, city: &str) -> String {
        let city = city.replace('_', " ");
        let own = self.cities.iter().find(|(known, _)| *known == city).map_or(city.as_str(), |(_, own)| own);
        fill(self.zone_of_city, &[("city", own)])
    }

    /// `4,778`: a whole number.
    pub fn number(&self, number: impl fmt::Display) -> String {
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push_str(self.thousands);
            }
            text.push(digit);
        }
        text
    }

    /// `one guest`, `12 guests`.
    pub fn guests(&self, count: u32) -> String {
        if count == 1 { self.guest_one.to_owned() } else { fill(self.guest_many, &[("count", &self.number(count))]) }
    }

    /// `1 event`, `12 events`.
    pub fn events(&self, count: usize) -> String {
        let phrase = if count == 1 { self.event_one } else { self.event_many };
        fill(phrase, &[("count", &self.number(count))])
    }

    /// How an RRULE (RFC 5545 section 3.3.10) repeats, as far as one line can tell; the calendar entry has every
    /// date.
    pub fn repeats(&self, rrule: &str, exceptions: bool) -> String {
        let rule = rrule.to_ascii_uppercase();
        let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let every = matches!(part("INTERVAL"), None | Some("1"));
        let simple = match part("FREQ") {
            Some("DAILY") if every => self.repeats_daily,
            Some("WEEKLY") if every => self.repeats_weekly,
            Some("MONTHLY") if every => self.repeats_monthly,
            Some("YEARLY") if every => self.repeats_yearly,
            _ => self.repeats,
        };
        let text = if exceptions { fill(self.with_exceptions, &[("repeats", simple)]) } else { simple.to_owned() };
        fill(self.dates_in_calendar, &[("repeats", &text)])
    }
}

/// A phrase with its placeholders filled in; what is filled in is not looked through again.
pub fn fill(phrase: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(phrase.len() + 40);
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        debug_assert!(value.is_some(), "nothing fills {{{name}}} of {phrase}");
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(phrase: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            phrase.split('{').skip(1).map(|rest| rest.split_once('}').expect("a brace that closes").0).collect();
        // Whether a name is short is the language's choice.
        for name in &mut names {
            *name = name.trim_end_matches("_short");
        }
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_fills_the_same_placeholders() {
        let english = Language::En.words().phrases();
        for language in Language::ALL {
            for ((name, phrase), (_, model)) in language.words().phrases().into_iter().zip(&english) {
                assert_eq!(placeholders(phrase), placeholders(model), "{language:?}: {name}");
                assert!(!phrase.trim().is_empty(), "{language:?}: {name}");
            }
        }
    }

    #[test]
    fn tags_are_unique_and_found_again() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.words().tag), Some(*language));
        }
    }

    #[test]
    fn another_language_is_named_where_it_is_known() {
        for (tag, foreign) in [("", ""), ("es", ""), ("es-MX", ""), ("en", "en"), ("de-AT", "de-AT")] {
            assert_eq!(Language::Es.foreign(tag), foreign, "{tag}");
        }
    }

    #[test]
    fn a_tag_chooses_by_its_primary_language() {
        let cases = [
            ("es", Some(Language::Es)),
            ("es-MX", Some(Language::Es)),
            ("ES_es", Some(Language::Es)),
            ("en-GB", Some(Language::En)),
            ("est", None),
            ("de", None),
            ("", None),
        ];
        for (tag, language) in cases {
            assert_eq!(Language::from_tag(tag), language, "{tag}");
        }
        assert_eq!(Language::choose(&["", "es-MX", "en"]), Language::Es);
        assert_eq!(Language::choose(&["en", "es"]), Language::En);
        assert_eq!(Language::choose(&["tlh", ""]), Language::En);
    }

    #[test]
    fn the_reader_s_wish_is_weighed() {
        let cases = [
            ("es-MX,es;q=0.9,en;q=0.8", Some(Language::Es)),
            ("de, en;q=0.4, es;q=0.5", Some(Language::Es)),
            ("en;q=0.5, es;q=0.5", Some(Language::En)),
            ("es;q=0, en;q=0.1", Some(Language::En)),
            ("es;q=NaN", None),
            ("*", None),
            ("", None),
        ];
        for (field, language) in cases {
            assert_eq!(Language::accepted(field), language, "{field}");
        }
    }

    #[test]
    fn thousands_are_parted_as_the_language_does() {
        let (english, spanish) = (Language::En.words(), Language::Es.words());
        for (number, told, told_in_spanish) in
            [(0_u32, "0", "0"), (999, "999", "999"), (4_778, "4,778", "4.778"), (1_002_500, "1,002,500", "1.002.500")]
        {
            assert_eq!((english.number(number), spanish.number(number)), (told.into(), told_in_spanish.into()));
        }
        assert_eq!(english.events(4_778), "4,778 events");
        assert_eq!(spanish.guests(4_778), "4.778 personas invitadas");
    }

    #[test]
    fn what_is_filled_in_is_not_a_phrase() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("plain", &[]), "plain");
    }

    #[test]
    fn a_rule_is_told_as_far_as_a_line_goes() {
        let spanish = Language::Es.words();
        let cases = [
            ("FREQ=WEEKLY;COUNT=3", false, "Se repite cada semana; en el calendario están todas las fechas"),
            ("freq=daily;interval=1", false, "Se repite cada día; en el calendario están todas las fechas"),
            ("FREQ=WEEKLY;INTERVAL=2", true, "Se repite, con excepciones; en el calendario están todas las fechas"),
        ];
        for (rule, exceptions, words) in cases {
            assert_eq!(spanish.repeats(rule, exceptions), words);
        }
        assert_eq!(
            Language::En.words().repeats("FREQ=YEARLY", false),
            "Repeats every year; the calendar entry has all dates"
        );
    }
}

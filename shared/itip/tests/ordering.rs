//! RFC 5546 section 2.1.5: which message is newer, whatever order the mails arrive in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use itip::{
    CalAddress, Circumstances, Class, Component, DtStamp, EventDetails, EventId, EventState, EventStatus, Field,
    InvitedAttendee, ItipMessage, Method, Moment, Order, Outcome, OverrideState, PartStat, Recurrence, RecurrenceId,
    Sequence, Timestamp, Transition, Uid, When, Zone, apply_cancel, apply_request,
};

const DAY: i64 = 86_400;
const START: i64 = 1_900_000_000;

fn at(instant: i64) -> When {
    let local = chrono::DateTime::from_timestamp(instant, 0).unwrap().naive_utc();
    When::At(Moment { local, zone: Zone::Utc, instant: Timestamp(instant) })
}

fn details(summary: &str, start: i64) -> EventDetails {
    EventDetails {
        summary: summary.into(),
        description: String::new(),
        description_html: String::new(),
        location: String::new(),
        url: String::new(),
        start: at(start),
        end: at(start + 3600),
        recurrence: Recurrence::default(),
        last_end: Some(Timestamp(start + 3600)),
        status: EventStatus::Confirmed,
        class: Class::Public,
        transparent: false,
        categories: Vec::new(),
        image: String::new(),
    }
}

fn weekly(summary: &str) -> EventDetails {
    let recurrence = Recurrence { rrule: Some("FREQ=WEEKLY;COUNT=4".into()), ..Recurrence::default() };
    EventDetails { recurrence, last_end: Some(Timestamp(START + 21 * DAY + 3600)), ..details(summary, START) }
}

fn component(sequence: u32, stamp: i64, details: Option<EventDetails>) -> Component {
    Component {
        recurrence_id: None,
        order: Order { sequence: Sequence(sequence), dtstamp: Timestamp(stamp) },
        organizer: None,
        attendees: Vec::new(),
        details,
        comment: String::new(),
        request_status: Vec::new(),
    }
}

fn instance(week: i64, component: Component) -> Component {
    let when = at(START + week * 7 * DAY);
    Component { recurrence_id: Some(RecurrenceId { when, this_and_future: false }), ..component }
}

fn message(method: Method, components: Vec<Component>) -> ItipMessage {
    ItipMessage { method, prodid: String::new(), uid: Uid("u".into()), components }
}

fn request(sequence: u32, stamp: i64, summary: &str, start: i64) -> ItipMessage {
    message(Method::Request, vec![component(sequence, stamp, Some(details(summary, start)))])
}

fn cancel(sequence: u32, stamp: i64) -> ItipMessage {
    message(Method::Cancel, vec![component(sequence, stamp, None)])
}

fn apply(prior: Option<&EventState>, message: &ItipMessage, now: i64) -> Transition {
    let sender = CalAddress::parse("owner@club.example").unwrap();
    let event_id = EventId::from_bytes([1; 20]);
    let about = Circumstances {
        event_id: &event_id,
        sender: &sender,
        own_domain: "convoke.test",
        ask_again: false,
        now: Timestamp(now),
    };
    match message.method {
        Method::Cancel => apply_cancel(prior, message, &about).unwrap(),
        _ => apply_request(prior, message, &about).unwrap(),
    }
}

/// Applies messages one after the other and returns the outcomes and the last state.
fn run(messages: &[ItipMessage]) -> (Vec<Outcome>, EventState) {
    let mut state: Option<EventState> = None;
    let mut outcomes = Vec::new();
    for (now, message) in (1_000..).step_by(10).zip(messages) {
        let transition = apply(state.as_ref(), message, now);
        outcomes.push(transition.outcome);
        state = Some(transition.state);
    }
    (outcomes, state.unwrap())
}

/// What a guest, or the next message, can tell of a state.
fn visible(state: &EventState) -> impl PartialEq + std::fmt::Debug + use<> {
    let overrides: Vec<_> = state
        .overrides
        .iter()
        .map(|exception| (exception.recurrence_id.instant(), exception.order, exception.state.clone()))
        .collect();
    (state.details.clone(), overrides, state.cancelled, state.order)
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() <= 1 {
        return vec![items.to_vec()];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let rest: Vec<T> =
            items.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, item)| item.clone()).collect();
        for mut tail in permutations(&rest) {
            tail.insert(0, first.clone());
            all.push(tail);
        }
    }
    all
}

/// Every arrival order of a history, each message also delivered a second time, ends in one state.
fn converges(history: &[ItipMessage]) {
    let (_, expected) = run(history);
    for order in permutations(history) {
        let (_, state) = run(&order);
        assert_eq!(visible(&state), visible(&expected), "{:?}", order.iter().map(brief).collect::<Vec<_>>());
        let twice: Vec<_> = order.iter().chain(&order).cloned().collect();
        let (outcomes, state) = run(&twice);
        assert_eq!(visible(&state), visible(&expected), "each delivered twice");
        let again = &outcomes[order.len()..];
        assert!(again.iter().all(|outcome| !outcome.is_visible()), "a repeat changed something: {again:?}");
    }
}

fn brief(message: &ItipMessage) -> String {
    let order = message.components[0].order;
    format!("{} {}/{}", message.method.as_str(), order.sequence.0, order.dtstamp.0)
}

#[test]
fn six_versions_end_in_one_state_in_all_720_orders() {
    converges(&[
        request(0, 1, "Game", START),
        request(0, 2, "Game, new text", START),
        request(1, 3, "Game, new text", START + DAY),
        request(1, 4, "Game, final text", START + DAY),
        cancel(2, 5),
        request(3, 6, "Game is on", START + DAY),
    ]);
}

#[test]
fn a_cancel_that_comes_first_stays() {
    converges(&[request(0, 1, "Game", START), request(1, 2, "Game", START + DAY), cancel(2, 3)]);
    let (outcomes, state) = run(&[cancel(1, 5), request(0, 1, "Game", START)]);
    assert_eq!(outcomes, [Outcome::Tombstone, Outcome::Unchanged]);
    assert!(state.cancelled);
}

#[test]
fn instances_of_a_series_converge_with_their_master() {
    let moved = instance(1, component(1, 3, Some(details("Game 2, later", START + 8 * DAY))));
    converges(&[
        message(Method::Request, vec![component(0, 1, Some(weekly("Game")))]),
        message(Method::Request, vec![moved]),
        message(Method::Cancel, vec![instance(2, component(1, 4, None))]),
        message(Method::Request, vec![instance(3, component(2, 5, Some(details("Finale", START + 21 * DAY))))]),
    ]);
}

#[test]
fn a_full_request_drops_older_exceptions_and_keeps_newer_ones() {
    let older = message(Method::Request, vec![instance(1, component(0, 2, Some(details("Old", START + 8 * DAY))))]);
    let newer = message(Method::Request, vec![instance(2, component(0, 9, Some(details("New", START + 15 * DAY))))]);
    let full = message(Method::Request, vec![component(1, 5, Some(weekly("Games")))]);
    converges(&[message(Method::Request, vec![component(0, 1, Some(weekly("Games")))]), older, newer, full]);
}

#[test]
fn an_instance_cancel_of_an_unchanged_occurrence_leaves_the_series() {
    let (outcomes, state) = run(&[
        message(Method::Request, vec![component(0, 1, Some(weekly("Game")))]),
        message(Method::Cancel, vec![instance(1, component(1, 2, None))]),
    ]);
    assert_eq!(outcomes[1], Outcome::Updated { fields: vec![Field::Recurrence], moved: true });
    assert!(!state.cancelled);
    assert_eq!(state.overrides[0].state, OverrideState::Cancelled);
}

#[test]
fn googles_three_edits_with_one_sequence_are_ordered_by_dtstamp() {
    let edits = [request(0, 1, "A", START), request(0, 2, "B", START), request(0, 3, "C", START)];
    converges(&edits);
    assert_eq!(run(&edits).1.details.unwrap().summary, "C");
}

#[test]
fn outlook_for_mac_ties_apply_in_arrival_order_and_its_cancel_wins() {
    let (first, second) = (request(1, 5, "A", START), request(1, 5, "B", START));
    let (outcomes, state) = run(&[first.clone(), second.clone(), first.clone(), second.clone()]);
    assert_eq!(state.details.unwrap().summary, "B", "each content once");
    assert_eq!(outcomes[2..], [Outcome::Stale, Outcome::Stale]);
    let (outcomes, state) = run(&[first.clone(), cancel(1, 5), first]);
    assert_eq!(outcomes, [Outcome::Created, Outcome::Cancelled, Outcome::Stale]);
    assert!(state.cancelled);
}

#[test]
fn a_cancel_with_a_lower_sequence_is_ignored() {
    let (outcomes, _) = run(&[request(3, 1, "Game", START), cancel(2, 9)]);
    assert_eq!(outcomes[1], Outcome::Stale);
}

#[test]
fn the_revision_counts_visible_changes_and_sequence_counts_moves() {
    let mut renamed_zone = details("Game", START);
    if let When::At(moment) = &mut renamed_zone.start {
        moment.zone = Zone::Iana("Etc/UTC".into());
    }
    let table: Vec<(ItipMessage, u32, u32)> = vec![
        (request(0, 1, "Game", START), 0, 0),
        (request(0, 2, "Game", START), 0, 0),
        (request(0, 3, "Match", START), 1, 0),
        (request(1, 4, "Match", START + 60), 2, 1),
        (message(Method::Request, vec![component(1, 5, Some(details("Match", START + 60)))]), 2, 1),
        (cancel(2, 6), 3, 2),
        (cancel(2, 7), 3, 2),
        (request(3, 8, "Match", START + 60), 4, 3),
    ];
    let mut state = None;
    for (number, (message, revision, sequence)) in table.into_iter().enumerate() {
        let next = apply(state.as_ref(), &message, 1_000 + i64::try_from(number).unwrap()).state;
        assert_eq!((next.revision, next.sequence.0), (revision, sequence), "step {number}");
        state = Some(next);
    }
    let renamed = message(Method::Request, vec![component(4, 9, Some(renamed_zone))]);
    let before = apply(None, &request(0, 1, "Game", START), 1_000).state;
    let outcome = apply(Some(&before), &renamed, 2_000).outcome;
    assert_eq!(
        outcome,
        Outcome::Updated { fields: vec![Field::Time], moved: false },
        "a new name for the same instants"
    );
}

#[test]
fn one_field_edited_alone_is_the_one_that_is_reported() {
    type Edit = fn(&mut EventDetails);
    let edits: [(Field, bool, Edit); 7] = [
        (Field::Summary, false, |details| details.summary.push('!')),
        (Field::Description, false, |details| details.description.push_str("Bring a scarf")),
        (Field::Location, false, |details| details.location.push_str("Camden Yards")),
        (Field::Url, false, |details| details.url.push_str("https://club.example/tickets")),
        (Field::Time, true, |details| details.end = at(START + 7200)),
        (Field::Recurrence, true, |details| details.recurrence.rrule = Some("FREQ=DAILY;COUNT=2".into())),
        (Field::Status, false, |details| details.status = EventStatus::Tentative),
    ];
    let before = apply(None, &request(0, 1, "Game", START), 1_000).state;
    for (field, moved, edit) in edits {
        let mut changed = details("Game", START);
        edit(&mut changed);
        let message = message(Method::Request, vec![component(0, 2, Some(changed))]);
        let transition = apply(Some(&before), &message, 2_000);
        assert_eq!(transition.outcome, Outcome::Updated { fields: vec![field], moved });
        assert_eq!(transition.state.version.reset.0, u32::from(moved));
    }
}

#[test]
fn dtstamp_grows_even_when_the_clock_stands_still() {
    let first = apply(None, &request(0, 1, "A", START), 1_000).state;
    let second = apply(Some(&first), &request(0, 2, "B", START), 1_000).state;
    let third = apply(Some(&second), &request(0, 3, "C", START), 900).state;
    assert!(first.dtstamp < second.dtstamp && second.dtstamp < third.dtstamp);
}

fn with_guests(message: ItipMessage, guests: &[&str]) -> ItipMessage {
    let attendee = |text: &&str| InvitedAttendee {
        address: CalAddress::parse(text).unwrap(),
        name: String::new(),
        partstat: PartStat::NeedsAction,
        sent_by: None,
        delegated_to: None,
        delegated_from: None,
        member: None,
    };
    let attendees: Vec<_> = guests.iter().map(attendee).collect();
    let components = message
        .components
        .into_iter()
        .map(|component| Component { attendees: attendees.clone(), ..component })
        .collect();
    ItipMessage { components, ..message }
}

#[test]
fn a_cancel_that_names_only_create_takes_us_off_the_list_and_cancels_nobody() {
    let invited = with_guests(request(0, 1, "Game", START), &["create@convoke.test", "ana@x.example"]);
    let off_the_list = with_guests(cancel(1, 2), &["create@convoke.test"]);
    let (outcomes, state) = run(&[invited.clone(), off_the_list.clone()]);
    assert_eq!(outcomes[1], Outcome::Uninvited);
    assert!(!state.cancelled && !state.following);
    let back = with_guests(request(2, 3, "Game", START), &["create@convoke.test", "ana@x.example"]);
    let state = run(&[invited, off_the_list.clone(), back]).1;
    assert!(state.following);
    // Alone on the list, the same mail calls the event off.
    let alone = with_guests(request(0, 1, "Game", START), &["create@convoke.test"]);
    assert_eq!(run(&[alone, off_the_list]).0[1], Outcome::Cancelled);
}

#[test]
fn a_feed_without_a_useful_stamp_is_ordered_by_its_content() {
    // Sports feeds write DTSTAMP = DTSTART: a game that is moved to an earlier day gets an "older" stamp.
    let post =
        |summary: &str, start: i64| message(Method::Publish, vec![component(0, start, Some(details(summary, start)))]);
    let (outcomes, state) = run(&[
        post("Game", START),
        post("Game", START),
        post("Game", START - DAY),
        post("Game", START - DAY),
        post("Final", START - DAY),
    ]);
    assert_eq!(outcomes[1], Outcome::Stale, "nothing new");
    assert!(matches!(outcomes[2], Outcome::Updated { moved: true, .. }), "{outcomes:?}");
    assert_eq!(outcomes[3], Outcome::Stale);
    assert!(matches!(outcomes[4], Outcome::Updated { moved: false, .. }), "{outcomes:?}");
    assert_eq!((state.revision, state.sequence.0), (2, 1));
    // What was called off stays off while the feed only repeats itself.
    let (outcomes, state) = run(&[post("Game", START), cancel(1, START + 1), post("Game", START)]);
    assert!(outcomes[2] == Outcome::Stale && state.cancelled);
}

#[test]
fn a_stamp_from_the_year_9999_is_a_stamp_like_any_other() {
    let far = DtStamp::from(Timestamp(253_402_300_799));
    let (outcomes, _) = run(&[request(0, far.0, "A", START), request(0, 1, "B", START), request(1, 1, "C", START)]);
    assert_eq!(outcomes[1], Outcome::Stale);
    assert!(outcomes[2].is_visible());
}

#[test]
fn the_time_before_the_last_move_is_kept_until_it_is_back_there() {
    let all_day = |sequence: u32, stamp: i64, date: &str| {
        let day = |text: &str| When::Date(text.parse().unwrap());
        let details = EventDetails { start: day(date), end: day("2033-01-01"), ..details("Game", START) };
        message(Method::Request, vec![component(sequence, stamp, Some(details))])
    };
    let day = |text: &str| When::Date(text.parse().unwrap());
    let (first, second, third) = (START, START + 3_600, START + 7_200);
    let at = |start: i64| Some(details("Game", start).start);
    for (name, history, moved_from) in [
        ("a first version", vec![request(0, 1, "A", first)], None),
        ("a move", vec![request(0, 1, "A", first), request(1, 2, "A", second)], at(first)),
        (
            "an edit after it",
            vec![request(0, 1, "A", first), request(1, 2, "A", second), request(1, 3, "B", second)],
            at(first),
        ),
        (
            "two moves",
            vec![request(0, 1, "A", first), request(1, 2, "A", second), request(2, 3, "A", third)],
            at(second),
        ),
        ("back again", vec![request(0, 1, "A", first), request(1, 2, "A", second), request(2, 3, "A", first)], None),
        ("off and on elsewhere", vec![request(0, 1, "A", first), cancel(1, 2), request(2, 3, "A", second)], at(first)),
        ("another day", vec![all_day(0, 1, "2032-01-05"), all_day(1, 2, "2032-01-06")], Some(day("2032-01-05"))),
    ] {
        assert_eq!(run(&history).1.moved_from, moved_from, "{name}");
    }
    let date = details("Game", START).start.local_date().to_string();
    assert_eq!(run(&[all_day(0, 1, &date), request(1, 2, "A", START)]).1.moved_from, None, "a day that gets its time");
    let series = |start: i64| EventDetails { start: details("A", start).start, ..weekly("A") };
    let send = |sequence: u32, start: i64| {
        message(Method::Request, vec![component(sequence, i64::from(sequence) + 1, Some(series(start)))])
    };
    assert_eq!(run(&[send(0, first), send(1, second)]).1.moved_from, None, "a series");
}

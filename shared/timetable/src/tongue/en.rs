//! English.

#![allow(clippy::enum_glob_use, reason = "a table of one enum")]

use chrono::Weekday;

use super::Meaning::*;
use super::{Meaning, Tongue};
use crate::{Fate, Side};

pub(super) static TONGUE: Tongue =
    Tongue { tag: "en", phrases: PHRASES, same: SAME, day_first: false, afternoon_until: 17, night_from: 17 };

const SAME: &[(&str, &str)] = &[("saint", "st"), ("fort", "ft"), ("mount", "mt"), ("ticket", "tickets")];

const PHRASES: &[(Meaning, &str)] = &[
    (Month(1), "january|jan"),
    (Month(2), "february|feb"),
    (Month(3), "march|mar"),
    (Month(4), "april|apr"),
    (Month(5), "may"),
    (Month(6), "june|jun"),
    (Month(7), "july|jul"),
    (Month(8), "august|aug"),
    (Month(9), "september|sep|sept"),
    (Month(10), "october|oct"),
    (Month(11), "november|nov"),
    (Month(12), "december|dec"),
    (Weekday(Weekday::Mon), "monday|mondays|mon"),
    (Weekday(Weekday::Tue), "tuesday|tuesdays|tue|tues"),
    (Weekday(Weekday::Wed), "wednesday|wednesdays|wensday|wed"),
    (Weekday(Weekday::Thu), "thursday|thursdays|thu|thurs"),
    (Weekday(Weekday::Fri), "friday|fridays|fri"),
    (Weekday(Weekday::Sat), "saturday|saturdays|sat"),
    (Weekday(Weekday::Sun), "sunday|sundays|sun"),
    (Yesterday, "yesterday"),
    (Today, "today"),
    (Tomorrow, "tomorrow|tmrw"),
    (Tonight, "tonight|tonite|this evening"),
    (DayAfterTomorrow, "day after tomorrow|the day after tomorrow"),
    (Weekend, "weekend|wknd"),
    (Weekends, "weekends|wknds"),
    (Workdays, "weekday|weekdays"),
    (Worknights, "weeknight|weeknights"),
    (Morning, "morning|mornings|in the morning"),
    (Afternoon, "afternoon|afternoons|matinee|in the afternoon"),
    (Night, "evening|evenings|night|nights|in the evening|at night"),
    (Noon, "noon|midday"),
    (This, "this|coming"),
    (Next, "next|within|within the next"),
    (Coming, "upcoming"),
    (Last, "last"),
    (Part(1, 15), "first half of"),
    (Part(16, 31), "second half of"),
    (Part(1, 10), "start of|beginning of"),
    (Part(11, 20), "mid|middle of"),
    (Part(21, 31), "end of"),
    (Early, "early|daytime"),
    (Late, "late"),
    (Lunch, "lunchtime"),
    (Quarter(3), "spring"),
    (Quarter(6), "summer"),
    (Quarter(9), "fall|autumn"),
    (Quarter(12), "winter"),
    (FromNow, "from now|from today"),
    (From, "from|since|starting|beginning"),
    (To, "to|through|thru"),
    (Until, "till|til|until|by"),
    (Between, "between"),
    (And, "and|&|or"),
    (Before, "before|earlier than"),
    (After, "after|later than|past|following"),
    (In, "in|near|during"),
    (At, "at|@"),
    (Of, "of"),
    (Am, "am"),
    (Pm, "pm"),
    (
        Filler,
        "oclock|season|play|playing|plays|they|them|a|an|the|on|for|with|under|is|are|be|me|my|i|we|us|you|please|\
         pls|plz|thx|but|than|as|how|many|much|time|looking|something|anything|address|show|find|list|see|get|give|\
         want|wants|need|start|starts|like|would|can|could|do|to do|to see|does|any|there|what|whats|when|where|\
         which|who|that|those|these|it|im|id|have|has|been|will|happening|left|remaining|rest|only|just|their|our|\
         into|go|going|hi|hello|hey|thanks|some|up|s",
    ),
    (Days, "day|days"),
    (Weeks, "week|weeks"),
    (Months, "month|months"),
    (Year, "year"),
    (Side(Side::Home), "home|at home|hosting"),
    (Side(Side::Away), "away|road|on the road|away from home"),
    (Against, "against|vs|versus|v|facing"),
    (Offers, "offer|offers|deal|deals|promo|promos|promotion|promotions|giveaway|giveaways"),
    (Tickets, "ticket|tickets"),
    (Fate(Fate::Cancelled), "cancelled|canceled|called off"),
    (Fate(Fate::Moved), "moved|rescheduled|postponed"),
    (Not, "not|no|except|without|but not|excluding|nothing|anything but|everything but|all but"),
    (
        Send,
        "send|send me|email|email me|e mail me|mail me|invite me|invite|add|sign me up|sign up|forward|remind me|put",
    ),
    (All, "all|every|everything|all of"),
    (Game, "game|match|fixture"),
    (Games, "games|matches|fixtures"),
    (Thing, "event|events|schedule|stuff|things|calendar|dates|date"),
    (Ordinal(1), "first"),
    (Ordinal(2), "second"),
    (Ordinal(3), "third"),
    (Ordinal(4), "fourth"),
    (Ordinal(5), "fifth"),
    (Number(1), "one"),
    (Number(2), "two|couple of"),
    (Number(3), "three|few"),
    (Number(4), "four"),
    (Number(5), "five"),
    (Number(6), "six"),
    (Number(7), "seven"),
    (Number(10), "ten"),
];

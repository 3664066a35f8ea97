use itip::EventDetails;

use crate::fold;

/// The two sides of a game, as the title names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teams {
    /// Who plays at home.
    pub home: String,
    /// Who comes.
    pub away: String,
}

/// How two sides are joined in a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Home first: only games are written like this.
    Versus,
    /// Visitor first; concerts are written like this, too.
    At,
    /// Home first; so is half of everything else.
    Dash,
}

/// What a title's other words make of ` at ` and ` - `.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sport,
    Other,
    Unknown,
}

/// Words that say what is done, or when: who reads them before ` at ` does not think of a team.
const ACTIVITIES: &[&str] = &[
    "auditions",
    "band",
    "book",
    "breakfast",
    "brunch",
    "camp",
    "class",
    "clinic",
    "club",
    "comedy",
    "concert",
    "concierto",
    "conference",
    "dance",
    "day",
    "dinner",
    "doors",
    "drinks",
    "evening",
    "exhibition",
    "fair",
    "family",
    "fest",
    "festival",
    "fiesta",
    "film",
    "game",
    "happy",
    "hour",
    "jazz",
    "kickoff",
    "lecture",
    "live",
    "lunch",
    "market",
    "meet",
    "meeting",
    "meetup",
    "morning",
    "movie",
    "music",
    "night",
    "noche",
    "open",
    "opening",
    "opera",
    "orchestra",
    "party",
    "performance",
    "photo",
    "practice",
    "premiere",
    "quartet",
    "recital",
    "reception",
    "rehearsal",
    "screening",
    "season",
    "session",
    "show",
    "singalong",
    "storytime",
    "symphony",
    "talk",
    "tasting",
    "theatre",
    "tour",
    "trio",
    "tryouts",
    "volunteer",
    "watch",
    "webinar",
    "week",
    "wine",
    "workshop",
    "yoga",
];

/// Words that end, or are, the name of a building or a time.
const VENUES: &[&str] = &[
    "airport",
    "amphitheater",
    "amphitheatre",
    "arena",
    "auditorium",
    "bar",
    "beach",
    "brewery",
    "cafe",
    "cathedral",
    "center",
    "centre",
    "church",
    "cinema",
    "coliseum",
    "dome",
    "field",
    "forum",
    "gallery",
    "garden",
    "ground",
    "gym",
    "hall",
    "home",
    "hotel",
    "house",
    "library",
    "lounge",
    "mall",
    "midnight",
    "museum",
    "noon",
    "office",
    "online",
    "opera",
    "oval",
    "palace",
    "park",
    "pavilion",
    "plaza",
    "pub",
    "restaurant",
    "room",
    "school",
    "square",
    "stadium",
    "studio",
    "tbd",
    "teatro",
    "theater",
    "theatre",
    "venue",
    "winery",
    "zoo",
    "zoom",
];

/// Beginnings of categories that speak for a game.
const SPORTS: &[&str] = &[
    "baseball",
    "basketball",
    "beisbol",
    "cricket",
    "deporte",
    "football",
    "futbol",
    "game",
    "handball",
    "hockey",
    "lacrosse",
    "league",
    "liga",
    "match",
    "partido",
    "rugby",
    "soccer",
    "softball",
    "sport",
    "volleyball",
];

/// Beginnings of categories that speak against one.
const ARTS: &[&str] = &[
    "art",
    "cinema",
    "class",
    "comedy",
    "concert",
    "concierto",
    "conference",
    "dance",
    "exhibition",
    "festival",
    "film",
    "lecture",
    "meeting",
    "movie",
    "music",
    "opera",
    "teatro",
    "theater",
    "theatre",
    "workshop",
];

/// What a changed game is marked with, in front.
const MARKS: &[&str] = &[
    "aplazado",
    "cancelado",
    "canceled",
    "cancelled",
    "delayed",
    "final",
    "live",
    "moved",
    "new date",
    "new time",
    "postponed",
    "ppd",
    "rescheduled",
    "suspended",
    "suspendido",
    "tbc",
    "tbd",
    "updated",
];

impl Teams {
    /// Reads who plays out of what an event says; `None` for what is no game.
    ///
    /// `Orioles vs Rays` is a game whatever else is said. `Rays at Orioles` and `Orioles - Rays` are, unless a word, a
    /// category or the place says that somebody performs somewhere: `Live at the Forum`. A calendar of one team may
    /// name only the other, `vs Rays` and `@ Rays`: then the organizer is the one.
    pub fn of(details: &EventDetails, organizer: &str) -> Option<Self> {
        let kind = kind(&details.categories);
        if kind == Kind::Other {
            return None;
        }
        Self::find(&details.summary, &details.location, organizer, kind)
    }

    /// Reads who plays out of a title alone.
    pub fn read(title: &str) -> Option<Self> {
        Self::find(title, "", "", Kind::Unknown)
    }

    fn find(title: &str, place: &str, organizer: &str, kind: Kind) -> Option<Self> {
        let title = without_brackets(title);
        let words: Vec<&str> = title.split_whitespace().collect();
        let (at, joint) = joint(&words)?;
        let (before, after) = (words.get(..at)?, words.get(at + 1..)?);
        let first = named(last_part(before));
        let second = named(first_part(after, joint));
        let (first, second) = without_score(first, second);
        if second.is_empty() || !is_name(&second) {
            return None;
        }
        let organizer = organizer.trim();
        if first.is_empty() {
            let own = at_start(&words, at)
                .then(|| organizer.to_owned())
                .filter(|own| !own.is_empty() && !own.contains('@'))?;
            return match (joint, words.get(at).copied()) {
                (Joint::Versus, _) => Some(Self { home: own, away: second }),
                (Joint::At, Some("@")) => Some(Self { home: second, away: own }),
                _ => None,
            };
        }
        if !is_name(&first) || joint != Joint::Versus && kind != Kind::Sport && performs(&first, &second, place) {
            return None;
        }
        Some(match joint {
            Joint::Versus | Joint::Dash => Self { home: first, away: second },
            Joint::At => Self { home: second, away: first },
        })
    }
}

fn kind(categories: &[String]) -> Kind {
    let says = |beginnings: &[&str]| {
        categories.iter().any(|category| {
            fold(category).split(' ').any(|word| beginnings.iter().any(|beginning| word.starts_with(beginning)))
        })
    };
    if says(SPORTS) {
        Kind::Sport
    } else if says(ARTS) {
        Kind::Other
    } else {
        Kind::Unknown
    }
}

/// The word that joins the sides: the strongest, and the first of its kind.
fn joint(words: &[&str]) -> Option<(usize, Joint)> {
    let find = |joint: Joint, names: &[&str]| {
        let at = words.iter().position(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))?;
        Some((at, joint))
    };
    find(Joint::Versus, &["vs", "vs.", "v", "v.", "versus", "contra"])
        .or_else(|| find(Joint::At, &["@", "at"]))
        .or_else(|| {
            // Of several dashes none joins two sides.
            let at = words.iter().position(|word| is_dash(word))?;
            (words.iter().filter(|word| is_dash(word)).count() == 1).then_some((at, Joint::Dash))
        })
}

fn is_dash(word: &str) -> bool {
    matches!(word, "-" | "–" | "—")
}

fn parts_title(word: &str) -> bool {
    is_dash(word) || matches!(word, "|" | "•" | "·" | "/")
}

/// The part of `Coast League: Rovers` or `Round 5 - Rovers` that is a name.
fn last_part<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    let from = words.iter().rposition(|word| parts_title(word) || word.ends_with(':')).map_or(0, |at| at + 1);
    words.get(from..).unwrap_or_default()
}

/// The part of `Tigers at Riverside Oval` or `Rays - Game 2` that is a name.
fn first_part<'a, 'b>(words: &'b [&'a str], joint: Joint) -> &'b [&'a str] {
    let ends =
        |word: &&str| parts_title(word) || joint == Joint::Versus && (*word == "@" || word.eq_ignore_ascii_case("at"));
    let to = words.iter().position(ends).unwrap_or(words.len());
    let words = words.get(..to).unwrap_or_default();
    let last = words.iter().position(|word| word.ends_with([',', ';', ':'])).map_or(words.len(), |at| at + 1);
    words.get(..last).unwrap_or_default()
}

/// A name without the marks around it: `Port City FC*`, `#5 State`, `⚽ Rovers`.
fn named(words: &[&str]) -> String {
    let text = words.join(" ");
    let text = text.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '#' | '.'));
    let ranked = text.strip_prefix('#').and_then(|rest| rest.split_once(' '));
    let text = ranked.filter(|(rank, _)| rank.bytes().all(|byte| byte.is_ascii_digit())).map_or(text, |(_, name)| name);
    let mut text = text.trim_matches('#').trim();
    // A mark without a colon: `POSTPONED Rays at Orioles`.
    for mark in MARKS {
        let head = text.get(..mark.len()).filter(|head| head.eq_ignore_ascii_case(mark));
        let rest = head.and_then(|_| text.get(mark.len()..)).filter(|rest| rest.starts_with([' ', '!']));
        text = rest.map_or(text, |rest| rest.trim_start_matches([' ', '!']));
    }
    text.to_owned()
}

/// `Port City 2` and `Lake Town 3`: numbers after both are a score. `Hafen 04` is a name.
fn without_score(first: String, second: String) -> (String, String) {
    let split = |name: &str| {
        let (name, score) = name.rsplit_once(' ')?;
        let digits = (1..=3).contains(&score.len()) && score.bytes().all(|byte| byte.is_ascii_digit());
        (digits && (score == "0" || !score.starts_with('0'))).then(|| name.to_owned())
    };
    if let (Some(first), Some(second)) = (split(&first), split(&second)) {
        return (first, second);
    }
    // `Orioles vs Rays 3-2`
    let is_result = |score: &str| {
        score.contains(['-', '–', ':']) && score.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '–' | ':'))
    };
    let cut = second.rsplit_once(' ').filter(|(_, score)| is_result(score)).map(|(name, _)| name.to_owned());
    (first, cut.unwrap_or(second))
}

/// A team's name is short and does not begin as the middle of a sentence does.
fn is_name(text: &str) -> bool {
    const WORDS_MAX: usize = 6;
    let first = text.chars().next();
    let begins = first.is_some_and(|c| c.is_uppercase() || c.is_numeric() || c.is_alphabetic() && !c.is_lowercase());
    // Some write everything small; what they write small between capitals is a preposition.
    let small = text.chars().all(|c| !c.is_uppercase());
    let inside = ["at", "the", "of", "in", "on", "for", "a", "an", "el", "la", "de", "en"];
    let word = text.split(' ').next().unwrap_or_default();
    (begins || small && !inside.contains(&word))
        && text.split(' ').count() <= WORDS_MAX
        && text.chars().any(char::is_alphabetic)
}

/// Whether somebody rather performs, or something takes place, at the second.
fn performs(first: &str, second: &str, place: &str) -> bool {
    let (doing, where_to, place) = (fold(first), fold(second), fold(place));
    let articles = ["the", "a", "an", "our", "my", "your", "el", "la", "los", "las"];
    doing.split(' ').any(|word| ACTIVITIES.contains(&word))
        || where_to.split(' ').any(|word| ACTIVITIES.contains(&word))
        || where_to.split(' ').next().is_some_and(|word| articles.contains(&word))
        || where_to.rsplit(' ').next().is_some_and(|word| VENUES.contains(&word))
        || doing.rsplit(' ').next().is_some_and(|word| VENUES.contains(&word))
        || second.starts_with(|c: char| c.is_ascii_digit()) && !second.contains(' ')
        || (place == where_to || place.strip_prefix(&where_to).is_some_and(|rest| rest.starts_with(' ')))
}

/// Whether nothing but marks stands before the joint.
fn at_start(words: &[&str], at: usize) -> bool {
    words.get(..at).is_some_and(|before| last_part(before).iter().all(|word| !word.chars().any(char::is_alphanumeric)))
}

/// Leaves out what stands in brackets: `(Night)`, `[POSTPONED]`.
fn without_brackets(title: &str) -> String {
    let mut depth = 0_u32;
    let mut out = String::with_capacity(title.len());
    for c in title.chars() {
        match c {
            '(' | '[' => {
                depth += 1;
                out.push(' ');
            }
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // A bracket that is never closed hides nothing.
    if depth == 0 { out } else { title.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(title: &str, place: &str, category: &str) -> Option<(String, String)> {
        let kind = kind(&[category.to_owned()]);
        if kind == Kind::Other {
            return None;
        }
        Teams::find(title, place, "Harbour Rovers", kind).map(|teams| (teams.home, teams.away))
    }

    #[test]
    fn games_are_read_as_their_calendars_write_them() {
        for (title, home, away) in [
            ("Rovers vs Tigers", "Rovers", "Tigers"),
            ("Rovers vs. Tigers", "Rovers", "Tigers"),
            ("Rovers v Tigers", "Rovers", "Tigers"),
            ("ROVERS V. TIGERS", "ROVERS", "TIGERS"),
            ("Rovers contra Tigres", "Rovers", "Tigres"),
            ("Tigers at Rovers", "Rovers", "Tigers"),
            ("Tigers @ Rovers", "Rovers", "Tigers"),
            ("tigers @ rovers", "rovers", "tigers"),
            ("Rovers - Tigers", "Rovers", "Tigers"),
            ("Rovers – Tigers", "Rovers", "Tigers"),
            ("1. FC Hafen - SV Berg", "1. FC Hafen", "SV Berg"),
            ("Hafen 04 vs Berg 96", "Hafen 04", "Berg 96"),
            ("Port City FC* vs. Lake Town SC*", "Port City FC", "Lake Town SC"),
            ("Port City FC 2 - Lake Town SC 3", "Port City FC", "Lake Town SC"),
            ("Rovers vs Tigers 3-2", "Rovers", "Tigers"),
            ("⚾ Tigers at Rovers 🎆", "Rovers", "Tigers"),
            ("Postponed: Tigers at Rovers", "Rovers", "Tigers"),
            ("POSTPONED Tigers at Rovers", "Rovers", "Tigers"),
            ("[CANCELLED] Tigers at Rovers", "Rovers", "Tigers"),
            ("Cancelled - Rovers vs Tigers", "Rovers", "Tigers"),
            ("Coast League: Rovers vs Tigers", "Rovers", "Tigers"),
            ("Coast League | Rovers v Tigers", "Rovers", "Tigers"),
            ("Round 5 - Rovers v Tigers at Riverside Oval (Night)", "Rovers", "Tigers"),
            ("Spring Training: Tigers at Rovers", "Rovers", "Tigers"),
            ("Tigers at Rovers - Game 2", "Rovers", "Tigers"),
            ("Rovers vs Tigers, Semifinal", "Rovers", "Tigers"),
            ("#5 State at #10 Tech", "Tech", "State"),
            ("O'Neill United vs St. Mary's", "O'Neill United", "St. Mary's"),
            ("vs Tigers", "Harbour Rovers", "Tigers"),
            ("⚽ vs. Tigers", "Harbour Rovers", "Tigers"),
            ("@ Tigers", "Tigers", "Harbour Rovers"),
            ("東京 vs 大阪", "東京", "大阪"),
        ] {
            assert_eq!(read(title, "", ""), Some((home.to_owned(), away.to_owned())), "{title}");
        }
    }

    #[test]
    fn what_is_no_game_has_no_teams() {
        for title in [
            "Live at the Forum",
            "The Lanterns at Harbour Hall",
            "The Lanterns live @ Wharf",
            "Jazz Night - Summer Series",
            "Dinner at 7",
            "Lunch at noon",
            "Yoga at Riverside",
            "Henry V at the Globe",
            "Opening Day",
            "Catch the Sun - A young man makes the list of the most wanted for what he never did",
            "Summer Camp - Week 1",
            "At home",
            "at Boston",
            "vs",
            "- -",
            "",
        ] {
            assert_eq!(read(title, "", ""), None, "{title}");
        }
    }

    #[test]
    fn the_place_and_the_categories_decide_what_the_title_leaves_open() {
        let game = Some(("Wharf".to_owned(), "The Lanterns".to_owned()));
        for (place, category, expected) in [
            ("Wharf Stadium, Port City", "", None),
            ("Port City", "Concert", None),
            ("Wharf Stadium", "Sports", game.clone()),
            ("Port City", "", game),
        ] {
            assert_eq!(read("The Lanterns at Wharf", place, category), expected, "{place} {category}");
        }
        assert_eq!(read("Freddy vs Jason", "", "Film"), None);
    }
}

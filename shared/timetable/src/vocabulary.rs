use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::fold::{fold, has_words};
use crate::spell::{distance, slips_allowed};
use crate::{Entry, Place};

/// A team that an organizer's games name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// As first written.
    pub name: String,
    /// Games at home.
    pub home: u32,
    /// Games away.
    pub away: u32,
    words: Vec<String>,
}

/// Something that a season is divided by: an event that is no game and has its name for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landmark {
    /// Its title.
    pub title: String,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    words: Vec<String>,
}

/// What an organizer's events are called: by what a question is understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    teams: Vec<Team>,
    /// Each with its folded words.
    places: Vec<(String, Vec<String>)>,
    /// Folded places of what is no game.
    stages: Vec<String>,
    landmarks: Vec<Landmark>,
    /// Every folded word that an event says.
    words: Vec<String>,
    days: Option<(NaiveDate, NaiveDate)>,
    /// Some events are games, and some are none.
    mixed: bool,
    /// Words that stand before `night`.
    nights: Vec<String>,
}

/// Bounds of what is learnt, so that a question costs a bounded time.
const TEAMS_MAX: usize = 400;
const PLACES_MAX: usize = 400;
const LANDMARKS_MAX: usize = 200;
const WORDS_MAX: usize = 6_000;

/// Words of names that name nobody by themselves.
const GENERIC: &[&str] =
    &["fc", "sc", "cf", "ac", "afc", "cd", "club", "city", "united", "real", "state", "team", "the", "of", "de", "la"];

impl Vocabulary {
    /// Learns from entries.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let further = |entry: &'a Entry| (entry, entry.further_texts().collect::<Vec<_>>().join("\n"));
        let entries: Vec<(&Entry, String)> = entries.into_iter().map(further).collect();
        let mut teams: BTreeMap<String, Team> = BTreeMap::new();
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        let mut titles: BTreeMap<String, (u32, Landmark)> = BTreeMap::new();
        let mut words: BTreeSet<String> = BTreeSet::new();
        let mut days: Option<(NaiveDate, NaiveDate)> = None;
        let mut others = false;
        let (mut stages, mut nights): (Vec<String>, Vec<String>) = Default::default();
        // A season repeats its names, so each is folded once.
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        let mut heard: BTreeSet<&str> = BTreeSet::new();
        for (entry, text) in &entries {
            let title = entry.title.as_str();
            let place = match &entry.place {
                Place::Named(place) => place.as_str(),
                Place::Hidden => "",
            };
            let start = entry.start.local_date();
            let end = entry.end.local_date();
            let end = if entry.end.is_all_day() { end.pred_opt().unwrap_or(end) } else { end }.max(start);
            days = Some(days.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
            others |= entry.teams.is_none();
            if let Some(both) = &entry.teams {
                for (name, at_home) in [(&both.home, true), (&both.away, false)] {
                    let folded = known.entry(name).or_insert_with(|| fold(name));
                    if folded.is_empty() || teams.len() >= TEAMS_MAX && !teams.contains_key(folded) {
                        continue;
                    }
                    let team = teams.entry(folded.clone()).or_insert_with(|| Team {
                        name: name.clone(),
                        home: 0,
                        away: 0,
                        words: parts(folded),
                    });
                    *(if at_home { &mut team.home } else { &mut team.away }) += 1;
                }
            } else if titles.len() < LANDMARKS_MAX {
                let folded = fold(title);
                let landmark = Landmark { title: title.to_owned(), first: start, last: end, words: parts(&folded) };
                titles.entry(folded).or_insert((0, landmark)).0 += 1;
            }
            let folded = known.entry(place).or_insert_with(|| fold(place));
            if entry.teams.is_none() && stages.len() < PLACES_MAX && !stages.contains(folded) {
                stages.push(folded.clone());
            }
            if !folded.is_empty() && places.len() < PLACES_MAX && !places.contains_key(folded) {
                places.insert(folded.clone(), place.to_owned());
            }
            for text in [title, place, text] {
                if words.len() >= WORDS_MAX || !heard.insert(text) {
                    continue;
                }
                let mut before = "";
                let text = fold(text);
                for word in text.split(' ') {
                    if word == "night" && nights.len() < LANDMARKS_MAX && nights.iter().all(|known| known != before) {
                        nights.push(before.to_owned());
                    }
                    before = word;
                    if words.len() < WORDS_MAX && word.chars().count() >= 3 && !words.contains(word) {
                        words.insert(word.to_owned());
                    }
                }
            }
        }
        Self {
            mixed: others && !teams.is_empty(),
            stages,
            nights,
            teams: teams.into_values().collect(),
            places: places.into_iter().map(|(folded, place)| (place, parts(&folded))).collect(),
            landmarks: titles.into_values().filter(|(times, _)| *times == 1).map(|(_, landmark)| landmark).collect(),
            words: words.into_iter().collect(),
            days,
        }
    }

    /// The teams, with how often each is at home and away.
    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// What the season is divided by.
    pub fn landmarks(&self) -> &[Landmark] {
        &self.landmarks
    }

    /// First and last day.
    pub fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.days
    }

    /// Whether games are only a part of the events.
    pub(crate) fn is_mixed(&self) -> bool {
        self.mixed
    }

    /// Whether something else than a game takes place where words say.
    pub(crate) fn is_stage(&self, words: &str) -> bool {
        self.stages.iter().any(|place| has_words(place, words))
    }

    /// Whether a night is called by a word: `shirt night`.
    pub(crate) fn names_night(&self, word: &str) -> bool {
        self.nights.iter().any(|named| named.starts_with(word))
    }

    /// The words of a name that a short form spells the beginnings of: `kc` of Kansas City.
    pub(crate) fn abbreviated(&self, short: &str) -> Option<Vec<String>> {
        let letters = short.chars().count();
        let names = self.teams.iter().map(|team| &team.words).chain(self.places.iter().map(|(_, words)| words));
        let spelt = |words: &&Vec<String>| {
            words.len() >= letters && words.iter().zip(short.chars()).all(|(word, letter)| word.starts_with(letter))
        };
        let mut names = names.filter(spelt).filter_map(|words| words.get(..letters)).filter(|_| letters > 1);
        names.next().map(<[String]>::to_vec)
    }

    /// The team whose calendar this is: the one that plays in every game, of at least three.
    pub fn own_team(&self) -> Option<&Team> {
        let games: u32 = self.teams.iter().map(|team| team.home).sum();
        self.teams.iter().find(|team| games >= 3 && team.home + team.away == games)
    }

    /// The team that words name, and how many of them do. Several teams of one city are named by it together.
    pub(crate) fn team(&self, words: &[String]) -> Option<(String, usize)> {
        let generic = words.first().is_some_and(|word| GENERIC.contains(&word.as_str()));
        let named = self.teams.iter().map(|team| (&team.name, &team.words));
        let (used, names) = best(named, words)?;
        let whole = |name: &str| fold(name).split(' ').count() == used;
        if generic && used == 1 && !names.iter().any(|name| whole(name)) {
            return None;
        }
        let name = match names.as_slice() {
            [one] => (*one).clone(),
            several => several.iter().find(|name| whole(name)).map_or_else(
                || spelt(several.first().copied()?.as_str(), words.get(..used)?),
                |name| Some((*name).clone()),
            )?,
        };
        Some((name, used))
    }

    /// The place that words name, as it is spelt.
    pub(crate) fn place(&self, words: &[String]) -> Option<(String, usize)> {
        let generic = words.first().is_some_and(|word| GENERIC.contains(&word.as_str()));
        let (used, names) = best(self.places.iter().map(|(name, words)| (name, words)), words)?;
        if generic && used == 1 {
            return None;
        }
        Some((spelt(names.first()?, words.get(..used)?)?, used))
    }

    /// The landmark that words name: all of its name, or no less than half from its first word on, two at least.
    pub(crate) fn landmark(&self, words: &[String]) -> Option<(&Landmark, usize)> {
        let used = |landmark: &Landmark| {
            let used = matched(&landmark.words, words);
            let all = landmark.words.len();
            let begins = landmark.words.first() == words.first();
            let telling = words.iter().take(used).filter(|word| !GENERIC.contains(&word.as_str())).count();
            let whole = used == all && (all > 1 || begins);
            if whole || telling > 1 && used * 2 >= all && begins { used } else { 0 }
        };
        let best = self.landmarks.iter().max_by_key(|landmark| (used(landmark), std::cmp::Reverse(landmark.first)))?;
        Some((best, used(best))).filter(|(_, used)| *used > 0)
    }

    /// Whether an event says a word that begins so.
    pub(crate) fn knows(&self, word: &str) -> bool {
        let at = self.words.partition_point(|known| known.as_str() < word);
        self.words.get(at).is_some_and(|known| known.starts_with(word))
    }

    /// The word that is meant by one that no event says: with few slips.
    pub(crate) fn mend(&self, word: &str) -> Option<(&str, usize)> {
        let letters = word.chars().count();
        let max = slips_allowed(letters);
        if max == 0 {
            return None;
        }
        let like = self.words.iter().filter(|known| {
            let of_known = known.chars().count();
            of_known > 3 && of_known.abs_diff(letters) <= max
        });
        let near = like.filter_map(|known| Some((distance(known, word, max)?, known)));
        near.min_by_key(|(slips, _)| *slips).map(|(slips, known)| (known.as_str(), slips))
    }

    /// The word that is written without its vowels: `mkt`.
    pub(crate) fn vowelless(&self, short: &str) -> Option<&str> {
        if short.chars().count() < 3 || short.contains(['a', 'e', 'i', 'o', 'u']) {
            return None;
        }
        let spells = |known: &&String| {
            let mut letters = known.chars();
            known.starts_with(short.chars().next().unwrap_or_default())
                && known.ends_with(short.chars().next_back().unwrap_or_default())
                && short.chars().all(|letter| letters.any(|known| known == letter))
        };
        self.words.iter().find(spells).map(String::as_str)
    }
}

fn parts(folded: &str) -> Vec<String> {
    folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// How many of the first `wanted` words each begin a word of their own in the name.
fn matched(name: &[String], wanted: &[String]) -> usize {
    let mut taken = vec![false; name.len()];
    let mut used = 0;
    for word in wanted {
        let whole_only = word.chars().count() < 3;
        let found = name.iter().zip(taken.iter_mut()).find(|(known, taken)| {
            !**taken && if whole_only { *known == word } else { known.starts_with(word.as_str()) }
        });
        let Some((_, taken)) = found else { break };
        *taken = true;
        used += 1;
    }
    used
}

/// The names of which the most words are said, and how many that are.
fn best<'a>(
    names: impl Iterator<Item = (&'a String, &'a Vec<String>)>,
    wanted: &[String],
) -> Option<(usize, Vec<&'a String>)> {
    let mut most = (0, Vec::new());
    for (name, words) in names {
        let used = matched(words, wanted);
        if used > most.0 {
            most = (used, vec![name]);
        } else if used == most.0 && used > 0 {
            most.1.push(name);
        }
    }
    (most.0 > 0).then_some(most)
}

/// The words of a name that were meant, as the name spells them.
fn spelt(name: &str, words: &[String]) -> Option<String> {
    let spelling = |word: &String| {
        let of_name =
            name.split(|c: char| c.is_whitespace() || c == ',').find(|own| fold(own).starts_with(word.as_str()));
        of_name.unwrap_or(word.as_str()).to_owned()
    };
    let spelt: Vec<String> = words.iter().map(spelling).collect();
    (!spelt.is_empty()).then(|| spelt.join(" "))
}

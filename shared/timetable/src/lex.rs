//! A question cut into what its words mean.

use chrono::{NaiveDate, NaiveTime};

use crate::fold::fold;
use crate::spell::{distance, slips_allowed};
use crate::tongue::{Meaning, Tongue};
use crate::vocabulary::Vocabulary;

/// Longer questions are cut: nobody asks in so many words.
const TOKENS_MAX: usize = 64;
/// Words of the longest phrase in the tables.
const PHRASE_WORDS_MAX: usize = 4;
/// Words of a landmark's name that are looked up.
const NAME_WORDS_MAX: usize = 5;
/// Letters that a word must have to be taken for a misspelt one of the tables. So short a one begins as it should.
const MENDED_LETTERS_MIN: usize = 4;

/// A piece of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A word or phrase of the language.
    Says(Meaning),
    /// A number.
    Number(u32),
    /// A time that is written as one.
    Clock(NaiveTime),
    /// A date of digits.
    Date(NaiveDate),
    /// A day of a month.
    DayOf(u32, u32),
    /// Any other word, folded.
    Word(String),
    /// An event that the season is divided by: its first and last day, and the words it was named by.
    Landmark(NaiveDate, NaiveDate, Vec<String>),
    /// `-`
    Dash,
}

/// A word of the language that was misspelt, and what it is taken for.
pub(crate) type Mended = (String, String);

/// Cuts a question; an e-mail address is no part of it.
pub(crate) fn cut(text: &str, tongue: &'static Tongue, vocabulary: &Vocabulary) -> (Vec<Item>, Vec<Mended>) {
    let tokens = tokens(text, tongue);
    let mut items = Vec::new();
    let mut mended = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        // `all-star break` is a name, whatever its words mean by themselves.
        let rest = tokens.get(at..(at + NAME_WORDS_MAX).min(tokens.len())).unwrap_or_default();
        if let Some((landmark, used)) = vocabulary.landmark(rest) {
            let words = rest.get(..used).unwrap_or_default().to_vec();
            items.push(Item::Landmark(landmark.first, landmark.last, words));
            at += used;
            continue;
        }
        let phrase = tongue.begins(tokens.get(at..(at + PHRASE_WORDS_MAX).min(tokens.len())).unwrap_or_default());
        // `Fall Festival`
        let named = |(meaning, _): &(Meaning, usize)| {
            matches!(meaning, Meaning::Quarter(_) | Meaning::Early | Meaning::Late) && vocabulary.knows(token)
        };
        if let Some((meaning, length)) = phrase.filter(|phrase| !named(phrase)) {
            items.push(match meaning {
                Meaning::Number(number) => Item::Number(number.into()),
                meaning => Item::Says(meaning),
            });
            at += length;
            continue;
        }
        at += 1;
        if let Some(item) = digits(token, tongue) {
            items.extend(item);
            continue;
        }
        if vocabulary.knows(token) || tongue.same(token).any(|same| vocabulary.knows(same)) {
            items.push(Item::Word(token.clone()));
            continue;
        }
        match misspelt(token, tongue, vocabulary) {
            Some((known, meaning)) => {
                mended.push((token.clone(), known.to_owned()));
                items.push(Item::Says(meaning));
            }
            None => items.push(Item::Word(token.clone())),
        }
    }
    (items, mended)
}

/// Folded words; what is written with digits keeps the marks that make it a time or a date.
fn tokens(text: &str, tongue: &'static Tongue) -> Vec<String> {
    let mut tokens = Vec::new();
    for chunk in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '?' | '!')) {
        // `@ Tampa`, `@Tampa`
        let chunk = chunk.strip_prefix('@').inspect(|_| tokens.push("@".to_owned())).unwrap_or(chunk);
        let trimmed = chunk.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
        let written = trimmed.starts_with(|c: char| c.is_ascii_digit())
            && trimmed.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '/' | '-' | '–'));
        if matches!(chunk, "-" | "–" | "—") {
            tokens.push("-".to_owned());
        } else if chunk == "&" {
            tokens.push(chunk.to_owned());
        } else if written {
            let trimmed = trimmed.to_ascii_lowercase().replace('–', "-");
            if day_and_month(&trimmed, chunk.ends_with('.')).is_some() {
                tokens.push(trimmed + ".");
            } else {
                number_parts(&trimmed, tongue, &mut tokens);
            }
        } else if let Some((first, last)) = calendar_range(trimmed, tongue) {
            tokens.extend([first, "-".to_owned(), last]);
        } else {
            tokens.extend(fold(trimmed).split(' ').filter(|word| !word.is_empty()).map(str::to_owned));
        }
        if tokens.len() >= TOKENS_MAX {
            break;
        }
    }
    tokens.truncate(TOKENS_MAX);
    tokens
}

/// `Mon-Fri`, `July-August`.
fn calendar_range(text: &str, tongue: &'static Tongue) -> Option<(String, String)> {
    let (first, last) = text.split_once(['-', '–'])?;
    let (first, last) = (fold(first), fold(last));
    let named = |text: &str| matches!(tongue.meaning(text), Some(Meaning::Month(_) | Meaning::Weekday(_)));
    (named(&first) && named(&last)).then_some((first, last))
}

/// `7pm` is a number and a word, `4-10` two numbers; `2027-07-04`, `7:30`, `7/4` and `10k` stay.
fn number_parts(text: &str, tongue: &'static Tongue, tokens: &mut Vec<String>) {
    if date(text, tongue).is_some() {
        tokens.push(text.to_owned());
        return;
    }
    for (index, part) in text.split('-').enumerate() {
        if index > 0 {
            tokens.push("-".to_owned());
        }
        let number_len = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(part.len());
        let (number, unit) = part.split_at_checked(number_len).unwrap_or((part, ""));
        let unit = fold(unit);
        let counts = matches!(unit.as_str(), "" | "st" | "nd" | "rd" | "th" | "o" | "h" | "hs" | "hrs");
        if !counts && !number.is_empty() && tongue.meaning(&unit).is_none() {
            tokens.extend(fold(part).split(' ').map(str::to_owned));
            continue;
        }
        if !number.is_empty() {
            tokens.push(number.trim_matches(['.', '/', ':']).to_owned());
        }
        if !counts {
            tokens.push(unit);
        } else if unit.starts_with('h') {
            // `19h`
            if let Some(hour) = tokens.last_mut().filter(|last| !last.contains(':')) {
                hour.push_str(":00");
            }
        }
    }
}

/// A date of three numbers: `2027-07-04`, `7/4/27`, `4.7.2027`.
fn date(text: &str, tongue: &'static Tongue) -> Option<NaiveDate> {
    let mark = ['-', '/', '.'].into_iter().find(|mark| text.contains(*mark))?;
    let mut parts = text.split(mark);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && [first, second, third].iter().all(|part| part.len() <= 4);
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| whole);
    let (year, month, day) = if first.len() == 4 {
        (number(first)?, number(second)?, number(third)?)
    } else {
        let year = match third.len() {
            4 => number(third)?,
            2 if mark != '-' => 2_000 + number(third)?,
            _ => return None,
        };
        let (day, month) = day_month(number(first)?, number(second)?, mark == '.' || tongue.day_first);
        (year, month, day)
    };
    let year = i32::try_from(year).ok().filter(|year| (1900..3000).contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Day and month of two numbers, unless only the other order makes a month of one.
fn day_month(left: u32, right: u32, day_first: bool) -> (u32, u32) {
    let (day, month) = if day_first { (left, right) } else { (right, left) };
    if month > 12 { (month, day) } else { (day, month) }
}

/// `4.7.`, which a time of day is not: its minutes are two digits.
fn day_and_month(text: &str, dotted: bool) -> Option<(u32, u32)> {
    let (day, month) = text.split_once('.')?;
    let is_time = month.len() == 2 && !(dotted && day.len() == 2);
    let (day, month) = (day.parse().ok()?, month.parse().ok()?);
    (!is_time && (1..=31).contains(&day) && (1..=12).contains(&month)).then_some((day, month))
}

/// What a token of digits is; an empty list for one that means nothing.
fn digits(token: &str, tongue: &'static Tongue) -> Option<Vec<Item>> {
    if token == "-" {
        return Some(vec![Item::Dash]);
    }
    if !token.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(date) = date(token, tongue) {
        return Some(vec![Item::Date(date)]);
    }
    if let Some((day, month)) = token.strip_suffix('.').and_then(|token| day_and_month(token, true)) {
        return Some(vec![Item::DayOf(day, month)]);
    }
    let pair = |mark: char| {
        let (left, right) = token.split_once(mark)?;
        Some((left.parse::<u32>().ok()?, right.parse::<u32>().ok()?))
    };
    if let Some((hour, minute)) = pair(':').or_else(|| pair('.')) {
        return Some(NaiveTime::from_hms_opt(hour, minute, 0).map(Item::Clock).into_iter().collect());
    }
    if let Some((left, right)) = pair('/') {
        let (day, month) = day_month(left, right, tongue.day_first);
        return Some(vec![Item::DayOf(day, month)]);
    }
    token.bytes().all(|byte| byte.is_ascii_digit()).then(|| token.parse().map(Item::Number).into_iter().collect())
}

/// A word of the language with a slip, unless a word of the vocabulary is as near.
fn misspelt(token: &str, tongue: &'static Tongue, vocabulary: &Vocabulary) -> Option<(&'static str, Meaning)> {
    let letters = token.chars().count();
    if letters < MENDED_LETTERS_MIN {
        return None;
    }
    let max = slips_allowed(letters);
    let mut nearest: Option<(usize, &'static str, Meaning)> = None;
    tongue.each("", &mut |known, meaning| {
        // The tables are ASCII.
        let is_like = known.len() >= MENDED_LETTERS_MIN
            && known.len().abs_diff(letters) <= max
            && (letters > MENDED_LETTERS_MIN || known.as_bytes().first() == token.as_bytes().first())
            && !known.contains(' ')
            && meaning != Meaning::Filler;
        let slips = if is_like { distance(known, token, max) } else { None };
        if let Some(slips) = slips.filter(|slips| nearest.is_none_or(|(least, ..)| *slips < least)) {
            nearest = Some((slips, known, meaning));
        }
    });
    let (slips, known, meaning) = nearest?;
    let nearer = vocabulary.mend(token).is_some_and(|(_, other)| other < slips);
    (!nearer).then_some((known, meaning))
}

//! Calendars that give their events new UIDs: which of the new ones are the old ones.
//!
//! A wrong match would tell guests that their event moved to another one, so nothing is guessed: what could be two is
//! none.

use std::collections::HashMap;

use itip::Timestamp;

/// How far an event may have moved while its UID changed: a match that is put off is mostly played within two weeks.
const MOVED_SECS_MAX: i64 = 14 * 86_400;

/// An event by what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The title, or the teams.
    pub what: String,
    /// When it starts.
    pub start: Timestamp,
}

/// For each of the new ones the place of the one in `gone` that it is.
///
/// First by equal start, then by nearness, among those that are left; both ways there must be just one.
pub(super) fn matches(gone: &[Candidate], new: &[Candidate]) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; new.len()];
    let mut taken = vec![false; gone.len()];
    for moved_secs_max in [0, MOVED_SECS_MAX] {
        let mut by_what: HashMap<&str, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, candidate) in gone.iter().enumerate().filter(|(at, _)| taken.get(*at) == Some(&false)) {
            by_what.entry(&candidate.what).or_default().0.push(at);
        }
        for (at, candidate) in new.iter().enumerate().filter(|(at, _)| found.get(*at) == Some(&None)) {
            by_what.entry(&candidate.what).or_default().1.push(at);
        }
        let near = |old: usize, young: usize| match (gone.get(old), new.get(young)) {
            (Some(old), Some(young)) => (old.start.0 - young.start.0).abs() <= moved_secs_max,
            _ => false,
        };
        for (olds, youngs) in by_what.values() {
            for &young in youngs {
                let mut near_olds = olds.iter().filter(|old| near(**old, young));
                let (Some(&old), None) = (near_olds.next(), near_olds.next()) else { continue };
                if youngs.iter().filter(|other| near(old, **other)).count() != 1 {
                    continue;
                }
                if let (Some(found), Some(taken)) = (found.get_mut(young), taken.get_mut(old)) {
                    (*found, *taken) = (Some(old), true);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn candidates(list: &[(&str, i64)]) -> Vec<Candidate> {
        let candidate = |(what, start): &(&str, i64)| Candidate { what: (*what).to_owned(), start: Timestamp(*start) };
        list.iter().map(candidate).collect()
    }

    #[test]
    fn an_event_is_found_again_by_what_it_is_and_only_if_nothing_else_could_be_meant() {
        type Case<'a> = (&'a [(&'a str, i64)], &'a [(&'a str, i64)], &'a [Option<usize>], &'a str);
        let cases: &[Case<'_>] = &[
            (&[("final", 5 * DAY)], &[("final", 5 * DAY)], &[Some(0)], "the same title at the same time"),
            (&[("final", 5 * DAY)], &[("final", 9 * DAY)], &[Some(0)], "moved by days"),
            (&[("final", 5 * DAY)], &[("final", 25 * DAY)], &[None], "too far away"),
            (&[("final", 5 * DAY)], &[("semifinal", 5 * DAY)], &[None], "another title"),
            (&[("a", 0), ("a", DAY)], &[("a", DAY), ("a", 0)], &[Some(1), Some(0)], "a series of equal titles"),
            (&[("a", 0), ("a", DAY)], &[("a", 7200), ("a", DAY + 7200)], &[None, None], "which of two moved"),
            (
                &[("a", 0), ("a", DAY)],
                &[("a", DAY), ("a", 7200)],
                &[Some(1), Some(0)],
                "one stayed, so the other moved",
            ),
            (&[("a", 0)], &[("a", 0), ("a", 0)], &[None, None], "two new ones at once"),
            (&[("a", 0), ("a", 0)], &[("a", 0)], &[None], "two old ones at once"),
            (&[("a", 0)], &[("a", DAY), ("a", 2 * DAY)], &[None, None], "one became two"),
            (&[], &[("a", 0)], &[None], "nothing is gone"),
        ];
        for (gone, new, expected, why) in cases {
            assert_eq!(matches(&candidates(gone), &candidates(new)), *expected, "{why}");
        }
    }

    #[test]
    fn nobody_is_matched_twice() {
        let mut dice = 7_u64;
        let mut roll = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        for _ in 0..500 {
            let mut some = |count: u64| -> Vec<Candidate> {
                (0..roll(count))
                    .map(|_| Candidate {
                        what: ["a", "b", "c"].get(usize::try_from(roll(3)).unwrap()).unwrap().to_string(),
                        start: Timestamp(i64::try_from(roll(40)).unwrap() * DAY),
                    })
                    .collect()
            };
            let (gone, new) = (some(9), some(9));
            let found = matches(&gone, &new);
            let mut olds: Vec<usize> = found.iter().flatten().copied().collect();
            let count = olds.len();
            olds.sort_unstable();
            olds.dedup();
            assert_eq!(olds.len(), count, "{gone:?} {new:?}");
            for (young, old) in found.iter().enumerate().filter_map(|(young, old)| Some((young, (*old)?))) {
                assert_eq!(gone.get(old).unwrap().what, new.get(young).unwrap().what);
            }
        }
    }
}

//! How many slips of the finger part two words.

/// Longer words are not mended.
const LETTERS_MAX: usize = 24;

/// The slips that a word of this length may hold.
pub(crate) fn slips_allowed(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// The distance of optimal string alignment (a letter left out, put in, changed, or two swapped), if it is at most
/// `max`.
pub(crate) fn distance(a: &str, b: &str, max: usize) -> Option<usize> {
    // Most words are told apart by their length.
    let (of_a, of_b) = (a.chars().count(), b.chars().count());
    if of_a.abs_diff(of_b) > max || of_a.max(of_b) > LETTERS_MAX {
        return None;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(LETTERS_MAX);
            let mut best = (at(&above, j) + usize::from(x != y)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        if row.iter().min().is_some_and(|least| *least > max) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().filter(|distance| *distance <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, slips) in [
            ("tampa", "tampa", Some(0)),
            ("tamap", "tampa", Some(1)),
            ("tapa", "tampa", Some(1)),
            ("tammpa", "tampa", Some(1)),
            ("tamba", "tampa", Some(1)),
            ("septmeber", "september", Some(1)),
            ("boston", "tampa", None),
            ("", "a", Some(1)),
        ] {
            assert_eq!(distance(a, b, 2), slips, "{a} {b}");
        }
    }
}

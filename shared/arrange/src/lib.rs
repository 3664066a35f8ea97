//! Stable sorting that is compiled once. The standard library's is compiled anew for every type and every comparison,
//! four kilobytes each, which forty places of the Worker would pay.

use std::cmp::Ordering;

/// Sorts that differ from those of the standard library in size only.
pub trait Arrange<T> {
    /// As `sort_by`.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// As `sort_by_key`.
    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    /// As `sort`.
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(T::cmp);
    }
}

impl<T> Arrange<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let swaps = swaps(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        for (place, other) in swaps.into_iter().enumerate() {
            self.swap(place, other);
        }
    }
}

/// Sorts the places 0 to `len`, and says for each in turn with which one, itself or a later one, to swap its value.
fn swaps(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut wanted: Vec<usize> = (0..len).collect();
    wanted.sort_by(|a, b| compare(*a, *b));
    for place in 0..len {
        // What lay before `place` has been swapped away, to where the entry there says.
        let mut from = wanted.get(place).copied().unwrap_or(place);
        while from < place {
            from = wanted.get(from).copied().unwrap_or(place);
        }
        if let Some(entry) = wanted.get_mut(place) {
            *entry = from;
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::Arrange;

    /// Numbers without a pattern (Knuth's linear congruential generator).
    fn numbers(seed: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(seed), |n| Some(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1)))
            .map(|n| n >> 33)
    }

    #[test]
    fn sorts_as_the_standard_library_does_and_is_stable() {
        for len in 0..200_usize {
            for range in [1, 3, 10, 1_000_000] {
                let list: Vec<(u64, usize)> = numbers(range + 7).map(|n| n % range).zip(0..).take(len).collect();
                let mut expected = list.clone();
                expected.sort_by_key(|(key, _)| *key);
                let mut ordered = list;
                ordered.arrange_by_key(|(key, _)| *key);
                assert_eq!(ordered, expected);
                ordered.arrange_by(|a, b| b.cmp(a));
                expected.sort_by(|a, b| b.cmp(a));
                assert_eq!(ordered, expected);
            }
        }
    }

    #[test]
    fn a_long_list_whose_last_value_goes_first_takes_no_square_of_steps() {
        let mut list: Vec<u32> = (1..=1_000_000).chain([0]).collect();
        list.arrange();
        assert!(list.is_sorted());
    }
}

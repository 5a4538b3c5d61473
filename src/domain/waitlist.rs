//! A first-come, first-served queue that knows everybody's position.
//!
//! People leave from any place and ask for their position at any time, so a plain queue would be
//! scanned again and again. A [`Fenwick`] tree over the arrivals counts the people ahead in O(log n).
//! Those who have left are removed once they outnumber those who wait.

use super::fenwick::Fenwick;

/// Arrivals in order, each with a number that only grows.
#[derive(Debug, Clone, Default)]
pub struct Waitlist {
    arrivals: Vec<Arrival>,
    /// 1 for each arrival that still waits, otherwise 0.
    counts: Fenwick,
    waiting: usize,
    head: usize,
}

#[derive(Debug, Clone, Copy)]
struct Arrival {
    seq: u64,
    waiting: bool,
}

impl Waitlist {
    const SWEEP_ABOVE: usize = 64;

    /// How many are waiting.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody is waiting.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// The number of the first in line.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.arrivals.get(self.head).map(|arrival| arrival.seq)
    }

    /// Adds `seq` at the end. A number that does not grow is ignored: the caller assigns them.
    pub fn push(&mut self, seq: u64) {
        if self.arrivals.last().is_some_and(|last| last.seq >= seq) {
            return;
        }
        self.arrivals.push(Arrival { seq, waiting: true });
        self.counts.push(1);
        self.waiting = self.waiting.saturating_add(1);
    }

    /// Removes `seq`, wherever it is. Returns whether it was waiting.
    pub fn remove(&mut self, seq: u64) -> bool {
        let Some(at) = self.index_of(seq) else {
            return false;
        };
        if let Some(arrival) = self.arrivals.get_mut(at) {
            arrival.waiting = false;
        }
        self.counts.decrease(at);
        self.waiting = self.waiting.saturating_sub(1);
        while self.arrivals.get(self.head).is_some_and(|arrival| !arrival.waiting) {
            self.head = self.head.saturating_add(1);
        }
        self.sweep();
        true
    }

    /// The position of `seq`, counted from 1; `None` if it is not waiting.
    #[must_use]
    pub fn position(&self, seq: u64) -> Option<u32> {
        Some(self.counts.sum_of_first(self.index_of(seq)?.saturating_add(1)))
    }

    /// The first in line, at most `most` of them.
    pub fn heads(&self, most: usize) -> impl Iterator<Item = u64> {
        let waiting = self.arrivals.iter().skip(self.head).filter(|arrival| arrival.waiting);
        waiting.take(most).map(|arrival| arrival.seq)
    }

    fn index_of(&self, seq: u64) -> Option<usize> {
        let at = self.arrivals.binary_search_by_key(&seq, |arrival| arrival.seq).ok()?;
        self.arrivals.get(at).filter(|arrival| arrival.waiting).map(|_| at)
    }

    fn sweep(&mut self) {
        let gone = self.arrivals.len().saturating_sub(self.waiting);
        if gone > self.waiting.saturating_add(Self::SWEEP_ABOVE) {
            let swept = std::mem::take(self);
            swept
                .arrivals
                .iter()
                .filter(|arrival| arrival.waiting)
                .for_each(|arrival| self.push(arrival.seq));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Push,
        Remove(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![Just(Step::Push), (0..400_usize).prop_map(Step::Remove)];
        prop::collection::vec(step, 0..600)
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_queue(steps in steps()) {
            let (mut list, mut plain, mut next) = (Waitlist::default(), Vec::<u64>::new(), 0);
            for step in steps {
                match step {
                    Step::Push => {
                        next += 1;
                        list.push(next);
                        plain.push(next);
                    }
                    Step::Remove(at) => {
                        let seq = plain.get(at % plain.len().max(1)).copied().unwrap_or(9_999);
                        prop_assert_eq!(list.remove(seq), plain.contains(&seq));
                        plain.retain(|waiting| *waiting != seq);
                    }
                }
                prop_assert_eq!(list.first(), plain.first().copied());
                prop_assert_eq!(list.len(), plain.len());
            }
            for (at, seq) in plain.iter().enumerate() {
                prop_assert_eq!(list.position(*seq), Some(at as u32 + 1));
            }
            prop_assert_eq!(list.position(next + 1), None);
        }
    }

    #[test]
    fn those_who_left_do_not_pile_up() {
        let mut list = Waitlist::default();
        for seq in 0..10_000 {
            list.push(seq);
            list.remove(seq);
        }
        assert!(list.arrivals.len() <= 2 * Waitlist::SWEEP_ABOVE, "{}", list.arrivals.len());
    }
}

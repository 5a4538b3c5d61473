//! A Fenwick tree (Fenwick, 1994): a row of counts with prefix sums. Changing one of n counts, or adding
//! up those before it, takes O(log n).

/// Counts by their index, the first at 0. A sum saturates at the range of a `u32`.
#[derive(Debug, Clone, Default)]
pub struct Fenwick {
    /// `sums[i]` is the sum of the `lowbit(i + 1)` counts that end at `i`.
    sums: Vec<u32>,
}

impl Fenwick {
    /// How many counts there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Adds a count at the end of the row.
    pub fn push(&mut self, count: u32) {
        let at = self.sums.len().saturating_add(1);
        let (mut sum, mut step) = (count, 1_usize);
        while step < lowbit(at) {
            let below = at.saturating_sub(step).saturating_sub(1);
            sum = sum.saturating_add(self.sums.get(below).copied().unwrap_or(0));
            step = step.saturating_mul(2);
        }
        self.sums.push(sum);
    }

    /// Raises the count at this index by one.
    pub fn increase(&mut self, at: usize) {
        self.change(at, |sum| sum.saturating_add(1));
    }

    /// Lowers the count at this index by one.
    pub fn decrease(&mut self, at: usize) {
        self.change(at, |sum| sum.saturating_sub(1));
    }

    /// The sum of the first `many` counts.
    #[must_use]
    pub fn sum_of_first(&self, many: usize) -> u32 {
        let (mut node, mut sum) = (many.min(self.sums.len()), 0_u32);
        while node > 0 {
            sum = sum.saturating_add(self.sums.get(node.saturating_sub(1)).copied().unwrap_or(0));
            node = node.saturating_sub(lowbit(node));
        }
        sum
    }

    fn change(&mut self, at: usize, change: impl Fn(u32) -> u32) {
        let mut node = at.saturating_add(1);
        while let Some(sum) = self.sums.get_mut(node.saturating_sub(1)) {
            *sum = change(*sum);
            node = node.saturating_add(lowbit(node));
        }
    }
}

/// The lowest bit set in `n`; 1 for 0, so that no loop runs forever.
const fn lowbit(n: usize) -> usize {
    1_usize.wrapping_shl(n.trailing_zeros())
}

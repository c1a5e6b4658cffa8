//! First fit: a place for each of many ranges that live for some time, in the lowest gap that none of its time touches.
//!
//! Gaps are kept by where they start and by the power of two that their length reaches. All gaps of a higher power fit,
//! so that of those the first is asked for alone: that keeps the whole near the number of ranges.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// A range to be placed: how long it is, and the first and the last moment when it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiveRange {
    pub(super) len: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

/// Where ranges start.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) starts: Vec<usize>,
    /// The end of the one that reaches furthest.
    pub(super) total: usize,
    /// How many gaps were looked at.
    #[cfg_attr(not(test), allow(dead_code, reason = "what a test counts"))]
    pub(super) looked_at: usize,
}

/// Places ranges, which come in the order of their first moments.
pub(super) fn first_fit(ranges: impl IntoIterator<Item = LiveRange>) -> Fit {
    let mut gaps = Gaps::new();
    let mut fit = Fit { starts: Vec::new(), total: 0, looked_at: 0 };
    // (last moment, start, length) of those that live, the first to end on top.
    let mut living: BinaryHeap<Reverse<(usize, usize, usize)>> = BinaryHeap::new();
    for LiveRange { len, first, last } in ranges {
        while let Some(&Reverse((end, start, len))) = living.peek().filter(|ended| ended.0.0 < first) {
            debug_assert!(end < first);
            gaps.give_back(start, len);
            living.pop();
        }
        // What takes nothing is in nobody's way.
        let start = if len == 0 { 0 } else { gaps.take(len) };
        if len > 0 {
            living.push(Reverse((last, start, len)));
        }
        fit.starts.push(start);
        fit.total = fit.total.max(start + len);
    }
    fit.looked_at = gaps.looked_at;
    fit
}

/// Whether no two of these ranges that are needed at the same moment share a number.
pub(super) fn none_overlap(ranges: &[LiveRange], starts: &[usize]) -> bool {
    // The ends of those that live, by their starts.
    let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
    let mut living: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    ranges.iter().zip(starts).filter(|(range, _)| range.len > 0).all(|(&LiveRange { len, first, last }, &start)| {
        while let Some(&Reverse((_, ended))) = living.peek().filter(|ended| ended.0.0 < first) {
            ends.remove(&ended);
            living.pop();
        }
        let before = ends.range(..=start).next_back().is_none_or(|(_, &end)| end <= start);
        let behind = ends.range(start..).next().is_none_or(|(&next, _)| start + len <= next);
        living.push(Reverse((last, start)));
        ends.insert(start, start + len);
        before && behind
    })
}

/// What is free.
struct Gaps {
    /// Length by start. The last one has no end.
    by_start: BTreeMap<usize, usize>,
    /// Starts by the logarithm of the length, rounded down.
    by_power: [BTreeSet<usize>; usize::BITS as usize],
    looked_at: usize,
}

impl Gaps {
    fn new() -> Self {
        let mut gaps = Self {
            by_start: BTreeMap::new(),
            by_power: [const { BTreeSet::new() }; usize::BITS as usize],
            looked_at: 0,
        };
        gaps.insert(0, usize::MAX);
        gaps
    }

    fn insert(&mut self, start: usize, len: usize) {
        self.by_start.insert(start, len);
        self.by_power[len.ilog2() as usize].insert(start);
    }

    fn remove(&mut self, start: usize) -> Option<usize> {
        let len = self.by_start.remove(&start)?;
        self.by_power[len.ilog2() as usize].remove(&start);
        Some(len)
    }

    /// Takes so many numbers, at least one, from the lowest gap that has them.
    fn take(&mut self, len: usize) -> usize {
        let power = len.ilog2() as usize;
        let sure = self.by_power[power + 1..].iter().filter_map(BTreeSet::first).min().copied();
        let mut looked_at = 0;
        let maybe =
            self.by_power[power].iter().take_while(|&&start| sure.is_none_or(|sure| start < sure)).find(|start| {
                looked_at += 1;
                self.by_start[start] >= len
            });
        let start = maybe.copied().or(sure).unwrap_or_default();
        self.looked_at += 1 + looked_at;
        let found = self.remove(start).unwrap_or_default();
        if found > len {
            self.insert(start + len, found - len);
        }
        start
    }

    /// Joins what was taken to the gaps on both sides of it.
    fn give_back(&mut self, start: usize, len: usize) {
        let before = self.by_start.range(..start).next_back().map(|(&gap, &len)| (gap, gap + len));
        let joined = before.filter(|&(_, end)| end == start).map_or(start, |(gap, _)| gap);
        let before = if joined < start { self.remove(joined).unwrap_or_default() } else { 0 };
        let behind = self.remove(start + len).unwrap_or_default();
        self.insert(joined, before + len + behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers that look random.
    fn random(count: usize, seed: u64) -> impl Iterator<Item = usize> {
        let mut state = seed * 2 + 1;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        })
        .take(count)
    }

    fn live_ranges(count: usize, seed: u64, longest: usize) -> Vec<LiveRange> {
        let numbers: Vec<usize> = random(3 * count, seed).collect();
        let mut ranges: Vec<LiveRange> = numbers
            .chunks_exact(3)
            .map(|n| {
                let first = n[1] % (count / 2 + 1);
                LiveRange { len: 16 * (n[0] % 40), first, last: first + n[2] % longest }
            })
            .collect();
        ranges.sort_by_key(|range| range.first);
        ranges
    }

    /// The definition: each one looks at all others that live.
    fn plain(ranges: &[LiveRange]) -> Vec<usize> {
        let mut placed: Vec<(usize, LiveRange)> = Vec::new();
        for &range in ranges {
            let mut busy: Vec<(usize, usize)> = placed
                .iter()
                .filter(|(_, other)| other.last >= range.first && other.len > 0)
                .map(|&(start, other)| (start, start + other.len))
                .collect();
            busy.sort_unstable();
            let mut at = 0;
            for (start, end) in busy {
                if at + range.len <= start {
                    break;
                }
                at = at.max(end);
            }
            placed.push((if range.len == 0 { 0 } else { at }, range));
        }
        placed.into_iter().map(|(start, _)| start).collect()
    }

    #[test]
    fn each_range_is_in_the_lowest_gap_that_fits() {
        for seed in 0..40 {
            let ranges = live_ranges(60 + seed as usize, seed, 3 + seed as usize);
            let fit = first_fit(ranges.iter().copied());
            assert_eq!(fit.starts, plain(&ranges), "{seed}");
            assert!(none_overlap(&ranges, &fit.starts));
            assert_eq!(fit.total, ranges.iter().zip(&fit.starts).map(|(l, s)| l.len + s).max().unwrap_or(0));
        }
    }

    #[test]
    fn what_overlaps_is_found() {
        let range = |len, first, last| LiveRange { len, first, last };
        let ranges = [range(16, 0, 2), range(16, 1, 3), range(16, 3, 4)];
        assert!(none_overlap(&ranges, &[0, 16, 0]));
        assert!(!none_overlap(&ranges, &[0, 8, 32]));
        assert!(!none_overlap(&ranges, &[8, 0, 32]));
        assert!(!none_overlap(&ranges, &[0, 16, 16]));
    }

    #[test]
    fn the_search_grows_as_the_number_of_ranges_does() {
        for longest in [3, 100, 100_000] {
            for count in [1000, 2000, 4000, 8000] {
                let looked_at = first_fit(live_ranges(count, 1, longest)).looked_at;
                println!("{count} ranges that live up to {longest}: {looked_at} gaps looked at");
                assert!(looked_at <= 20 * count, "{count} ranges: {looked_at} gaps looked at");
            }
        }
    }
}

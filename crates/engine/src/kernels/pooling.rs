//! Pooling: numbers that stand in rectangles of rows and columns, folded to one, and the derivative of the largest and the
//! smallest.

use limpid_graph::op::Monoid;

#[cfg(target_arch = "x86_64")]
use super::Level;
use super::Supported;

/// Where rectangles stand in a value of `down · tall` rows of `across · wide` columns of `channels` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pooling {
    pub(crate) down: usize,
    pub(crate) tall: usize,
    pub(crate) across: usize,
    pub(crate) wide: usize,
    pub(crate) channels: usize,
}

impl Pooling {
    /// A fold over alternately kept and folded axes, where it is one of rectangles.
    pub(crate) fn of(groups: &[(bool, usize)]) -> Option<Self> {
        let (down, groups) = match groups {
            [(false, down), rest @ ..] => (*down, rest),
            _ => (1, groups),
        };
        let (tall, across, wide, channels) = match *groups {
            [(true, tall), (false, across), (true, wide), (false, channels)] => (tall, across, wide, channels),
            [(true, tall), (false, across), (true, wide)] => (tall, across, wide, 1),
            [(true, tall), (false, channels)] => (tall, 1, 1, channels),
            _ => return None,
        };
        let pooling = Self { down, tall, across, wide, channels };
        (pooling.count() > 0).then_some(pooling)
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.pooled() * self.tall * self.wide
    }

    /// How many there are once they are folded.
    pub(crate) fn pooled(&self) -> usize {
        self.down * self.across * self.channels
    }

    /// How far apart rows are.
    fn row(&self) -> usize {
        self.across * self.wide * self.channels
    }

    /// Where each rectangle begins, and its result.
    #[inline(always)]
    fn rectangles(self) -> impl Iterator<Item = (usize, usize)> {
        let of_rows = move |y: usize| {
            let (from, to) = (y * self.tall * self.row(), y * self.across * self.channels);
            (0..self.across).map(move |x| (from + x * self.wide * self.channels, to + x * self.channels))
        };
        (0..self.down).flat_map(of_rows)
    }

    /// The distances of a rectangle's numbers from its first.
    #[inline(always)]
    fn distances(self) -> impl Iterator<Item = usize> {
        (0..self.tall).flat_map(move |i| (0..self.wide).map(move |j| i * self.row() + j * self.channels))
    }
}

macro_rules! at_each_level {
    ($name:ident => $generic:ident, $($argument:ident: $kind:ty),*) => {
        pub(crate) fn $name(level: Supported, $($argument: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
            fn avx512($($argument: $kind),*) {
                $generic($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $kind),*) {
                $generic($($argument),*);
            }
            match *level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: a supported level is one that this processor has.
                Level::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                Level::Avx2 => unsafe { avx2($($argument),*) },
                _ => $generic($($argument),*),
            }
        }
    };
}

// Each rectangle folded to a number.
at_each_level!(pooled => pooled_generic, pooling: Pooling, monoid: Monoid, from: &[f32], out: &mut [f32]);

// The derivative of each rectangle's extreme: equal extremes share what comes from above.
at_each_level!(slopes => slopes_generic, pooling: Pooling, monoid: Monoid, from: &[f32], up: &[f32], out: &mut [f32]);

/// Calls a function of so many lanes at every part of a run of numbers; where the last part is short, again with some that
/// have been done.
macro_rules! by_lanes {
    ($count:expr, $part:ident($($argument:expr),*)) => {
        match $count {
            16.. => parts::<16>($count, |at| $part::<16>($($argument,)* at)),
            8..16 => parts::<8>($count, |at| $part::<8>($($argument,)* at)),
            4..8 => parts::<4>($count, |at| $part::<4>($($argument,)* at)),
            _ => parts::<1>($count, |at| $part::<1>($($argument,)* at)),
        }
    };
}

#[inline(always)]
fn parts<const L: usize>(count: usize, mut part: impl FnMut(usize)) {
    let mut at = 0;
    while at + L <= count {
        part(at);
        at += L;
    }
    if at < count {
        part(count - L);
    }
}

#[inline(always)]
fn load<const L: usize>(from: &[f32], at: usize) -> [f32; L] {
    let mut lanes = [0.0; L];
    lanes.copy_from_slice(&from[at..at + L]);
    lanes
}

#[inline(always)]
fn pooled_generic(pooling: Pooling, monoid: Monoid, from: &[f32], out: &mut [f32]) {
    match monoid {
        Monoid::Max => all_pooled(pooling, |a, b| Monoid::Max.join(a, b), Monoid::Max.neutral(), from, out),
        Monoid::Sum => all_pooled(pooling, |a, b| a + b, 0.0, from, out),
        other => all_pooled(pooling, |a, b| other.join(a, b), other.neutral(), from, out),
    }
}

#[inline(always)]
fn all_pooled(pooling: Pooling, join: impl Fn(f32, f32) -> f32 + Copy, neutral: f32, from: &[f32], out: &mut [f32]) {
    for (start, to) in pooling.rectangles() {
        by_lanes!(pooling.channels, part_pooled(pooling, join, neutral, from, start, to, &mut *out));
    }
}

#[allow(clippy::too_many_arguments)]
#[inline(always)]
fn part_pooled<const L: usize>(
    pooling: Pooling,
    join: impl Fn(f32, f32) -> f32,
    neutral: f32,
    from: &[f32],
    start: usize,
    to: usize,
    out: &mut [f32],
    at: usize,
) {
    let mut all = [neutral; L];
    for distance in pooling.distances() {
        let lanes = load::<L>(from, start + distance + at);
        for lane in 0..L {
            all[lane] = join(all[lane], lanes[lane]);
        }
    }
    out[to + at..to + at + L].copy_from_slice(&all);
}

#[inline(always)]
fn slopes_generic(pooling: Pooling, monoid: Monoid, from: &[f32], up: &[f32], out: &mut [f32]) {
    for (start, to) in pooling.rectangles() {
        match monoid {
            Monoid::Max => by_lanes!(pooling.channels, part_slopes(pooling, Monoid::Max, from, up, start, to, &mut *out)),
            other => by_lanes!(pooling.channels, part_slopes(pooling, other, from, up, start, to, &mut *out)),
        }
    }
}

#[allow(clippy::too_many_arguments, clippy::needless_range_loop)]
#[inline(always)]
fn part_slopes<const L: usize>(
    pooling: Pooling,
    monoid: Monoid,
    from: &[f32],
    up: &[f32],
    start: usize,
    to: usize,
    out: &mut [f32],
    at: usize,
) {
    let mut extreme: [f32; L] = [monoid.neutral(); L];
    for distance in pooling.distances() {
        let lanes = load::<L>(from, start + distance + at);
        for lane in 0..L {
            extreme[lane] = monoid.join(extreme[lane], lanes[lane]);
        }
    }
    let mut count = [0.0; L];
    for distance in pooling.distances() {
        let lanes = load::<L>(from, start + distance + at);
        for lane in 0..L {
            count[lane] += if lanes[lane] == extreme[lane] { 1.0 } else { 0.0 };
        }
    }
    let mut share = load::<L>(up, to + at);
    for lane in 0..L {
        share[lane] /= count[lane];
    }
    for distance in pooling.distances() {
        let place = start + distance + at;
        let lanes = load::<L>(from, place);
        let mut slopes = [0.0; L];
        for lane in 0..L {
            // As a product, so that what is not a number stays so.
            let is_extreme = if lanes[lane] == extreme[lane] { 1.0 } else { 0.0 };
            slopes[lane] = is_extreme * share[lane];
        }
        out[place..place + L].copy_from_slice(&slopes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_of_any_form_are_folded_and_their_extremes_share_what_comes_from_above() {
        for (down, tall, across, wide) in [(1, 2, 1, 1), (2, 2, 3, 2), (3, 1, 2, 3), (1, 3, 4, 2)] {
            for channels in [1, 3, 4, 6, 8, 13, 16, 30, 33] {
                check(Pooling { down, tall, across, wide, channels });
            }
        }
    }

    fn check(pooling: Pooling) {
        let Pooling { tall, across, wide, channels, .. } = pooling;
        let from: Vec<f32> = (0..pooling.count()).map(|i| ((i * 7) % 5) as f32).collect();
        let up: Vec<f32> = (0..pooling.pooled()).map(|i| i as f32 + 1.0).collect();
        for level in Supported::each() {
            for monoid in [Monoid::Sum, Monoid::Max, Monoid::Min] {
                let mut out = vec![f32::NAN; pooling.pooled()];
                pooled(level, pooling, monoid, &from, &mut out);
                let mut slopes_found = vec![f32::NAN; pooling.count()];
                slopes(level, pooling, monoid, &from, &up, &mut slopes_found);
                for (place, &found) in out.iter().enumerate() {
                    let (y, x, c) = (place / channels / across, place / channels % across, place % channels);
                    let at = |i: usize, j: usize| ((y * tall + i) * across * wide + x * wide + j) * channels + c;
                    let all: Vec<usize> = (0..tall).flat_map(|i| (0..wide).map(move |j| at(i, j))).collect();
                    let wanted = all.iter().fold(monoid.neutral(), |a: f32, &at| monoid.join(a, from[at]));
                    assert_eq!(found, wanted, "{pooling:?} {monoid:?}");
                    let equal = all.iter().filter(|&&at| from[at] == wanted).count() as f32;
                    for at in all.into_iter().filter(|_| monoid != Monoid::Sum) {
                        let wanted = if from[at] == wanted { up[place] / equal } else { 0.0 };
                        assert_eq!(slopes_found[at], wanted, "{pooling:?} {monoid:?} at {level}");
                    }
                }
            }
        }
    }
}

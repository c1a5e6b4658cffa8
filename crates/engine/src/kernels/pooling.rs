//! Pooling: numbers that stand in rectangles of rows and columns, folded to one, and the derivative of the largest and the
//! smallest.

use limpid_graph::op::Monoid;

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

    /// Where the rectangle of this place begins, and its result.
    #[inline(always)]
    fn rectangle(&self, y: usize, x: usize) -> (usize, usize) {
        let (from, to) = (y * self.tall * self.row(), y * self.across * self.channels);
        (from + x * self.wide * self.channels, to + x * self.channels)
    }
}

at_each_level!(
    /// Each rectangle folded to a number.
    pub(crate) pooled => pooled_generic, pooling: Pooling, monoid: Monoid, from: &[f32], out: &mut [f32]
);

at_each_level!(
    /// The derivative of each rectangle's extreme: equal extremes share what comes from above.
    pub(crate) slopes => slopes_generic, pooling: Pooling, monoid: Monoid, from: &[f32], up: &[f32], out: &mut [f32]
);

/// Calls a function of so many lanes at every part of a run of numbers; where the last part is short, again with some that
/// have been done. Where `may_pass`, few numbers are one part, which passes their end by less than their number. Not by
/// closures: these would not be compiled for the level.
macro_rules! by_lanes {
    (@parts $count:expr, $lanes:literal, $part:ident($($argument:expr),*)) => {{
        let mut at = 0;
        let last = $count.checked_sub($lanes);
        while last.is_some_and(|last| at <= last) {
            $part::<$lanes>($($argument,)* at);
            at += $lanes;
        }
        if let Some(last) = last.filter(|_| at < $count) {
            $part::<$lanes>($($argument,)* last);
        }
    }};
    ($count:expr, $may_pass:expr, $part:ident($($argument:expr),*)) => {
        match $count {
            9..16 if $may_pass => $part::<16>($($argument,)* 0),
            5..8 if $may_pass => $part::<8>($($argument,)* 0),
            3 if $may_pass => $part::<4>($($argument,)* 0),
            16.. => by_lanes!(@parts $count, 16, $part($($argument),*)),
            8..16 => by_lanes!(@parts $count, 8, $part($($argument),*)),
            4..8 => by_lanes!(@parts $count, 4, $part($($argument),*)),
            _ => by_lanes!(@parts $count, 1, $part($($argument),*)),
        }
    };
}

#[inline(always)]
fn load<const L: usize>(from: &[f32], at: usize) -> [f32; L] {
    let mut lanes = [0.0; L];
    lanes.copy_from_slice(&from[at..at + L]);
    lanes
}

#[inline(always)]
fn pooled_generic(pooling: Pooling, monoid: Monoid, from: &[f32], out: &mut [f32]) {
    let channels = pooling.channels;
    for y in 0..pooling.down {
        for x in 0..pooling.across {
            let at = pooling.rectangle(y, x);
            // What is written too far is the next rectangle's in the row, and written again there.
            let is_inner = x + 1 < pooling.across;
            match monoid {
                Monoid::Max => {
                    by_lanes!(channels, is_inner, part_pooled(pooling, Monoid::Max, from, at, &mut *out))
                }
                Monoid::Sum => {
                    by_lanes!(channels, is_inner, part_pooled(pooling, Monoid::Sum, from, at, &mut *out))
                }
                other => by_lanes!(channels, is_inner, part_pooled(pooling, other, from, at, &mut *out)),
            }
        }
    }
}

#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn part_pooled<const L: usize>(
    pooling: Pooling,
    monoid: Monoid,
    from: &[f32],
    (start, to): (usize, usize),
    out: &mut [f32],
    at: usize,
) {
    let mut all: [f32; L] = [monoid.neutral(); L];
    for i in 0..pooling.tall {
        for j in 0..pooling.wide {
            let lanes = load::<L>(from, start + i * pooling.row() + j * pooling.channels + at);
            for lane in 0..L {
                all[lane] = monoid.join(all[lane], lanes[lane]);
            }
        }
    }
    out[to + at..to + at + L].copy_from_slice(&all);
}

#[inline(always)]
fn slopes_generic(pooling: Pooling, monoid: Monoid, from: &[f32], up: &[f32], out: &mut [f32]) {
    let channels = pooling.channels;
    for y in 0..pooling.down {
        for x in 0..pooling.across {
            let at = pooling.rectangle(y, x);
            let is_inner = x + 1 < pooling.across;
            match monoid {
                Monoid::Max => {
                    by_lanes!(channels, is_inner, part_slopes(pooling, Monoid::Max, (from, up), at, &mut *out))
                }
                other => by_lanes!(channels, is_inner, part_slopes(pooling, other, (from, up), at, &mut *out)),
            }
        }
    }
}

#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn part_slopes<const L: usize>(
    pooling: Pooling,
    monoid: Monoid,
    (from, up): (&[f32], &[f32]),
    (start, to): (usize, usize),
    out: &mut [f32],
    at: usize,
) {
    let mut extreme: [f32; L] = [0.0; L];
    part_pooled::<L>(pooling, monoid, &from[at..], (start, 0), &mut extreme, 0);
    let mut count = [0.0; L];
    for i in 0..pooling.tall {
        for j in 0..pooling.wide {
            let lanes = load::<L>(from, start + i * pooling.row() + j * pooling.channels + at);
            for lane in 0..L {
                count[lane] += if lanes[lane] == extreme[lane] { 1.0 } else { 0.0 };
            }
        }
    }
    let mut share = load::<L>(up, to + at);
    for lane in 0..L {
        share[lane] /= count[lane];
    }
    for i in 0..pooling.tall {
        for j in 0..pooling.wide {
            let place = start + i * pooling.row() + j * pooling.channels + at;
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Supported;

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

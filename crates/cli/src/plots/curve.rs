//! Curves through points, where a function may jump or have poles: the line breaks there, and a pole does not flatten the
//! rest of the picture.

use limpid::draw::Line;

use super::short;
use crate::failure::Failure;
use crate::parse::Limits;

/// A function over a range, as a line that breaks where the function does.
pub(super) struct Curve {
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// Where its values go beyond all numbers.
    poles: Vec<f64>,
    /// The values that are worth seeing, where poles would hide them.
    clipped: Option<Limits>,
    /// All values.
    full: Option<Limits>,
}

/// A place between two points, as far as it has been narrowed down: both ends with their values.
struct Gap {
    /// Behind which point it lies.
    behind: usize,
    ends: [(f64, f64); 2],
    /// How far the values at the ends were apart at first.
    first: f64,
    /// Whether a value between them is infinite or no number.
    is_open: bool,
}

/// Each halves a gap: after so many, a continuous function differs by next to nothing at its ends.
const HALVINGS: usize = 42;

impl Curve {
    /// The curve through (`xs[i]`, `ys[i]`); `value` answers the function's values at other places.
    pub(super) fn through(
        xs: &[f64],
        ys: &[f64],
        mut value: impl FnMut(&[f64]) -> Result<Vec<f64>, Failure>,
    ) -> Result<Self, Failure> {
        let mut gaps = steep(xs, ys);
        for _ in 0..HALVINGS {
            let mut open: Vec<&mut Gap> = gaps.iter_mut().filter(|gap| !gap.is_open).collect();
            let middles: Vec<f64> = open.iter().map(|gap| gap.middle()).collect();
            if middles.is_empty() {
                break;
            }
            for ((gap, x), y) in open.iter_mut().zip(&middles).zip(value(&middles)?) {
                gap.narrow(*x, y);
            }
        }
        gaps.retain(Gap::is_break);
        gaps.extend(peaks(xs, ys, value)?);
        gaps.sort_by_key(|gap| gap.behind);
        gaps.dedup_by_key(|gap| gap.behind);
        let mut curve = Self { xs: Vec::new(), ys: Vec::new(), poles: Vec::new(), clipped: None, full: full(ys) };
        let mut gaps = gaps.into_iter().peekable();
        for (place, (&x, &y)) in xs.iter().zip(ys).enumerate() {
            curve.push(x, y);
            if y.is_infinite() {
                curve.poles.push(x);
            }
            if let Some(gap) = gaps.next_if(|gap| gap.behind == place) {
                let [(a, at_a), (b, at_b)] = gap.ends;
                curve.push(a, at_a);
                curve.push(gap.middle(), f64::NAN);
                curve.push(b, at_b);
                if gap.is_pole() {
                    curve.poles.push(gap.middle());
                }
            }
        }
        if !curve.poles.is_empty() {
            curve.clipped = clipped(ys);
        }
        Ok(curve)
    }

    fn push(&mut self, x: f64, y: f64) {
        self.xs.push(x);
        self.ys.push(y);
    }

    pub(super) fn line(&self) -> Line {
        Line::new(self.xs.clone(), self.ys.clone())
    }
}

impl Gap {
    fn middle(&self) -> f64 {
        0.5 * self.ends[0].0 + 0.5 * self.ends[1].0
    }

    fn apart(&self) -> f64 {
        (self.ends[1].1 - self.ends[0].1).abs()
    }

    /// Goes on in the half over which the values differ more.
    fn narrow(&mut self, x: f64, y: f64) {
        if !y.is_finite() {
            self.is_open = true;
            return;
        }
        let [(_, at_a), (_, at_b)] = self.ends;
        let half = usize::from((y - at_a).abs() > (at_b - y).abs());
        self.ends[half] = (x, y);
    }

    fn is_break(&self) -> bool {
        self.is_open || self.apart() > 0.5 * self.first
    }

    fn is_pole(&self) -> bool {
        self.is_open || self.apart() > 4.0 * self.first
    }
}

/// The places where a function climbs by much from point to point.
fn steep(xs: &[f64], ys: &[f64]) -> Vec<Gap> {
    let sorted = sorted(ys);
    let much = 0.02 * (share(&sorted, 0.95) - share(&sorted, 0.05));
    let climb = |place: usize| (ys[place + 1] - ys[place]).abs();
    (0..ys.len().saturating_sub(1))
        // The difference of what is not finite is not, either.
        .filter(|&place| climb(place).is_finite() && climb(place) > much && climb(place) > 0.0)
        .map(|place| Gap {
            behind: place,
            ends: [place, place + 1].map(|end| (xs[end], ys[end])),
            first: climb(place),
            is_open: false,
        })
        .collect()
}

/// The poles at both sides of which a function goes the same way, as 1/x² does: no climb from point to point shows them,
/// but a value that grows and grows where its size is sought the largest of.
fn peaks(
    xs: &[f64],
    ys: &[f64],
    mut value: impl FnMut(&[f64]) -> Result<Vec<f64>, Failure>,
) -> Result<Vec<Gap>, Failure> {
    let sorted = sorted(ys);
    let far = share(&sorted, 0.95).abs().max(share(&sorted, 0.05).abs());
    let is_peak = |place: &usize| {
        let [before, here, behind] = [place - 1, *place, place + 1].map(|place| ys[place].abs());
        here.is_finite() && here > far && here >= before && here >= behind
    };
    let mut peaks: Vec<(usize, [(f64, f64); 3])> = (1..ys.len().saturating_sub(1))
        .filter(is_peak)
        .map(|place| (place, [place - 1, place, place + 1].map(|place| (xs[place], ys[place]))))
        .collect();
    for _ in 0..if peaks.is_empty() { 0 } else { HALVINGS } {
        let middle = |a: (f64, f64), b: (f64, f64)| 0.5 * a.0 + 0.5 * b.0;
        let middles: Vec<f64> = peaks.iter().flat_map(|(_, [a, m, b])| [middle(*a, *m), middle(*m, *b)]).collect();
        let found = value(&middles)?;
        for ((_, around), (xs, ys)) in
            peaks.iter_mut().zip(middles.as_chunks::<2>().0.iter().zip(found.as_chunks::<2>().0))
        {
            let [a, m, b] = *around;
            let five = [a, (xs[0], ys[0]), m, (xs[1], ys[1]), b];
            let size = |place: usize| if five[place].1.is_nan() { 0.0 } else { five[place].1.abs() };
            let largest = (2..4).fold(1, |best, place| if size(place) > size(best) { place } else { best });
            *around = [five[largest - 1], five[largest], five[largest + 1]];
        }
    }
    let grown = peaks
        .into_iter()
        .filter(|(place, [_, m, _])| m.1.is_nan() || ys[*place].is_nan() || m.1.abs() >= 1e4 * ys[*place].abs());
    Ok(grown
        .map(|(place, [a, m, b])| Gap {
            behind: if m.0 < xs[place] { place - 1 } else { place },
            ends: [a, b],
            first: 0.0,
            is_open: true,
        })
        .collect())
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.abs() < 1e290).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The value below which a share of sorted values lies; 0 of none.
fn share(sorted: &[f64], share: f64) -> f64 {
    sorted.get(((sorted.len() as f64 - 1.0) * share).round().max(0.0) as usize).copied().unwrap_or(0.0)
}

fn full(values: &[f64]) -> Option<Limits> {
    let sorted = sorted(values);
    Some(Limits { low: *sorted.first()?, high: *sorted.last()? })
}

/// Four fifths of the values and as much again, where all of them would need far more room.
fn clipped(values: &[f64]) -> Option<Limits> {
    let sorted = sorted(values);
    let Limits { low, high } = full(values)?;
    let (lower, upper) = (share(&sorted, 0.1), share(&sorted, 0.9));
    let more = 0.6 * (upper - lower);
    let limits = Limits { low: low.max(lower - more), high: high.min(upper + more) };
    let is_worth = limits.high - limits.low > 1e-9 * high.abs().max(low.abs()) && limits.high > limits.low;
    (is_worth && high - low > 3.0 * (limits.high - limits.low)).then_some(limits)
}

/// What to show of several curves, and what is said of it; nothing where all of each can be shown.
pub(super) fn heights(curves: &[Curve], name: &str) -> Option<(Limits, String)> {
    curves.iter().find(|curve| curve.clipped.is_some())?;
    let each = curves.iter().filter_map(|curve| curve.clipped.or(curve.full));
    let whole = each.reduce(|a, b| Limits { low: a.low.min(b.low), high: a.high.max(b.high) })?;
    let room = 0.06 * (whole.high - whole.low);
    let limits = Limits { low: whole.low - room, high: whole.high + room };
    let mut poles: Vec<f64> = curves.iter().flat_map(|curve| curve.poles.iter().copied()).collect();
    poles.sort_by(f64::total_cmp);
    let mut named: Vec<String> = poles.iter().map(|pole| limpid::draw::short_number(rounded(*pole), 4)).collect();
    named.dedup();
    let more = named.len().saturating_sub(4);
    named.truncate(4);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let said = format!(
        "the values grow without end near {name} = {}{more}; the picture shows {} to {}, and --heights LOW,HIGH shows \
         others",
        named.join(", "),
        limpid::draw::short_number(limits.low, 2),
        limpid::draw::short_number(limits.high, 2)
    );
    Some((limits, said))
}

/// A place without what halving leaves of a number that is meant to be 0.
fn rounded(place: f64) -> f64 {
    if place.abs() < 1e-9 { 0.0 } else { place }
}

/// The pattern of each line, the smallest that none has whose line lies on it. `least` is the first that fits each.
pub(super) fn patterns(lines: &[(&[f64], usize)]) -> Vec<usize> {
    let mut patterns: Vec<usize> = Vec::new();
    for (place, (ys, least)) in lines.iter().enumerate() {
        let taken: Vec<usize> =
            (0..place).filter(|&other| lie_on_each_other(lines[other].0, ys)).map(|other| patterns[other]).collect();
        // What lies over another has gaps through which that is seen.
        let least = if taken.is_empty() { *least } else { (*least).max(1) };
        patterns.push((least..4).find(|pattern| !taken.contains(pattern)).unwrap_or(least));
    }
    patterns
}

/// Whether two lines through the same places are next to each other at a tenth of them.
fn lie_on_each_other(one: &[f64], other: &[f64]) -> bool {
    let both = sorted(&[one, other].concat());
    let near = 0.01 * (share(&both, 0.95) - share(&both, 0.05));
    let met = one.iter().zip(other).filter(|(a, b)| (*a - *b).abs() <= near).count();
    10 * met >= one.len().max(1)
}

/// A name for a number of places, such as those of `--tangent`.
pub(super) fn listed(numbers: &[f64]) -> String {
    numbers.iter().map(|number| short(*number)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::sampled::spaced;

    fn of(function: fn(f64) -> f64, low: f64, high: f64) -> Curve {
        let xs = spaced(low, high, 401);
        let ys: Vec<f64> = xs.iter().map(|&x| function(x)).collect();
        Curve::through(&xs, &ys, |xs| Ok(xs.iter().map(|&x| function(x)).collect())).unwrap()
    }

    fn breaks(curve: &Curve) -> usize {
        curve.ys.iter().filter(|y| y.is_nan()).count()
    }

    #[test]
    fn a_line_breaks_at_poles_and_jumps_and_nowhere_else() {
        let of = |function, poles: &[f64], jumps| {
            let curve = of(function, -1.0, 1.3);
            let near = curve.poles.len() == poles.len()
                && curve.poles.iter().zip(poles).all(|(found, pole)| (found - pole).abs() < 1e-6);
            assert!(near, "{:?} are not {poles:?}", curve.poles);
            assert_eq!(breaks(&curve), poles.len() + jumps);
            assert_eq!(curve.clipped.is_some(), !poles.is_empty());
        };
        of(|x| 1.0 / x, &[0.0], 0);
        of(|x| 1.0 / (x * x), &[0.0], 0);
        of(|x| (5.0 * x).tan(), &[-0.942_477_796, -0.314_159_265, 0.314_159_265, 0.942_477_796], 0);
        of(|x| (3.0 * x).floor(), &[], 6);
        of(|x| if x > 0.0 { 1.0 } else { 0.0 }, &[], 1);
        of(|x| (1e6 * x).tanh(), &[], 0);
        of(|x| x.abs().powf(0.1), &[], 0);
        of(|x| (20.0 * x).exp(), &[], 0);
        of(|x| x * 1e250, &[], 0);
        of(|_| 5.0, &[], 0);
    }

    #[test]
    fn what_is_shown_beside_a_pole_is_most_of_the_curve() {
        let (limits, said) = heights(&[of(|x| 1.0 / x, -1.0, 1.3)], "x").unwrap();
        assert!((-20.0..-2.0).contains(&limits.low) && (2.0..20.0).contains(&limits.high), "{limits:?}");
        assert!(said.starts_with("the values grow without end near x = 0;"), "{said}");
        // A pole at the very end, and one that takes little room.
        assert!(heights(&[of(|x| x.ln(), 0.0, 5.0)], "x").is_none());
        let (limits, _) = heights(&[of(|x| 1.0 / (x * x), -1.0, 1.0), of(|x| 50.0 * x, -1.0, 1.0)], "x").unwrap();
        assert!(limits.low < -50.0, "what has no pole is shown whole: {limits:?}");
    }

    #[test]
    fn a_line_over_another_has_gaps_and_a_pattern_of_its_own() {
        let xs = spaced(-5.0, 5.0, 101);
        let relu: Vec<f64> = xs.iter().map(|x| x.max(0.0)).collect();
        let leaky: Vec<f64> = xs.iter().map(|x| x.max(0.01 * x)).collect();
        let wave: Vec<f64> = xs.iter().map(|x| 2.0 + x.cos()).collect();
        let lines: [(&[f64], usize); 4] = [(&relu, 0), (&leaky, 0), (&relu, 0), (&wave, 0)];
        assert_eq!(patterns(&lines), [0, 1, 2, 0]);
        assert_eq!(patterns(&[(&wave, 0), (&relu, 1)]), [0, 1]);
        // Over a dashed one, too.
        assert_eq!(patterns(&[(&relu, 1), (&leaky, 0)]), [1, 2]);
    }
}

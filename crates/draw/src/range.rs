//! Ranges of numbers, the ticks on them, and what is written beside the ticks.

use crate::error::Error;
use crate::number::{exponent, fixed, power_of_ten, superscript};

/// Numbers beyond this are gaps, as infinities are: twice as far still is a number, so that differences are.
pub(crate) const LARGEST: f64 = 1e300;
/// Spreads below this are none.
const SMALLEST: f64 = 1e-304;

/// Whether a number can be placed on an axis.
pub(crate) fn drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// From one number to a larger one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Range {
    /// The range of the numbers that can be drawn; of one number or none, a range around it or from 0 to 1.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|v| drawable(*v)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high { Range { low: 0.0, high: 1.0 } } else { Range { low, high }.opened() }
    }

    /// Limits that somebody gave, in either order.
    pub(crate) fn limits(axis: &'static str, low: f64, high: f64) -> Result<Self, Error> {
        let range = Range { low: low.min(high), high: low.max(high) };
        if drawable(low) && drawable(high) && range.opened() == range {
            return Ok(range);
        }
        Err(Error::Limits { axis, low, high })
    }

    /// Wide enough for ticks that can be told apart.
    fn opened(self) -> Self {
        let largest = self.low.abs().max(self.high.abs());
        if self.spread() > largest * 1e-9 && self.spread() > SMALLEST {
            return self;
        }
        let half = if largest * 0.1 > SMALLEST { largest * 0.1 } else { 1.0 };
        let middle = self.low / 2.0 + self.high / 2.0;
        Range { low: middle - half, high: middle + half }.within()
    }

    /// No further than what can be drawn.
    fn within(self) -> Self {
        Range { low: self.low.max(-LARGEST), high: self.high.min(LARGEST) }
    }

    pub(crate) fn spread(&self) -> f64 {
        self.high - self.low
    }

    /// With a share of itself added at both ends.
    pub(crate) fn padded(&self, share: f64) -> Self {
        let by = self.spread() * share;
        Range { low: self.low - by, high: self.high + by }.within()
    }

    pub(crate) fn with(&self, value: f64) -> Self {
        Range { low: self.low.min(value), high: self.high.max(value) }
    }

    /// Where a number lies: 0 at the low end, 1 at the high end. Not a number where it cannot be drawn.
    pub(crate) fn share(&self, value: f64) -> f64 {
        if drawable(value) { (value - self.low) / self.spread() } else { f64::NAN }
    }

    pub(crate) fn at(&self, share: f64) -> f64 {
        self.low + share * self.spread()
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten, with what is written beside them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) places: Vec<f64>,
    pub(crate) labels: Vec<String>,
    /// What every label is to be multiplied by: `×10⁶`.
    pub(crate) factor: Option<String>,
}

impl Ticks {
    /// At most `most` ticks (at least one).
    pub(crate) fn on(range: Range, most: usize) -> Self {
        Ticks::apart(range, most, 0.0)
    }

    /// At most `most` ticks (at least one), at least `least` apart.
    pub(crate) fn apart(range: Range, most: usize, least: f64) -> Self {
        let rough = (range.spread() / most.max(1) as f64).max(least);
        let mut places = Vec::new();
        let mut step = 0.0;
        for candidate in steps(rough) {
            step = candidate;
            let first = (range.low / step - 1e-9).ceil();
            let last = (range.high / step + 1e-9).floor();
            places = (0..=(last - first).clamp(-1.0, 1e3) as i64).map(|k| (first + k as f64) * step).collect();
            if last >= first && places.len() <= most.max(1) {
                break;
            }
        }
        if places.is_empty() {
            places.push(range.at(0.5));
        }
        let (labels, factor) = labels(&places, step);
        Ticks { places, labels, factor }
    }

    /// At most `most` ticks (at least one) on an axis of logarithms to base 10: at whole powers of ten, or at round numbers
    /// between two of them.
    pub(crate) fn of_powers(range: Range, most: usize) -> Self {
        let (first, last) = (range.low.ceil(), range.high.floor());
        if last - first < 1.0 {
            let [low, high] = [range.low, range.high].map(libm::exp10);
            let mut ticks = Ticks::on(Range { low, high }, most);
            ticks.places = ticks.places.into_iter().map(libm::log10).collect();
            return ticks;
        }
        let step = ((last - first + 1.0) / most.max(1) as f64).ceil();
        let first = (first / step).ceil() * step;
        let places: Vec<f64> = (0..=((last - first) / step) as usize).map(|k| first + k as f64 * step).collect();
        let labels = places.iter().map(|place| format!("10{}", superscript(*place as i32))).collect();
        Ticks { places, labels, factor: None }
    }
}

/// Steps from about `rough` upwards.
fn steps(rough: f64) -> impl Iterator<Item = f64> {
    let first = exponent(rough.max(f64::MIN_POSITIVE));
    (first..first + 3)
        .flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * power_of_ten(e)))
        .filter(move |step| *step >= rough * 0.999)
}

fn labels(places: &[f64], step: f64) -> (Vec<String>, Option<String>) {
    let largest = places.iter().fold(0.0f64, |largest, place| largest.max(place.abs()));
    let size = if largest > 0.0 { exponent(largest * 1.000_000_1) } else { 0 };
    let engineering = size >= 5 || size <= -4;
    let thousands = if engineering { size.div_euclid(3) * 3 } else { 0 };
    // Divided by two powers where one alone would be out of range.
    let scaled = |v: f64| v / power_of_ten(thousands / 2) / power_of_ten(thousands - thousands / 2);
    let decimals = (-exponent((scaled(step) * 1.000_000_1).max(1e-12))).clamp(0, 10) as usize;
    let labels = places.iter().map(|place| fixed(scaled(*place), decimals)).collect();
    (labels, engineering.then(|| format!("×10{}", superscript(thousands))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(low: f64, high: f64, most: usize) -> String {
        let ticks = Ticks::on(Range { low, high }, most);
        format!("{} {}", ticks.labels.join(" "), ticks.factor.unwrap_or_default())
    }

    #[test]
    fn ticks_are_round_and_written_without_noise() {
        for (low, high, most, text) in [
            (0.0, 6.0, 8, "0 1 2 3 4 5 6 "),
            (-1.0, 1.0, 6, "−1.0 −0.5 0.0 0.5 1.0 "),
            (0.1, 0.35, 6, "0.10 0.15 0.20 0.25 0.30 0.35 "),
            (0.0, 2.5e6, 6, "0.0 0.5 1.0 1.5 2.0 2.5 ×10⁶"),
            (0.0, 4e-5, 5, "0 10 20 30 40 ×10⁻⁶"),
            (-1e300, 1e300, 3, "−1 0 1 ×10³⁰⁰"),
            (0.0, 1e-300, 3, "0.0 0.5 1.0 ×10⁻³⁰⁰"),
        ] {
            assert_eq!(written(low, high, most), text);
        }
    }

    #[test]
    fn a_range_of_one_number_or_none_is_opened() {
        assert_eq!(Range::of([f64::NAN, f64::INFINITY]), Range { low: 0.0, high: 1.0 });
        assert_eq!(Range::of([0.0]), Range { low: -1.0, high: 1.0 });
        let around = Range::of([5.0, 5.0]);
        assert!(around.low < 5.0 && around.high > 5.0);
    }
}

//! Eight numbers worked on together, each with the bits that it would have alone.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::map::Lane;

/// How many numbers there are.
pub(super) const WIDTH: usize = 8;

/// Eight numbers.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Lanes(pub(super) [f64; WIDTH]);

/// A plain loop: `array::map` and `from_fn` are calls to many times what they do.
#[inline(always)]
fn each<T: Copy>(begin: T, number: impl Fn(usize) -> T) -> [T; WIDTH] {
    let mut all = [begin; WIDTH];
    for (i, x) in all.iter_mut().enumerate() {
        *x = number(i);
    }
    all
}

#[inline(always)]
fn lanes(number: impl Fn(usize) -> f64) -> Lanes {
    Lanes(each(0.0, number))
}

macro_rules! arithmetic {
    ($($Trait:ident $method:ident $operator:tt),*) => {$(
        impl $Trait for Lanes {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                lanes(|i| self.0[i] $operator other.0[i])
            }
        }
    )*};
}
arithmetic!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Neg for Lanes {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        lanes(|i| -self.0[i])
    }
}

impl Lane for Lanes {
    type Mask = [bool; WIDTH];

    #[inline(always)]
    fn of(number: f64) -> Self {
        Self([number; WIDTH])
    }
    #[inline(always)]
    fn select(mask: [bool; WIDTH], a: Self, b: Self) -> Self {
        lanes(|i| if mask[i] { a.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    fn equal(self, other: Self) -> [bool; WIDTH] {
        each(false, |i| self.0[i] == other.0[i])
    }
    #[inline(always)]
    fn less(self, other: Self) -> [bool; WIDTH] {
        each(false, |i| self.0[i] < other.0[i])
    }
    #[inline(always)]
    fn at_most(self, other: Self) -> [bool; WIDTH] {
        each(false, |i| self.0[i] <= other.0[i])
    }
    #[inline(always)]
    fn exp(self) -> Self {
        exp(self)
    }
    fn exp_m1(self) -> Self {
        lanes(|i| libm::expm1(self.0[i]))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        ln(self)
    }
    fn ln_1p(self) -> Self {
        lanes(|i| libm::log1p(self.0[i]))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        lanes(|i| libm::sqrt(self.0[i]))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        lanes(|i| f64::abs(self.0[i]))
    }
    fn pow(self, exponent: Self) -> Self {
        lanes(|i| libm::pow(self.0[i], exponent.0[i]))
    }
    fn tanh(self) -> Self {
        lanes(|i| libm::tanh(self.0[i]))
    }
    fn erf(self) -> Self {
        lanes(|i| libm::erf(self.0[i]))
    }
}

/// ln 2 in two parts, the first short enough for its products with small whole numbers to be exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// libm's exp: the same operations in the same order, with choices in place of branches.
///
/// Source: FreeBSD's `e_exp.c`, which libm's `exp` is. A test compares the bits.
#[inline(always)]
fn exp(x: Lanes) -> Lanes {
    // The high word above which the argument is reduced, and up to which 1 + x is all there is.
    const REDUCED: f64 = f64::from_bits(0x3fd6_2e43 << 32);
    const TINY: f64 = f64::from_bits(0x3e30_0001 << 32);
    const C: [f64; 5] = [
        1.666_666_666_666_660_2e-1,
        -2.777_777_777_701_559_3e-3,
        6.613_756_321_437_934e-5,
        -1.653_390_220_546_525_2e-6,
        4.138_136_797_057_238_5e-8,
    ];
    // Nothing near overflow, subnormal or not a number.
    if !x.0.iter().fold(true, |all, x| all & (x.abs() < 700.0)) {
        return lanes(|i| libm::exp(x.0[i]));
    }
    let (number, one) = (Lanes::of, Lanes::of(1.0));
    // Adding and taking away 2^52 rounds; what was rounded up is put right, so that k is cut off.
    let turns = (number(std::f64::consts::LOG2_E) * x).abs() + number(0.5);
    let rounded = (turns + number(TWO_52)) - number(TWO_52);
    let cut = rounded - Lanes::indicator(turns.less(rounded));
    let k = lanes(|i| cut.0[i].copysign(x.0[i]));
    let k = Lanes::select(number(REDUCED).at_most(x.abs()), k, number(0.0));
    let (high, low) = (x - k * number(LN_2[0]), k * number(LN_2[1]));
    let r = high - low;
    let rr = r * r;
    let tail = number(C[2]) + rr * (number(C[3]) + rr * number(C[4]));
    let c = r - rr * (number(C[0]) + rr * (number(C[1]) + rr * tail));
    let y = one + (r * c / (number(2.0) - c) - low + high);
    // The low bits of this sum are k + 1023, the exponent's own form.
    let biased = k + number(1.5 * TWO_52 + 1023.0);
    let power = lanes(|i| f64::from_bits(biased.0[i].to_bits() << 52));
    Lanes::select(x.abs().less(number(TINY)), one + x, y * power)
}

const TWO_52: f64 = (1u64 << 52) as f64;

/// libm's log, likewise, after FreeBSD's `e_log.c`.
#[inline(always)]
fn ln(x: Lanes) -> Lanes {
    const C: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    if !x.0.iter().fold(true, |all, x| all & (*x >= f64::MIN_POSITIVE) & (*x < f64::INFINITY)) {
        return lanes(|i| libm::log(x.0[i]));
    }
    let number = Lanes::of;
    // x = 2^k·(1 + f), with 1 + f between √½ and √2. The shift works on the high word alone.
    let shifted = |i: usize| x.0[i].to_bits() + ((0x3ff0_0000 - 0x3fe6_a09e) << 32);
    // The biased exponent as a number, by way of the low bits of 2^52.
    let k = lanes(|i| f64::from_bits((shifted(i) >> 52) | TWO_52.to_bits())) - number(TWO_52 + 1023.0);
    let reduced = lanes(|i| f64::from_bits((shifted(i) & 0x000f_ffff_ffff_ffff) + (0x3fe6_a09e << 32)));
    let f = reduced - number(1.0);
    let half_square = number(0.5) * f * f;
    let s = f / (number(2.0) + f);
    let z = s * s;
    let w = z * z;
    let even = w * (number(C[1]) + w * (number(C[3]) + w * number(C[5])));
    let odd = z * (number(C[0]) + w * (number(C[2]) + w * (number(C[4]) + w * number(C[6]))));
    let r = odd + even;
    s * (half_square + r) + k * number(LN_2[1]) - half_square + f + k * number(LN_2[0])
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;
    use crate::philox::Stream;

    fn assert_same_bits(name: &str, fast: fn(Lanes) -> Lanes, alone: fn(f64) -> f64, numbers: [f64; WIDTH]) {
        for (x, found) in numbers.iter().zip(fast(Lanes(numbers)).0) {
            let wanted = alone(*x);
            let same = found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan();
            assert!(same, "{name}({x:e}) = {found:e}, not {wanted:e}");
        }
    }

    #[test]
    fn exp_and_ln_have_the_bits_of_libm() {
        let stream = Stream::new(1, "lanes");
        for round in 0..200_000 {
            let uniform: [f64; WIDTH] = from_fn(|i| stream.normal(round, i as u64));
            for scale in [1e-9, 1e-3, 0.35, 1.0, 30.0, 300.0] {
                assert_same_bits("exp", exp, libm::exp, uniform.map(|x| x * scale));
                assert_same_bits("ln", ln, libm::log, uniform.map(|x| (x * scale).abs()));
            }
            assert_same_bits("ln", ln, libm::log, uniform.map(|x| 1.0 + x * 1e-3));
        }
    }

    #[test]
    fn exp_and_ln_have_the_bits_of_libm_around_every_threshold() {
        let thresholds = [0.5, 1.0, 1.5, 2.5, 100.5].map(|turns: f64| turns * std::f64::consts::LN_2);
        let more =
            [0.0, -0.0, 1.0, 2.0, 2f64.powi(-28), 2f64.sqrt(), 0.5f64.sqrt(), 700.0, 708.4, 709.8, 745.2, 1e-308];
        let whole = [f64::INFINITY, f64::NAN, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::from_bits(0x3fd6_2e43 << 32)];
        for near in thresholds.into_iter().chain(more).chain(whole) {
            for steps in 0..200u64 {
                let around =
                    |i: usize| f64::from_bits(near.to_bits().wrapping_add(steps * 8 + i as u64).wrapping_sub(800));
                assert_same_bits("exp", exp, libm::exp, from_fn(around));
                assert_same_bits("exp", exp, libm::exp, from_fn(|i| -around(i)));
                assert_same_bits("ln", ln, libm::log, from_fn(around));
            }
        }
    }
}

//! Packed perturbations: several numbers that are computed together, each with the bits that it would have alone.

use std::ops::{Add, Div, Mul, Neg, Sub};

use limpid_graph::map::Lane;

/// How many numbers are packed together.
pub(super) const WIDTH: usize = 8;

/// Numbers that are packed together. Write loops over single [`Number`]s: compilers vectorise such a loop however long
/// its body is, but eight equal chains of operations over an array only where they are short.
pub(super) type Packed = [Number; WIDTH];

/// A number whose `exp` and `ln` have no branches.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct Number(pub(super) f64);

pub(super) const ZERO: Packed = [Number(0.0); WIDTH];

macro_rules! arithmetic {
    ($($Trait:ident $method:ident $operator:tt),*) => {$(
        impl $Trait for Number {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $operator other.0)
            }
        }
    )*};
}
arithmetic!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Neg for Number {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Lane for Number {
    type Mask = bool;

    #[inline(always)]
    fn of(number: f64) -> Self {
        Self(number)
    }
    #[inline(always)]
    fn select(mask: bool, a: Self, b: Self) -> Self {
        if mask { a } else { b }
    }
    #[inline(always)]
    fn equal(self, other: Self) -> bool {
        self.0 == other.0
    }
    #[inline(always)]
    fn less(self, other: Self) -> bool {
        self.0 < other.0
    }
    #[inline(always)]
    fn at_most(self, other: Self) -> bool {
        self.0 <= other.0
    }
    #[inline(always)]
    fn exp(self) -> Self {
        Self(exp(self.0))
    }
    fn exp_m1(self) -> Self {
        Self(libm::expm1(self.0))
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Self(ln(self.0))
    }
    fn ln_1p(self) -> Self {
        Self(libm::log1p(self.0))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs())
    }
    fn pow(self, exponent: Self) -> Self {
        Self(libm::pow(self.0, exponent.0))
    }
    fn sin(self) -> Self {
        Self(libm::sin(self.0))
    }
    fn cos(self) -> Self {
        Self(libm::cos(self.0))
    }
    fn tanh(self) -> Self {
        Self(libm::tanh(self.0))
    }
    fn erf(self) -> Self {
        Self(libm::erf(self.0))
    }
}

/// ln 2 in two parts, the first short enough for its products with small whole numbers to be exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// 2 to this power, a whole one between −1022 and 1023: the low bits of the sum are the exponent's own form.
#[inline(always)]
fn power_of_two(exponent: f64) -> f64 {
    f64::from_bits((exponent + (1.5 * TWO_52 + 1023.0)).to_bits() << 52)
}

/// libm's exp: the same operations in the same order, with choices in place of branches.
///
/// Source: FreeBSD's `e_exp.c`, which libm's `exp` is. A test compares the bits.
#[inline(always)]
fn exp(x: f64) -> f64 {
    // The high word above which the argument is reduced, and up to which 1 + x is all there is.
    const REDUCED: f64 = f64::from_bits(0x3fd6_2e43 << 32);
    const TINY: f64 = f64::from_bits(0x3e30_0001 << 32);
    // Beyond it there is only 0 or infinity.
    const FAR: f64 = 800.0;
    const C: [f64; 5] = [
        1.666_666_666_666_660_2e-1,
        -2.777_777_777_701_559_3e-3,
        6.613_756_321_437_934e-5,
        -1.653_390_220_546_525_2e-6,
        4.138_136_797_057_238_5e-8,
    ];
    let near = if x.abs() < FAR { x } else { FAR.copysign(x) };
    // Adding and taking away 2^52 rounds; what was rounded up is put right, so that k is cut off.
    let turns = (std::f64::consts::LOG2_E * near).abs() + 0.5;
    let rounded = (turns + TWO_52) - TWO_52;
    let cut = if turns < rounded { rounded - 1.0 } else { rounded };
    let k = if REDUCED <= near.abs() { cut.copysign(near) } else { 0.0 };
    let (high, low) = (near - k * LN_2[0], k * LN_2[1]);
    let r = high - low;
    let rr = r * r;
    let c = r - rr * (C[0] + rr * (C[1] + rr * (C[2] + rr * (C[3] + rr * C[4]))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    // y·2^k in two exact steps and one that rounds, where one would leave the range of powers.
    let first = if k < -1022.0 { -969.0 } else { 0.0 };
    let first = if 1023.0 < k { 1023.0 } else { first };
    let scaled = y * power_of_two(first) * power_of_two(k - first);
    let all = if near.abs() < TINY { 1.0 + near } else { scaled };
    if x.is_nan() { x } else { all }
}

const TWO_52: f64 = (1u64 << 52) as f64;

/// libm's log, likewise, after FreeBSD's `e_log.c`.
#[inline(always)]
fn ln(x: f64) -> f64 {
    const C: [f64; 7] = [
        6.666_666_666_666_735e-1,
        3.999_999_999_940_942e-1,
        2.857_142_874_366_239e-1,
        2.222_219_843_214_978_4e-1,
        1.818_357_216_161_805e-1,
        1.531_383_769_920_937_3e-1,
        1.479_819_860_511_658_6e-1,
    ];
    const TWO_54: f64 = 4.0 * TWO_52;
    let is_small = x < f64::MIN_POSITIVE;
    let normal = if is_small { x * TWO_54 } else { x };
    // x = 2^k·(1 + f), with 1 + f between √½ and √2. The shift works on the high word alone.
    let shifted = normal.to_bits().wrapping_add((0x3ff0_0000 - 0x3fe6_a09e) << 32);
    // The biased exponent as a number, by way of the low bits of 2^52.
    let k = f64::from_bits((shifted >> 52) | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let k = if is_small { k - 54.0 } else { k };
    let f = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff) + (0x3fe6_a09e << 32)) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (C[1] + w * (C[3] + w * C[5]));
    let odd = z * (C[0] + w * (C[2] + w * (C[4] + w * C[6])));
    let r = odd + even;
    let all = s * (half_square + r) + k * LN_2[1] - half_square + f + k * LN_2[0];
    // What has no such logarithm: not a number and infinity are their own.
    let at_zero = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    let beyond = if 0.0 < x { x } else { at_zero };
    if (0.0 < x) & (x < f64::INFINITY) { all } else { beyond }
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use limpid_graph::Stream;

    use super::*;

    fn assert_same_bits(name: &str, fast: fn(f64) -> f64, alone: fn(f64) -> f64, numbers: [f64; WIDTH]) {
        for x in numbers {
            let (found, wanted) = (fast(x), alone(x));
            let same = found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan();
            assert!(same, "{name}({x:e}) = {found:e}, not {wanted:e}");
        }
    }

    #[test]
    fn exp_and_ln_have_the_bits_of_libm() {
        let stream = Stream::new(1, "lanes");
        for round in 0..200_000 {
            let uniform: [f64; WIDTH] = from_fn(|i| stream.normal(round, i as u64));
            for scale in [1e-9, 1e-3, 0.35, 1.0, 30.0, 300.0, 1000.0] {
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
        let ends = [708.396_418_532_264_1, 709.782_712_893_384, 745.133_219_101_941_2, 800.0, 0.346_573_590_279_972_6];
        let whole = [f64::INFINITY, f64::NAN, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::from_bits(0x3fd6_2e43 << 32)];
        for near in thresholds.into_iter().chain(more).chain(ends).chain(whole) {
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

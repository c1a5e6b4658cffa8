//! The number that the engine computes with: the Map table's [`Lane`] for tiles.
//!
//! Each operation is straight-line arithmetic without a call, so that the compiler turns a loop over it into vector
//! instructions of whatever level the loop is compiled for. Every operation rounds separately, in the same order at
//! each level, so that the bits do not depend on it.

// The polynomials' coefficients stand as their source prints them.
#![allow(clippy::excessive_precision)]

use std::ops::{Add, Div, Mul, Neg, Sub};

use limpid_graph::map::Lane;

/// Of this number exp is the smallest normal number, within its accuracy, and of those below it is 0: softmax would else
/// pass subnormal numbers on, with which many processors are far slower.
const LOWEST_EXPONENT: f32 = -87.336_54;

/// A number of a tile.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Element(pub(crate) f32);

macro_rules! operator {
    ($($Trait:ident $method:ident $sign:tt);*) => {$(
        impl $Trait for Element {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0 $sign other.0)
            }
        }
    )*};
}
operator!(Add add +; Sub sub -; Mul mul *; Div div /);

impl Neg for Element {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Element {
    /// To the nearest whole number, for numbers below 2²² in size.
    #[inline(always)]
    fn rounded(self) -> Self {
        let magic = Self(12_582_912.0);
        (self + magic) - magic
    }

    /// 2 to the power of this whole number between −126 and 127. What is not a number gives some power.
    #[inline(always)]
    fn power_of_two(self) -> Self {
        // A whole number beside 2²³ stands in the last bits as it is, so that no conversion is needed.
        let bits = (self.0 + 12_582_912.0).to_bits();
        Self(f32::from_bits(bits.wrapping_add(127) << 23))
    }

    /// Horner's scheme; the highest coefficient first.
    #[inline(always)]
    fn polynomial<const M: usize>(self, coefficients: [f32; M]) -> Self {
        coefficients.iter().skip(1).fold(Self(coefficients[0]), |sum, &c| sum * self + Self(c))
    }
}

impl Lane for Element {
    type Mask = bool;

    #[inline(always)]
    fn of(number: f64) -> Self {
        Self(number as f32)
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

    /// Source: the Cephes library's `expf`: reduction by ln 2 in two parts, a polynomial of degree 6.
    #[inline(always)]
    fn exp(self) -> Self {
        // Below, the result would be subnormal, and is 0; above, it is infinite. What is not a number passes both comparisons.
        let (low, high) = (Self::of(f64::from(LOWEST_EXPONENT)), Self::of(89.0));
        let is_low = self.less(low);
        let x = Self::select(is_low, low, Self::select(high.less(self), high, self));
        let n = (x * Self::of(std::f64::consts::LOG2_E)).rounded();
        let r = (x - n * Self::of(0.693_359_375)) - n * Self::of(-2.121_944_4e-4);
        let p = r.polynomial([1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
        let p = (p * (r * r) + r) + Self::of(1.0);
        // In two halves, since 2¹²⁸ alone is infinite.
        let half = (n * Self::of(0.5)).rounded();
        let y = (p * half.power_of_two()) * (n - half).power_of_two();
        Self::select(is_low, Self::of(0.0), y)
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        let near = self.polynomial([1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5]);
        let near = near * (self * self) + self;
        Self::select(self.abs().less(Self::of(0.3)), near, self.exp() - Self::of(1.0))
    }

    /// Source: the Cephes library's `logf`.
    #[inline(always)]
    fn ln(self) -> Self {
        // Below the normal numbers the exponent has to be made visible.
        let tiny = self.less(Self::of(1.175_494_4e-38));
        let scaled = Self::select(tiny, self * Self::of(8_388_608.0), self);
        let bits = scaled.0.to_bits();
        let exponent = Self((bits >> 23) as i32 as f32) - Self::of(126.0);
        let exponent = exponent - Self::select(tiny, Self::of(23.0), Self::of(0.0));
        let fraction = Self(f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000));
        let small = fraction.less(Self::of(std::f64::consts::FRAC_1_SQRT_2));
        let exponent = exponent - Self::indicator(small);
        let x = (fraction - Self::of(1.0)) + Self::select(small, fraction, Self::of(0.0));
        let z = x * x;
        let p = x.polynomial([
            7.037_684e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333_1e-1,
        ]);
        let y = (p * x) * z + exponent * Self::of(-2.121_944_4e-4);
        let y = (x + (y - z * Self::of(0.5))) + exponent * Self::of(0.693_359_375);
        let infinity = Self::of(f64::INFINITY);
        let y = Self::select(self.equal(infinity), infinity, y);
        let y = Self::select(self.equal(Self::of(0.0)), -infinity, y);
        let is_number_from_0 = Self::of(0.0).at_most(self);
        Self::select(is_number_from_0, y, Self::of(f64::NAN))
    }

    /// Kahan's correction: ln(u)·x / (u − 1) for u = 1 + x rounded.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        let u = self + Self::of(1.0);
        let corrected = u.ln() * (self / (u - Self::of(1.0)));
        let corrected = Self::select(u.equal(Self::of(f64::INFINITY)), u, corrected);
        Self::select(u.equal(Self::of(1.0)), self, corrected)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.abs())
    }

    #[inline(always)]
    fn pow(self, exponent: Self) -> Self {
        Self(libm::powf(self.0, exponent.0))
    }

    #[inline(always)]
    fn sin(self) -> Self {
        Self(libm::sinf(self.0))
    }

    #[inline(always)]
    fn cos(self) -> Self {
        Self(libm::cosf(self.0))
    }

    /// Source: the Cephes library's `tanhf`.
    #[inline(always)]
    fn tanh(self) -> Self {
        let size = self.abs();
        let z = self * self;
        let p = z.polynomial([-5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_5e-2, 1.333_144_2e-1, -3.333_328_2e-1]);
        let near = (p * z) * self + self;
        let far = Self::of(1.0) - Self::of(2.0) / ((size + size).exp() + Self::of(1.0));
        let far = Self::select(self.less(Self::of(0.0)), -far, far);
        Self::select(size.less(Self::of(0.625)), near, far)
    }

    #[inline(always)]
    fn erf(self) -> Self {
        Self(libm::erff(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distance of two numbers in units in the last place; 0 where both are not numbers.
    fn ulps(a: f32, b: f32) -> u64 {
        let ordered = |x: f32| {
            let bits = x.to_bits() as i32;
            i64::from(if bits < 0 { i32::MIN.wrapping_sub(bits) } else { bits })
        };
        match (a.is_nan(), b.is_nan()) {
            (true, true) => 0,
            (false, false) => ordered(a).abs_diff(ordered(b)),
            _ => u64::MAX,
        }
    }

    fn worst(f: impl Fn(Element) -> Element, truth: impl Fn(f64) -> f64) -> (u64, f32) {
        let step = 2_003;
        let all = (0..u32::MAX / step).map(|i| f32::from_bits(i * step));
        let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 1e-45];
        all.chain(special).map(|x| (ulps(f(Element(x)).0, truth(f64::from(x)) as f32), x)).max_by_key(|w| w.0).unwrap()
    }

    #[test]
    fn exp_gives_no_subnormal_number() {
        for bits in LOWEST_EXPONENT.to_bits() - 20_000..=LOWEST_EXPONENT.to_bits() + 20_000 {
            let x = f32::from_bits(bits);
            let y = Element(x).exp().0;
            assert_eq!(y.is_normal(), x >= LOWEST_EXPONENT, "exp({x:e}) = {y:e}");
            assert!(y >= 0.0 && !y.is_subnormal());
        }
    }

    #[test]
    fn the_functions_are_within_a_few_units_in_the_last_place_over_all_numbers() {
        type Row = (&'static str, fn(Element) -> Element, fn(f64) -> f64, u64);
        let table: &[Row] = &[
            ("exp", Lane::exp, |x| if x < f64::from(LOWEST_EXPONENT) { 0.0 } else { libm::exp(x) }, 1),
            ("ln", Lane::ln, libm::log, 1),
            ("sin", Lane::sin, libm::sin, 1),
            ("cos", Lane::cos, libm::cos, 1),
            ("tanh", Lane::tanh, libm::tanh, 2),
            ("exp_m1", Lane::exp_m1, libm::expm1, 8),
            ("ln_1p", Lane::ln_1p, libm::log1p, 4),
            ("sqrt", Lane::sqrt, libm::sqrt, 0),
            ("abs", Lane::abs, libm::fabs, 0),
        ];
        for (name, f, truth, bound) in table {
            let (worst, at) = worst(f, truth);
            println!("{name}: {worst} ulp at {at:e}");
            assert!(worst <= *bound, "{name}: {worst} ulp at {at:e}");
        }
    }
}

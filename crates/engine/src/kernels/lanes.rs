//! Numbers worked on together: the engine's [`Lane`]s.
//!
//! Written as loops over arrays, which the compiler turns into the vector instructions of whatever level the caller is
//! compiled for. Every operation is the same sequence of separate roundings at each level and width, so that the bits
//! do not depend on either.

// The polynomials' coefficients stand as their source prints them.
#![allow(clippy::excessive_precision)]

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use limpid_graph::map::Lane;

/// `N` numbers side by side.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Wide<const N: usize>(pub(crate) [f32; N]);

/// All bits set where something holds, none elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask<const N: usize>([u32; N]);

macro_rules! operator {
    ($($Trait:ident $method:ident $sign:tt);*) => {$(
        impl<const N: usize> $Trait for Wide<N> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|i| self.0[i] $sign other.0[i]))
            }
        }
    )*};
}
operator!(Add add +; Sub sub -; Mul mul *; Div div /);

impl<const N: usize> Neg for Wide<N> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(from_fn(|i| -self.0[i]))
    }
}

impl<const N: usize> Wide<N> {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Self(from_fn(|i| f(self.0[i])))
    }

    #[inline(always)]
    fn bits(self) -> [u32; N] {
        from_fn(|i| self.0[i].to_bits())
    }

    #[inline(always)]
    fn compare(self, other: Self, holds: impl Fn(f32, f32) -> bool) -> Mask<N> {
        Mask(from_fn(|i| if holds(self.0[i], other.0[i]) { u32::MAX } else { 0 }))
    }

    /// To the nearest whole number, for numbers below 2²² in size.
    #[inline(always)]
    fn rounded(self) -> Self {
        let magic = Self::of(12_582_912.0);
        (self + magic) - magic
    }

    /// 2 to the power of this whole number between −126 and 127.
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(from_fn(|i| f32::from_bits(((self.0[i] as i32 + 127) << 23) as u32)))
    }

    /// Horner's scheme; the highest coefficient first.
    #[inline(always)]
    fn polynomial<const M: usize>(self, coefficients: [f32; M]) -> Self {
        coefficients
            .iter()
            .skip(1)
            .fold(Self::of(f64::from(coefficients[0])), |sum, &c| sum * self + Self::of(f64::from(c)))
    }
}

impl<const N: usize> Lane for Wide<N> {
    type Mask = Mask<N>;

    #[inline(always)]
    fn of(number: f64) -> Self {
        Self([number as f32; N])
    }

    #[inline(always)]
    fn select(mask: Mask<N>, a: Self, b: Self) -> Self {
        let (a, b) = (a.bits(), b.bits());
        Self(from_fn(|i| f32::from_bits((a[i] & mask.0[i]) | (b[i] & !mask.0[i]))))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a == b)
    }

    #[inline(always)]
    fn less(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a < b)
    }

    #[inline(always)]
    fn at_most(self, other: Self) -> Mask<N> {
        self.compare(other, |a, b| a <= b)
    }

    /// Source: the Cephes library's `expf`: reduction by ln 2 in two parts, a polynomial of degree 6.
    #[inline(always)]
    fn exp(self) -> Self {
        // Beyond these the result is 0 or infinite; what is not a number passes both comparisons.
        let (low, high) = (Self::of(-104.0), Self::of(89.0));
        let x = Self::select(self.less(low), low, Self::select(high.less(self), high, self));
        let n = (x * Self::of(std::f64::consts::LOG2_E)).rounded();
        let r = (x - n * Self::of(0.693_359_375)) - n * Self::of(-2.121_944_4e-4);
        let p = r.polynomial([1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
        let p = (p * (r * r) + r) + Self::of(1.0);
        // In two halves, so that results below the normal numbers are reached.
        let half = (n * Self::of(0.5)).rounded();
        (p * half.power_of_two()) * (n - half).power_of_two()
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
        let bits = scaled.bits();
        let exponent = Self(from_fn(|i| (bits[i] >> 23) as i32 as f32)) - Self::of(126.0);
        let exponent = exponent - Self::select(tiny, Self::of(23.0), Self::of(0.0));
        let fraction = Self(from_fn(|i| f32::from_bits((bits[i] & 0x007f_ffff) | 0x3f00_0000)));
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
        self.map(f32::sqrt)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(from_fn(|i| f32::from_bits(self.0[i].to_bits() & 0x7fff_ffff)))
    }

    #[inline(always)]
    fn pow(self, exponent: Self) -> Self {
        Self(from_fn(|i| libm::powf(self.0[i], exponent.0[i])))
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
        self.map(libm::erff)
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

    fn worst(f: impl Fn(Wide<1>) -> Wide<1>, truth: impl Fn(f64) -> f64) -> (u64, f32) {
        let step = 2_003;
        let all = (0..u32::MAX / step).map(|i| f32::from_bits(i * step));
        let special = [0.0, -0.0, 1.0, -1.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, 1e-45];
        all.chain(special)
            .map(|x| (ulps(f(Wide([x])).0[0], truth(f64::from(x)) as f32), x))
            .max_by_key(|w| w.0)
            .unwrap()
    }

    #[test]
    fn the_functions_are_within_a_few_units_in_the_last_place_over_all_numbers() {
        type Row = (&'static str, fn(Wide<1>) -> Wide<1>, fn(f64) -> f64, u64);
        let table: &[Row] = &[
            ("exp", Lane::exp, libm::exp, 1),
            ("ln", Lane::ln, libm::log, 1),
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

    #[test]
    fn sixteen_lanes_give_the_bits_of_one() {
        let numbers: [f32; 16] = from_fn(|i| (i as f32 - 7.3) * 1.7);
        for f in [Lane::exp, Lane::tanh, Lane::exp_m1] as [fn(Wide<16>) -> Wide<16>; 3] {
            let wide = f(Wide(numbers)).0;
            assert!(wide.iter().all(|x| x.is_finite()));
        }
        let (wide, one) = (Wide(numbers).exp().0, |i: usize| Wide([numbers[i]]).exp().0[0]);
        assert!((0..16).all(|i| wide[i].to_bits() == one(i).to_bits()));
    }
}

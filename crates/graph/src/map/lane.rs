//! The arithmetic that a Map row may use.
//!
//! A row's value is written once, over this trait. The interpreter runs it on single `f64` and `f32` numbers; an
//! engine runs the same row on vectors of them.

use std::borrow::Cow;
use std::ops::{Add, Div, Mul, Neg, Sub};

use limpid_tensor::{Element, Tensor};

/// A number, or a vector of numbers worked on together.
///
/// Nothing here may fuse a multiplication with an addition: the reference values are those of separate operations.
pub trait Lane:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The answer of a comparison.
    type Mask: Copy;

    /// The nearest value to `number`.
    fn of(number: f64) -> Self;
    /// `a` where the mask holds, `b` elsewhere.
    fn select(mask: Self::Mask, a: Self, b: Self) -> Self;
    /// Whether `self == other`; false where either is not a number.
    fn equal(self, other: Self) -> Self::Mask;
    /// Whether `self < other`; false where either is not a number.
    fn less(self, other: Self) -> Self::Mask;
    /// Whether `self <= other`; false where either is not a number.
    fn at_most(self, other: Self) -> Self::Mask;
    /// e to this power.
    fn exp(self) -> Self;
    /// e to this power, less 1, without cancellation near 0.
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Natural logarithm of 1 + this, without cancellation near 0.
    fn ln_1p(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Distance from 0.
    fn abs(self) -> Self;
    /// This to the power of `exponent`.
    fn pow(self, exponent: Self) -> Self;
    /// Sine of this many radians.
    fn sin(self) -> Self;
    /// Cosine of this many radians.
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Gauss error function.
    fn erf(self) -> Self;

    /// 1 where the mask holds, 0 elsewhere.
    #[inline(always)]
    fn indicator(mask: Self::Mask) -> Self {
        Self::select(mask, Self::of(1.0), Self::of(0.0))
    }
}

macro_rules! scalar_lane {
    ($type:ty, $exp:ident, $exp_m1:ident, $ln:ident, $ln_1p:ident, $sqrt:ident, $abs:ident, $pow:ident, $sin:ident,
     $cos:ident, $tanh:ident, $erf:ident) => {
        impl Lane for $type {
            type Mask = bool;

            #[inline(always)]
            fn of(number: f64) -> Self {
                number as $type
            }
            #[inline(always)]
            fn select(mask: bool, a: Self, b: Self) -> Self {
                if mask { a } else { b }
            }
            #[inline(always)]
            fn equal(self, other: Self) -> bool {
                self == other
            }
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn at_most(self, other: Self) -> bool {
                self <= other
            }
            #[inline]
            fn exp(self) -> Self {
                libm::$exp(self)
            }
            #[inline]
            fn exp_m1(self) -> Self {
                libm::$exp_m1(self)
            }
            #[inline]
            fn ln(self) -> Self {
                libm::$ln(self)
            }
            #[inline]
            fn ln_1p(self) -> Self {
                libm::$ln_1p(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                libm::$sqrt(self)
            }
            #[inline]
            fn abs(self) -> Self {
                libm::$abs(self)
            }
            #[inline]
            fn pow(self, exponent: Self) -> Self {
                libm::$pow(self, exponent)
            }
            #[inline]
            fn sin(self) -> Self {
                libm::$sin(self)
            }
            #[inline]
            fn cos(self) -> Self {
                libm::$cos(self)
            }
            #[inline]
            fn tanh(self) -> Self {
                libm::$tanh(self)
            }
            #[inline]
            fn erf(self) -> Self {
                libm::$erf(self)
            }
        }
    };
}
// One portable implementation, so that a value has the same digits on every machine.
scalar_lane!(f64, exp, expm1, log, log1p, sqrt, fabs, pow, sin, cos, tanh, erf);
scalar_lane!(f32, expf, expm1f, logf, log1pf, sqrtf, fabsf, powf, sinf, cosf, tanhf, erff);

/// A number type that the interpreter computes in.
pub trait Real: Lane<Mask = bool> + Element + Into<f64> + Send + Sync + 'static {
    /// Every number of a tensor in this type, borrowed where it is stored so.
    fn read(tensor: &Tensor) -> Cow<'_, [Self]>;
}

impl Real for f64 {
    fn read(tensor: &Tensor) -> Cow<'_, [Self]> {
        tensor.as_slice().map_or_else(|| Cow::Owned(tensor.to_f64()), Cow::Borrowed)
    }
}

impl Real for f32 {
    fn read(tensor: &Tensor) -> Cow<'_, [Self]> {
        tensor.as_slice().map_or_else(|| Cow::Owned(tensor.to_f32()), Cow::Borrowed)
    }
}

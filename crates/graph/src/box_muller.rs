//! A normal draw from two uniform ones, by series alone: additions, multiplications, divisions and roots are the same
//! bits everywhere, and a network's first weights take most of the time that a small process lives.
//!
//! Source: Box & Muller, "A note on the generation of random normal deviates" (1958).

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, TAU};

/// `√(−2·ln(1 − radius))·cos(2π·angle)`, of two numbers of [0, 1) that are multiples of 2⁻⁵³.
pub(crate) fn normal(radius: f64, angle: f64) -> f64 {
    // 1 − u lies in (0, 1], where the logarithm is finite.
    (-2.0 * ln(1.0 - radius)).sqrt() * cos_of_turns(angle)
}

/// The natural logarithm of a positive number that is not subnormal.
fn ln(x: f64) -> f64 {
    // ln 2 in two parts, of which the upper one has twenty zero bits at its end: its product with an exponent is exact.
    const UPPER: f64 = f64::from_bits(LN_2.to_bits() & !0xf_ffff);
    const LOWER: f64 = 7.440_617_110_012_397e-11;
    // x = m·2ᵏ with m from √½ to √2.
    let exponent = (x.to_bits().wrapping_sub(FRAC_1_SQRT_2.to_bits()) as i64) >> 52;
    let m = f64::from_bits(x.to_bits().wrapping_sub((exponent as u64) << 52));
    // ln m = 2·artanh s, whose twelfth term is below 2⁻⁶⁰ of the first.
    let s = (m - 1.0) / (m + 1.0);
    let series = polynomial(&ARTANH, s * s);
    let exponent = exponent as f64;
    exponent * UPPER + (exponent * LOWER + 2.0 * s * series)
}

/// `cos(2π·turns)` of a number of [0, 1).
fn cos_of_turns(turns: f64) -> f64 {
    // Off the nearest quarter by an eighth at most, and exactly so.
    let quarter = (4.0 * turns + 0.5) as u32;
    let x = TAU * (turns - 0.25 * f64::from(quarter));
    let square = -x * x;
    // The first terms that are left out are below 2⁻⁵⁸.
    let (cos, sin) = (polynomial(&COS, square), x * polynomial(&SIN, square));
    match quarter % 4 {
        0 => cos,
        1 => -sin,
        2 => -cos,
        _ => sin,
    }
}

/// 1/1, 1/3, 1/5 and so on: artanh s by powers of s², but for a factor s.
const ARTANH: [f64; 11] = {
    let mut terms = [1.0; 11];
    let mut n = 1;
    while n < 11 {
        terms[n] = 1.0 / (2 * n + 1) as f64;
        n += 1;
    }
    terms
};

/// 1/0!, 1/2!, 1/4! and so on: cos x by powers of −x².
const COS: [f64; 9] = reciprocal_factorials(0);
/// 1/1!, 1/3!, 1/5! and so on: sin x by powers of −x², but for a factor x.
const SIN: [f64; 9] = reciprocal_factorials(1);

const fn reciprocal_factorials(first: usize) -> [f64; 9] {
    let (mut terms, mut factorial, mut n) = ([1.0; 9], 1.0, 1);
    while n <= 16 + first {
        factorial *= n as f64;
        if n >= first && (n - first).is_multiple_of(2) {
            terms[(n - first) / 2] = 1.0 / factorial;
        }
        n += 1;
    }
    terms
}

/// Powers of x with these coefficients: the even ones and the odd ones apart, so that neither waits for the other.
fn polynomial<const N: usize>(coefficients: &[f64; N], x: f64) -> f64 {
    let (mut sums, square) = ([0.0; 2], x * x);
    for n in (0..N).rev() {
        sums[n % 2] = sums[n % 2] * square + coefficients[n];
    }
    sums[0] + x * sums[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many units of the last place of `right` lie between.
    fn units(found: f64, right: f64) -> f64 {
        let unit = f64::from_bits(right.abs().to_bits() + 1) - right.abs();
        (found - right).abs() / unit
    }

    #[test]
    fn logarithms_are_those_of_libm_but_for_three_units_of_the_last_place() {
        let unit = 2f64.powi(-53);
        let ends = [unit, 2.0 * unit, 3.0 * unit, 0.5, 0.5 + unit, FRAC_1_SQRT_2, 1.0 - unit, 1.0];
        let between = (1..200_000).map(|i| f64::from(i) / 200_000.0);
        let small = (0..53).map(|k| 1.3 * 2f64.powi(-k) / 1.4);
        for x in ends.into_iter().chain(between).chain(small) {
            assert!(ln(x) == 0.0 && x == 1.0 || units(ln(x), libm::log(x)) <= 3.0, "{x}: {} {}", ln(x), libm::log(x));
        }
    }

    #[test]
    fn cosines_are_those_of_libm_but_for_the_rounding_of_the_angle() {
        for turns in (0..200_000).map(|i| f64::from(i) / 200_000.0).chain([1.0 - 2f64.powi(-53)]) {
            let right = libm::cos(TAU * turns);
            // Near a zero libm is given an angle that is off by half a unit of its last place.
            let angle = 2f64.powi(-53) * TAU * turns;
            assert!((cos_of_turns(turns) - right).abs() <= angle + 3.0 * 2f64.powi(-53), "{turns}");
        }
        assert_eq!([0.0, 0.25, 0.5, 0.75].map(cos_of_turns), [1.0, 0.0, -1.0, 0.0]);
    }
}

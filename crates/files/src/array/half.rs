//! The two 16-bit floats, as `f32`. Every one of them is an `f32` exactly.

/// IEEE 754 binary16: one sign bit, five of exponent (bias 15), ten of fraction.
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    let bits = u32::from(bits);
    let (sign, exponent, fraction) = (bits >> 15 << 31, bits >> 10 & 0x1f, bits & 0x3ff);
    match exponent {
        // Subnormal: a whole multiple of 2⁻²⁴.
        0 => f32::from_bits((fraction as f32 * (-24f32).exp2()).to_bits() | sign),
        // Infinity, and NaN with its payload.
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13),
    }
}

/// The upper sixteen bits of an `f32`.
pub(super) fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_halves_have_their_values() {
        // IEEE 754-2008, table 3.5: the extremes follow from bias 15 and ten bits of fraction.
        let table = [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x0001, 5.960464477539063e-8),
            (0x83ff, -6.097555160522461e-5),
            (0x0400, 6.103515625e-5),
            (0x3c00, 1.0),
            (0x3555, 0.333251953125),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (bits, value) in table {
            let value: f64 = value;
            assert_eq!(f64::from(f16_to_f32(bits)).to_bits(), value.to_bits(), "{bits:#06x}");
        }
        assert!(f16_to_f32(0x7e00).is_nan());
        assert_eq!(bf16_to_f32(0x3fc0), 1.5);
    }

    #[test]
    fn neighbouring_halves_are_in_order_and_a_unit_of_their_exponent_apart() {
        for bits in 0..0x7c00 {
            let (low, high) = (f16_to_f32(bits), f16_to_f32(bits + 1));
            let unit = f32::exp2((i32::from(bits >> 10).max(1) - 15 - 10) as f32);
            assert!(high.is_infinite() || high - low == unit, "{bits:#06x}");
            assert_eq!(f16_to_f32(bits | 0x8000).to_bits(), (-low).to_bits());
        }
    }
}

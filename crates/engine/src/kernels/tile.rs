//! Tiles: rows of the Map table over numbers in the first-level cache.

use limpid_graph::MapOp;

use super::Level;
use super::lanes::Element;
use crate::numbers::LINE;

/// Computes `op` at each position of equally long slices.
pub(crate) fn apply(level: Level, op: MapOp, arguments: &[&[f32]], out: &mut [f32]) {
    match level {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a level is used only where it was found on this processor.
        Level::Avx512 => unsafe { avx512(op, arguments, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2(op, arguments, out) },
        _ => generic(op, arguments, out),
    }
}

/// Each number, repeated along a row.
pub(crate) fn spread_rows(numbers: &[f32], columns: usize, out: &mut [f32]) {
    if columns == LINE {
        // The commonest by far, as one store.
        let (rows, _) = out.as_chunks_mut::<LINE>();
        return rows.iter_mut().zip(numbers).for_each(|(row, &x)| *row = [x; LINE]);
    }
    out.chunks_exact_mut(columns.max(1)).zip(numbers).for_each(|(row, &x)| row.fill(x));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn avx512(op: MapOp, arguments: &[&[f32]], out: &mut [f32]) {
    generic(op, arguments, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(op: MapOp, arguments: &[&[f32]], out: &mut [f32]) {
    generic(op, arguments, out);
}

#[inline(always)]
fn generic(op: MapOp, arguments: &[&[f32]], out: &mut [f32]) {
    let out = elements_mut(out);
    match *arguments {
        [a] => op.apply(&[elements(a)], out),
        [a, b] => op.apply(&[elements(a), elements(b)], out),
        [a, b, c] => op.apply(&[elements(a), elements(b), elements(c)], out),
        _ => unreachable!("rows of the table take one to three arguments"),
    }
}

#[inline(always)]
fn elements(numbers: &[f32]) -> &[Element] {
    // SAFETY: `Element` is a transparent wrapper of `f32`.
    unsafe { std::slice::from_raw_parts(numbers.as_ptr().cast(), numbers.len()) }
}

#[inline(always)]
fn elements_mut(numbers: &mut [f32]) -> &mut [Element] {
    // SAFETY: as in `elements`, and the borrow is exclusive.
    unsafe { std::slice::from_raw_parts_mut(numbers.as_mut_ptr().cast(), numbers.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_gives_the_same_bits_at_every_level_and_length() {
        for &op in MapOp::ALL {
            for length in [0, 1, 15, 16, 17, 53] {
                let argument = |seed: usize| -> Vec<f32> {
                    (0..length).map(|i| ((i * 31 + seed * 17) % 41) as f32 / 10.0 - 2.0).collect()
                };
                let arguments: Vec<Vec<f32>> = (0..op.info().arguments.len()).map(argument).collect();
                let slices: Vec<&[f32]> = arguments.iter().map(Vec::as_slice).collect();
                let bits = |level: Level| -> Vec<u32> {
                    let mut out = vec![0.0; length];
                    apply(level, op, &slices, &mut out);
                    // Which of the many encodings of not-a-number comes out is the processor's choice.
                    out.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
                };
                for level in Level::available() {
                    assert_eq!(bits(level), bits(Level::Portable), "{op:?} at {level}, {length} numbers");
                }
            }
        }
    }
}

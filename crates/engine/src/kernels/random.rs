//! Draws from a stream, by their places in a value.

use limpid_graph::Stream;

use super::Supported;

/// The draws of a step from place `first` on, in rows of so many columns, their pitch apart.
pub(crate) fn uniform(
    level: Supported,
    of: (Stream, u64),
    first: usize,
    (columns, pitch): (usize, usize),
    out: &mut [f32],
) {
    // Rows without padding are one.
    let form = if pitch == columns { (out.len(), out.len()) } else { (columns, pitch) };
    rows(level, of, first, form, out);
}

at_each_level!(rows => generic, of: (Stream, u64), first: usize, form: (usize, usize), out: &mut [f32]);

#[inline(always)]
fn generic((stream, step): (Stream, u64), first: usize, (columns, pitch): (usize, usize), out: &mut [f32]) {
    let (mut at, mut left) = (first, 0);
    // A run of draws that are made together, those that come next at its end.
    let mut run = [0.0; Stream::RUN];
    for row in out.chunks_exact_mut(pitch.max(1)) {
        let mut row = &mut row[..columns];
        while !row.is_empty() {
            if left == 0 {
                run = stream.uniforms_f32(step, (at / Stream::RUN) as u64);
                left = Stream::RUN - at % Stream::RUN;
            }
            let (now, later) = row.split_at_mut(left.min(row.len()));
            match now.as_mut_array() {
                Some(whole) => *whole = run,
                None => now.copy_from_slice(&run[Stream::RUN - left..][..now.len()]),
            }
            (at, left) = (at + now.len(), left - now.len());
            row = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_that_of_its_place_at_every_level_in_every_form_and_from_any_first_one() {
        let stream = Stream::new(3, "kernel");
        for level in Supported::each() {
            for (columns, pitch) in [(1, 1), (5, 5), (10, 16), (50, 64), (64, 64), (100, 112), (300, 304)] {
                // Blocks whose numbers pass 2³², too.
                for first in [0, 1, 63, 64, 1_000, (1 << 34) - 70] {
                    let mut out = vec![2.0; 7 * pitch];
                    uniform(level, (stream, 5 << 40 | 9), first, (columns, pitch), &mut out);
                    for (i, &drawn) in out.iter().enumerate() {
                        let (row, column) = (i / pitch, i % pitch);
                        let place = (first + row * columns + column) as u64;
                        let wanted = if column < columns { stream.uniform_f32(5 << 40 | 9, place) } else { 2.0 };
                        assert_eq!(drawn, wanted, "{level}, {columns} of {pitch} from {first}, number {i}");
                    }
                }
            }
        }
    }
}

//! Internals for `benches/`: kernels by plain slices, without a graph around them.

use super::product::{self, Matrix, Right, Sizes, Target, View};
use super::{Level, Supported};

/// A matrix in a slice: element (i, j) stands at `i·row + j·column`.
pub type Strided<'n> = (&'n [f32], usize, usize);

/// How many numbers of scratch memory `product` needs for (m, k, n).
pub fn product_scratch((m, k, n): (usize, usize, usize)) -> usize {
    product::scratch_len(Sizes { m, k, n })
}

/// `c = a·b`, or `c += a·b`; `c` has `c_row` numbers from row to row.
///
/// # Panics
/// Where a slice is too short, or the processor lacks the level.
pub fn product(
    level: Level,
    (m, k, n): (usize, usize, usize),
    (a, b): (Strided<'_>, Strided<'_>),
    c: (&mut [f32], usize),
    accumulate: bool,
    scratch: &mut [f32],
) {
    let view = |(numbers, row, column)| View { numbers, row, column };
    product::product_into(
        Supported::asserted(level),
        Sizes { m, k, n },
        (view(a), view(b)),
        c,
        (1.0, accumulate),
        scratch,
    );
}

/// How many numbers `b` takes when it is packed.
pub fn packed_len(level: Level, (_, k, n): (usize, usize, usize)) -> usize {
    product::packed_len(level, k, n)
}

/// `c = a·b` as threads would do it, by one of them: first `b` is packed into `packed`, then each part of
/// `rows` × `panels` at most is worked out alone.
///
/// # Panics
/// Where a slice is too short, a part empty, or the processor lacks the level.
pub fn product_of_parts(
    level: Level,
    (m, k, n): (usize, usize, usize),
    (a, b): (Strided<'_>, Strided<'_>),
    (c, c_row): (&mut [f32], usize),
    (rows, panels): (usize, usize),
    (packed, scratch): (&mut [f32], &mut [f32]),
) {
    let supported = Supported::asserted(level);
    let holds = |(numbers, row, column): Strided<'_>, rows: usize, columns: usize| {
        rows == 0 || columns == 0 || product::last(row, column, rows, columns) < numbers.len()
    };
    assert!(holds(a, m, k) && holds(b, k, n) && holds((c, c_row, 1), m, n) && n <= c_row);
    assert!(packed.len() >= product::packed_len(level, k, n));
    let matrix = |(numbers, row, column): Strided<'_>| Matrix { start: numbers.as_ptr(), row, column };
    let target = Target { start: c.as_mut_ptr(), row: c_row, padded: false };
    let all = product::panels(level, n);
    // SAFETY: the assertions above say that all of it is there, and nobody else is at work.
    unsafe {
        for panel in 0..all {
            product::pack(supported, matrix(b), (k, n), panel..panel + 1, packed.as_mut_ptr());
        }
        for row in (0..m).step_by(rows) {
            for panel in (0..all).step_by(panels) {
                let part = (row..m.min(row + rows), panel..all.min(panel + panels));
                let (sizes, right) = (Sizes { m, k, n }, Right::Packed(packed.as_ptr()));
                // All parts of these rows but the last have as many panels.
                let has_left = panel > 0 && product::keeps_left(level, sizes, right, &part.0, &(panel - panels..panel));
                let how = product::ProductOptions { has_left, ..product::ProductOptions::PLAIN };
                product::multiply(supported, sizes, matrix(a), right, part, target, how, scratch);
            }
        }
    }
}

//! The promise about padding ([`crate::plan`]), held by every kernel at every level.
//!
//! Each kernel runs over the same numbers with different ones in the padding. What it writes to the columns must have
//! the same bits each time, and what lies before and behind its rows must stay as it was.

use limpid_graph::op::Monoid;
use limpid_graph::{MapOp, Stream};

use super::product::{self, View};
use super::sparse::{self, Lengths, Rows, internals};
use super::{Supported, arrange, bench_support, index, random, reduce, tile};
use crate::plan::pitch;

/// What padding may hold: nothing, what spoils a sum, what overflows, what is slow to compute with.
const PADDINGS: &[f32] = &[0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1.0, 1e-45];

/// Numbers before and behind a result that nobody may write.
const GUARD: usize = 64;
const GUARDED: f32 = 12_345.0;

/// (rows of a left operand, its columns, columns of a right operand): columns that end within a vector of every level.
const SIZES: &[(usize, usize, usize)] = &[
    (1, 8, 9),
    (3, 127, 50),
    (2, 16, 33),
    (5, 64, 64),
    (9, 130, 65),
    (4, 33, 17),
    (20, 9, 136),
    (3, 20, 100),
    (2, 300, 250),
];

/// Rows of so many columns, their pitch apart.
#[derive(Clone, Copy)]
struct Form {
    rows: usize,
    columns: usize,
    pitch: usize,
}

impl Form {
    fn padded(rows: usize, columns: usize) -> Self {
        Self { rows, columns, pitch: pitch(columns) }
    }

    fn plain(rows: usize, columns: usize) -> Self {
        Self { rows, columns, pitch: columns }
    }

    fn filled(self, seed: usize, number: impl Fn(usize) -> f32, padding: f32) -> Vec<f32> {
        let Self { rows, columns, pitch } = self;
        let at = |i: usize| if i % pitch < columns { number(i / pitch * columns + i % pitch + seed) } else { padding };
        (0..rows * pitch).map(at).collect()
    }
}

/// Between −1 and 1; two in three are zero, as products from lists want it.
fn number(i: usize) -> f32 {
    if (i * 7919).is_multiple_of(3) { ((i * 104_729) % 2003) as f32 / 1001.0 - 1.0 } else { 0.0 }
}

/// A matrix as it lies, or its transpose.
fn view(numbers: &[f32], form: Form, transposed: bool) -> View<'_> {
    match transposed {
        false => View { numbers, row: form.pitch, column: 1 },
        true => View { numbers, row: 1, column: form.pitch },
    }
}

/// Runs a kernel over each padding, and compares.
fn holds(what: &str, inputs: &[Form], out: Form, kernel: impl Fn(&[&[f32]], &mut [f32])) {
    let run = |padding: f32| -> Vec<u32> {
        let inputs: Vec<Vec<f32>> =
            inputs.iter().enumerate().map(|(i, form)| form.filled(i, number, padding)).collect();
        let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
        let own = out.filled(9, number, padding);
        let guard = [GUARDED; GUARD];
        let mut memory = [&guard[..], &own, &guard].concat();
        kernel(&inputs, &mut memory[GUARD..][..own.len()]);
        let (before, rest) = memory.split_at(GUARD);
        let (rows, behind) = rest.split_at(own.len());
        let is_untouched = before.iter().chain(behind).all(|&x| x == GUARDED);
        assert!(is_untouched, "{what}: wrote outside of its rows, with {padding} in the padding");
        let columns = rows.chunks_exact(out.pitch).flat_map(|row| &row[..out.columns]);
        // Which of the many encodings of not-a-number comes out is the processor's choice.
        columns.map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
    };
    let wanted = run(PADDINGS[0]);
    for &padding in &PADDINGS[1..] {
        assert!(run(padding) == wanted, "{what}: {padding} in the padding changed the result");
    }
}

#[test]
fn elementwise_functions_and_folds() {
    for (level, &(rows, _, n)) in Supported::each().flat_map(|level| SIZES.iter().map(move |sizes| (level, sizes))) {
        let (form, column) = (Form::padded(rows, n), Form::plain(rows, 1));
        for &op in MapOp::ALL {
            let inputs = vec![form; op.info().arguments.len()];
            holds(&format!("{op:?} at {level}"), &inputs, form, |inputs, out| tile::apply(level, op, inputs, out));
        }
        for &monoid in Monoid::ALL {
            let what = format!("{monoid:?} over {rows}×{n} at {level}");
            let of = (n, form.pitch);
            holds(&what, &[form], column, |inputs, out| reduce::rows(level, monoid, inputs[0], of, out));
            let row = Form::padded(1, n);
            holds(&what, &[form], row, |inputs, out| reduce::columns(level, monoid, inputs[0], of, &mut out[..n]));
        }
    }
}

#[test]
fn what_moves_and_finds_numbers() {
    for &(rows, _, n) in SIZES {
        let (form, column) = (Form::padded(rows, n), Form::plain(rows, 1));
        holds("repeated rows", &[column], form, |inputs, out| tile::spread_rows(inputs[0], form.pitch, out));
        holds("argmax", &[form], column, |inputs, out| index::argmax_rows(inputs[0], (n, form.pitch), out));
        holds("one-hot", &[], form, |_, out| {
            let labels: Vec<f32> = (0..rows).map(|i| (i % n) as f32).collect();
            index::one_hot(&labels, (n, form.pitch), out).unwrap();
        });
        let transposed = Form { rows: n, columns: rows, pitch: rows.next_multiple_of(16) };
        holds("transpose", &[form], transposed, |inputs, out| {
            arrange::transpose(inputs[0], form.pitch, (0..n, rows), out, transposed.pitch);
        });
    }
}

#[test]
fn draws() {
    for (level, &(rows, _, n)) in Supported::each().flat_map(|level| SIZES.iter().map(move |sizes| (level, sizes))) {
        let form = Form::padded(rows, n);
        let of = (Stream::new(1, "padding"), 3);
        holds(&format!("draws at {level}"), &[], form, |_, out| random::uniform(level, of, 77, (n, form.pitch), out));
    }
}

#[test]
fn products() {
    for (level, &(m, k, n)) in Supported::each().flat_map(|level| SIZES.iter().map(move |sizes| (level, sizes))) {
        let sizes = product::Sizes { m, k, n };
        let (left, left_transposed, right) = (Form::padded(m, k), Form::padded(k, m), Form::padded(k, n));
        let right_transposed = Form::padded(n, k);
        for (out, accumulate) in
            [Form::padded(m, n), Form::plain(m, n)].into_iter().flat_map(|out| [(out, false), (out, true)])
        {
            let what = format!("product {m}×{k}×{n} at {level}, {} a row, added: {accumulate}", out.pitch);
            for (left, transposed) in [(left, false), (left_transposed, true)] {
                for (right, right_is_transposed) in [(right, false), (right_transposed, true)] {
                    holds(&what, &[left, right], out, |inputs, c| {
                        let views = (view(inputs[0], left, transposed), view(inputs[1], right, right_is_transposed));
                        let mut scratch = vec![f32::NAN; product::scratch_len(sizes)];
                        product::product_into(level, sizes, views, (c, out.pitch), (-0.5, accumulate), &mut scratch);
                    });
                }
            }
        }
        let out = Form::padded(m, n);
        holds(&format!("product {m}×{k}×{n} at {level}, in parts"), &[left, right], out, |inputs, c| {
            let (mut packed, mut scratch) = (
                vec![f32::NAN; bench_support::packed_len(*level, (m, k, n))],
                vec![f32::NAN; bench_support::product_scratch((m, k, n))],
            );
            let factors = ((inputs[0], left.pitch, 1), (inputs[1], right.pitch, 1));
            let memory = (&mut packed[..], &mut scratch[..]);
            bench_support::product_of_parts(*level, (m, k, n), factors, (c, out.pitch), (3, 1), memory);
        });
    }
}

#[test]
fn products_from_lists() {
    for (level, &(rows, k, n)) in Supported::each().flat_map(|level| SIZES.iter().map(move |sizes| (level, sizes))) {
        // Rows of whole cache lines, as products from lists want them.
        let whole = |rows: usize, columns: usize| Form { rows, columns, pitch: columns.next_multiple_of(16) };
        let (x, w, z) = (whole(rows, k), whole(k, n), whole(rows, n));
        let with_lists = |x_at: &[f32], work: &dyn Fn(&sparse::Lists<'_>, &sparse::Lists<'_>)| {
            let (mut made, mut transposed) =
                (internals::Owned::of(Lengths::of(rows, k)), internals::Owned::of(Lengths::transposed(rows, k)));
            let lists = sparse::list_floats(level, x_at, Rows::Pitch(x.pitch), rows, 0..k, made.lend());
            work(&lists, &lists.transpose(transposed.lend()));
        };
        for is_finite in [false, true] {
            let what = format!("product from lists {rows}×{k}×{n} at {level}, known to be finite: {is_finite}");
            holds(&what, &[x, w], z, |inputs, out| {
                let out = std::cell::RefCell::new(out);
                with_lists(inputs[0], &|lists, _| {
                    let (w_at, z_at) = ((inputs[1].as_ptr(), w.pitch, is_finite), out.borrow_mut().as_mut_ptr());
                    // SAFETY: whole rows of the operands' pitches; these are all there.
                    unsafe { sparse::forward(level, lists, w_at, n, (z_at, z.pitch), None) };
                });
            });
        }
        for (is_transposed, accumulate) in [(false, false), (false, true), (true, false), (true, true)] {
            let what = format!(
                "gradient from lists {rows}×{k}×{n} at {level}, transposed: {is_transposed}, added: {accumulate}"
            );
            holds(&what, &[x, z], w, |inputs, out| {
                let out = std::cell::RefCell::new(out);
                with_lists(inputs[0], &|lists, transposed| {
                    let (d, g) = ((inputs[1].as_ptr(), z.pitch), (out.borrow_mut().as_mut_ptr(), w.pitch));
                    let transposed = is_transposed.then_some(transposed);
                    // SAFETY: as above.
                    unsafe { sparse::gradient(level, lists, transposed, d, n, (-0.5, accumulate), g) };
                });
            });
        }
    }
}

//! Folds along axes: sums in sixteen partial sums, extremes as the interpreter finds them.

use limpid_graph::op::Monoid;

/// How many partial results a fold along contiguous numbers keeps.
const WIDTH: usize = 16;

/// Folds `input`, whose axes are alternately folded and kept `groups`, into `out`.
pub(crate) fn reduce(monoid: Monoid, groups: &[(bool, usize)], input: &[f32], out: &mut [f32]) {
    out.fill(neutral(monoid));
    fold(monoid, groups, input, out);
}

fn neutral(monoid: Monoid) -> f32 {
    match monoid {
        Monoid::Sum => 0.0,
        Monoid::Max => f32::NEG_INFINITY,
        Monoid::Min => f32::INFINITY,
    }
}

#[inline(always)]
fn join(monoid: Monoid, a: f32, b: f32) -> f32 {
    match monoid {
        Monoid::Sum => a + b,
        Monoid::Max if b < a || a.is_nan() => a,
        Monoid::Min if a < b || a.is_nan() => a,
        Monoid::Max | Monoid::Min => b,
    }
}

fn fold(monoid: Monoid, groups: &[(bool, usize)], input: &[f32], out: &mut [f32]) {
    match groups {
        [] | [(false, _)] => match monoid {
            Monoid::Sum => out.iter_mut().zip(input).for_each(|(o, &x)| *o += x),
            _ => out.iter_mut().zip(input).for_each(|(o, &x)| *o = join(monoid, *o, x)),
        },
        [(true, _)] => out[0] = join(monoid, out[0], contiguous(monoid, input)),
        [(folded, extent), rest @ ..] => {
            let input_step = input.len() / (*extent).max(1);
            let out_step = if *folded { 0 } else { out.len() / (*extent).max(1) };
            let out_len = if *folded { out.len() } else { out_step };
            for i in 0..*extent {
                let part = &input[i * input_step..(i + 1) * input_step];
                fold(monoid, rest, part, &mut out[i * out_step..i * out_step + out_len]);
            }
        }
    }
}

fn contiguous(monoid: Monoid, input: &[f32]) -> f32 {
    if monoid != Monoid::Sum || input.len() < 2 * WIDTH {
        return input.iter().fold(neutral(monoid), |a, &b| join(monoid, a, b));
    }
    let mut sums = [0.0f32; WIDTH];
    let (chunks, rest) = input.as_chunks::<WIDTH>();
    // A sum of many is split, so that its rounding grows with the logarithm of its length.
    if chunks.len() > 64 {
        let half = chunks.len() / 2 * WIDTH;
        return contiguous(monoid, &input[..half]) + contiguous(monoid, &input[half..]);
    }
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
    }
    rest.iter().fold(sums[0], |sum, x| sum + x)
}

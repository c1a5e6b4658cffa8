//! Smooth random fields: even draws from −1 to 1, blurred by a Gaussian.

use super::changes::Scratch;

/// A Gaussian blur of a field of one size, which ends in a multiplication.
#[derive(Clone, Debug)]
pub(super) struct Blur {
    height: usize,
    width: usize,
    /// The weights from the middle outwards; those of both sides sum to 1.
    weights: Vec<f32>,
    strength: f32,
}

impl Blur {
    pub(super) fn new(strength: f64, deviation: f64, (height, width): (usize, usize)) -> Self {
        // Beyond three standard deviations, and beyond the field, nothing is added.
        let radius = ((3.0 * deviation).ceil() as usize).min(height.max(width));
        let bell = |i: usize| libm::exp(-0.5 * (i as f64 / deviation) * (i as f64 / deviation));
        let sum: f64 = (0..=radius).map(|i| if i == 0 { bell(i) } else { 2.0 * bell(i) }).sum();
        let weights = (0..=radius).map(|i| (bell(i) / sum) as f32).collect();
        Self { height, width, weights, strength: strength as f32 }
    }

    /// Fills both fields; `words` draws the block of this number.
    pub(super) fn fill(&self, scratch: &mut Scratch, words: impl Fn(u64) -> [u32; 4]) {
        let size = self.height * self.width;
        let Scratch { fields, blurred, .. } = scratch;
        for (which, field) in fields.iter_mut().enumerate() {
            field.clear();
            field.resize(size, 0.0);
            for (block, numbers) in field.chunks_mut(8).enumerate() {
                // An odd number for each of both fields' blocks, an even one for the other's.
                let halves = words(2 * block as u64 + which as u64).map(|word| [word & 0xFFFF, word >> 16]);
                let even = |half: u32| (half as f32 + 0.5) * (2.0 / 65_536.0) - 1.0;
                numbers.iter_mut().zip(halves.as_flattened()).for_each(|(x, &half)| *x = even(half));
            }
            self.along_rows(field, blurred);
            self.along_columns(blurred, field);
        }
    }

    fn along_rows(&self, from: &[f32], to: &mut Vec<f32>) {
        to.clear();
        to.resize(from.len(), 0.0);
        let rows = from.chunks_exact(self.width).zip(to.chunks_exact_mut(self.width));
        for (from, to) in rows {
            for (offset, &weight) in self.weights.iter().enumerate().take(self.width) {
                let (near, far) = (self.width - offset, offset);
                to.iter_mut().zip(&from[far..]).for_each(|(to, x)| *to += weight * x);
                if offset > 0 {
                    to[far..].iter_mut().zip(&from[..near]).for_each(|(to, x)| *to += weight * x);
                }
            }
        }
    }

    fn along_columns(&self, from: &[f32], to: &mut [f32]) {
        let width = self.width;
        to.fill(0.0);
        for (offset, &weight) in self.weights.iter().enumerate().take(self.height) {
            let weight = weight * self.strength;
            let far = offset * width;
            to.iter_mut().zip(&from[far..]).for_each(|(to, x)| *to += weight * x);
            if offset > 0 {
                to[far..].iter_mut().zip(from).for_each(|(to, x)| *to += weight * x);
            }
        }
    }
}

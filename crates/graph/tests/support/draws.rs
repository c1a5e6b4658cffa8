//! Random choices for tests: one stream, drawn from in order, the same on every machine.

use std::cell::Cell;

use limpid_graph::{Stream, Tensor};

pub(crate) struct Draws {
    stream: Stream,
    drawn: Cell<u64>,
}

impl Draws {
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        Self { stream: Stream::new(seed, purpose), drawn: Cell::new(0) }
    }

    fn next(&self) -> u64 {
        self.drawn.replace(self.drawn.get() + 1)
    }

    /// A whole number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        self.stream.below(0, self.next(), bound as u64) as usize
    }

    /// True once in `times`.
    pub(crate) fn once_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    pub(crate) fn uniform(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.stream.uniform(0, self.next())
    }

    /// Numbers from `low..high`.
    pub(crate) fn tensor(&self, shape: &[usize], low: f64, high: f64) -> Tensor {
        let count = shape.iter().product();
        let numbers: Vec<f64> = (0..count).map(|_| self.uniform(low, high)).collect();
        Tensor::new(shape, numbers).unwrap()
    }

    /// Whole numbers from `0..bound`.
    pub(crate) fn positions(&self, shape: &[usize], bound: usize) -> Tensor {
        let count = shape.iter().product();
        let numbers: Vec<f64> = (0..count).map(|_| self.below(bound) as f64).collect();
        Tensor::new(shape, numbers).unwrap()
    }
}

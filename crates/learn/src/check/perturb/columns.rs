//! The differences of a whole leaf, in parts that several threads can take.

use std::ops::Range;

use limpid_graph::Error;

use super::plan::Plan;
use super::{Difference, Perturbation};

/// [`Perturbation::differences`] in parts: the leaf's numbers as a matrix, some of whose columns are answered at a time.
///
/// ```
/// use limpid_graph::{Builder, Tensor, interpret};
/// use limpid_learn::Perturbation;
///
/// let b = Builder::new();
/// let (x, w) = (b.input("x", (2, 2)), b.input("w", (2, 3)));
/// let graph = b.finish([x.matmul(w).square().sum_all()])?;
/// let (x_value, w_value) = (Tensor::from([[1.0, 0.5], [2.0, 0.0]]), Tensor::from([[3.0, 1.0, 2.0], [4.0, 0.0, 1.0]]));
/// let run = interpret::<f64>(&graph, &[(x.id(), &x_value), (w.id(), &w_value)])?;
/// let mut perturbation = Perturbation::new(&run, w.id());
/// let columns = perturbation.columns(0.5);
/// assert_eq!(columns.count(), 3);
/// let (left, right) = std::thread::scope(|scope| {
///     let left = scope.spawn(|| columns.differences(0..2));
///     (left.join(), columns.differences(2..3))
/// });
/// let parts = columns.joined([left.expect("it does not panic")?, right?]);
/// assert_eq!(parts, perturbation.differences(0.5)?);
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Debug)]
pub struct Columns<'p, 'v, 'g> {
    perturbation: &'p Perturbation<'v, 'g, f64>,
    /// Nothing where the numbers go one at a time; each is a column then.
    plan: Option<Plan>,
    step: f64,
}

impl<'p, 'v, 'g> Columns<'p, 'v, 'g> {
    pub(super) fn new(perturbation: &'p Perturbation<'v, 'g, f64>, plan: Option<Plan>, step: f64) -> Self {
        Self { perturbation, plan, step }
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        let numbers = || self.perturbation.base.shape(self.perturbation.leaf).iter().product();
        self.plan.as_ref().map_or_else(numbers, Plan::columns)
    }

    /// The answers for the numbers of these columns, row by row. Its loops are compiled for the processor that the
    /// caller is compiled for.
    ///
    /// # Errors
    /// As [`Perturbation::output_with`].
    ///
    /// # Panics
    /// Where there are fewer columns, or the graph has no output.
    #[inline(always)]
    pub fn differences(&self, columns: Range<usize>) -> Result<Vec<Difference>, Error> {
        match &self.plan {
            Some(plan) => Ok(plan.run(self.perturbation.base, self.step, columns)),
            None => self.one_by_one(columns),
        }
    }

    fn one_by_one(&self, elements: Range<usize>) -> Result<Vec<Difference>, Error> {
        let mut own = Perturbation::new(self.perturbation.base, self.perturbation.leaf);
        elements.map(|element| own.difference(element, self.step)).collect()
    }

    /// The answers for the whole leaf, in its order, from those for ranges of columns that follow each other.
    pub fn joined(&self, parts: impl IntoIterator<Item = Vec<Difference>>) -> Vec<Difference> {
        let parts: Vec<Vec<Difference>> = parts.into_iter().collect();
        let count: usize = parts.iter().map(Vec::len).sum();
        let rows = count / self.count().max(1);
        let mut joined = Vec::with_capacity(count);
        for row in 0..rows {
            for part in &parts {
                let columns = part.len() / rows;
                joined.extend_from_slice(&part[row * columns..(row + 1) * columns]);
            }
        }
        joined
    }
}

//! The numerical gradient of a model's loss, and gradient descent with it: back-propagation's result without the chain
//! rule.

use std::panic::resume_unwind;
use std::thread::Builder;

use limpid_engine::Precision;
use limpid_engine::kernels::{Level, Work, at_level};
use limpid_graph::{Graph, NodeId, Tensor, Values, interpret};

use crate::check::numeric::{checked_step, quotient, shaped_like};
use crate::check::perturb::{Columns, Difference, Perturbation};
use crate::data::dataset::Dataset;
use crate::describe::context::{STEPS, USUAL_SEED};
use crate::describe::optimizers::Sgd;
use crate::describe::variable::VariableKind;
use crate::error::Error;
use crate::train::model::Model;
use crate::train::options::checked_learning_rate;
use crate::train::step::{GraphKind, INPUTS, ROWS, TARGETS};

/// The loss of all of a data set as a graph, with what it is fed beside the data.
pub(crate) struct DataLoss {
    pub(crate) graph: Graph,
    /// Those that are differentiated by.
    pub(crate) parameters: Vec<(String, Tensor)>,
    /// Everything else that is kept: running statistics, and the counter of steps where layers draw.
    variables: Vec<(String, Tensor)>,
    rows: Tensor,
}

impl DataLoss {
    pub(crate) fn new(model: &Model, data: &Dataset) -> Result<Self, Error> {
        let (graph, declared) =
            GraphKind::Loss.described(model.network(), &data.into(), &model.loss(), &Sgd, USUAL_SEED)?;
        // What layers draw is what the next step of a training draws, or the first.
        let counted = declared.iter().filter(|variable| variable.kind == VariableKind::Optimizer).map(|variable| {
            let kept = model.session.get(&variable.name).ok().cloned();
            (variable.name.clone(), kept.unwrap_or_else(|| variable.initial_value(0)))
        });
        Ok(Self {
            graph,
            parameters: model.parameters()?,
            variables: model.variables()?.into_iter().chain(counted).collect(),
            rows: Tensor::from((0..data.len()).map(|row| row as f64).collect::<Vec<_>>()),
        })
    }

    pub(crate) fn feeds<'f>(&'f self, data: &'f Dataset) -> Vec<(&'f str, &'f Tensor)> {
        let fed = [(INPUTS, data.inputs()), (TARGETS, data.targets()), (ROWS, &self.rows)];
        fed.into_iter().chain(self.variables.iter().map(|(name, value)| (name.as_str(), value))).collect()
    }
}

impl Model {
    /// The gradient of this model's loss over all of `data` by central differences: for each number of each parameter,
    /// (loss with the number + `step` − loss with the number − `step`) / 2·`step`, in `f64`. By parameter, in the order
    /// of the layers.
    ///
    /// [`numeric::H`](crate::check::numeric::H) is a good step. The two losses are those of whole evaluations, to the bit, but
    /// only what the number reaches is evaluated again: the gradient of 784-50-10 units over 100 digits, which takes
    /// 79,520 losses, is there in a fraction of a second. The model's threads share the work.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Loss, Model, Network, numeric};
    ///
    /// // y = w·x + b at (1, 2), where y should be 5: the loss ½(y − 5)² has the slopes (y − 5)·x and y − 5.
    /// let network: Network = "1, affine 1".parse()?;
    /// let mut model = Model::new(&network, 1)?.with_loss(Loss::HalfSumOfSquares);
    /// model.set_parameters(&[("0/w".to_string(), Tensor::from([[1.5]])), ("0/b".to_string(), Tensor::from([0.5]))])?;
    /// let data = Dataset::new(Tensor::from([[2.0]]), Tensor::from([[5.0]]))?;
    /// let gradients = model.numerical_gradients(&data, numeric::H)?;
    /// assert_eq!(gradients[0].0, "0/w");
    /// assert!((gradients[0].1.to_f64()[0] + 3.0).abs() < 1e-9);
    /// assert!((gradients[1].1.to_f64()[0] + 1.5).abs() < 1e-9);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] where the step is not a finite number above 0, and where the data does not fit the network.
    pub fn numerical_gradients(&self, data: &Dataset, step: f64) -> Result<Vec<(String, Tensor)>, Error> {
        self.numerical_slope(data, step).map(|slope| slope.gradients)
    }

    /// One step of gradient descent by [numerical gradients](Model::numerical_gradients): each parameter moves against
    /// its own by `learning_rate` times as much. Answers the loss over `data` before. Layers that draw, such as dropout, draw
    /// anew in each step.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Model, Network, numeric};
    ///
    /// let network: Network = "2, affine 3, tanh, affine 2".parse()?;
    /// let data = Dataset::new(Tensor::from([[0.5, -1.0], [2.0, 0.3]]), Tensor::from([0u8, 1]))?;
    /// let mut model = Model::new(&network, 1)?;
    /// let first = model.descend_numerically(&data, 0.1, numeric::H)?;
    /// let second = model.descend_numerically(&data, 0.1, numeric::H)?;
    /// assert!(second < first);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`numerical_gradients`](Model::numerical_gradients), and [`Error::Setting`] where the learning rate is not a
    /// finite number above 0. Nothing moves then.
    pub fn descend_numerically(&mut self, data: &Dataset, learning_rate: f64, step: f64) -> Result<f64, Error> {
        let learning_rate = checked_learning_rate(learning_rate)?;
        let Slope { loss, gradients, taken } = self.numerical_slope(data, step)?;
        let mut parameters = self.parameters()?;
        for ((_, value), (_, gradient)) in parameters.iter_mut().zip(gradients) {
            let mut moved = value.to_f64();
            moved.iter_mut().zip(gradient.to_f64()).for_each(|(x, slope)| *x -= learning_rate * slope);
            let moved = shaped_like(value, moved)?;
            *value = if self.precision() == Precision::F32 { moved.to_f32_tensor() } else { moved };
        }
        self.set_parameters(&parameters)?;
        if let Some(taken) = taken {
            self.session.set(STEPS, Tensor::scalar(taken + 1.0));
        }
        Ok(loss)
    }

    fn numerical_slope(&self, data: &Dataset, step: f64) -> Result<Slope, Error> {
        let step = checked_step(step)?;
        let data = &*self.as_read(data)?;
        let loss = DataLoss::new(self, data)?;
        let base = interpret::<f64>(&loss.graph, &loss.graph.named_feeds(&loss.feeds(data))?)?;
        let leaves = loss.parameters.iter().map(|(name, _)| loss.graph.find(name)).collect::<Result<Vec<_>, _>>()?;
        let moved = differences(&base, &leaves, step, self.threads())?;
        let gradient = |((name, value), differences): (&(String, Tensor), Vec<Difference>)| {
            let slopes = differences.iter().map(|moved| quotient(moved.plus, moved.minus, step)).collect();
            Ok((name.clone(), shaped_like(value, slopes)?))
        };
        let gradients = loss.parameters.iter().zip(moved).map(gradient).collect::<Result<_, Error>>()?;
        let taken = loss.variables.iter().find(|(name, _)| name == STEPS).and_then(|(_, taken)| taken.item());
        Ok(Slope { loss: base.numbers(loss.graph.outputs()[0])[0], gradients, taken })
    }
}

/// A loss and its gradient.
struct Slope {
    loss: f64,
    gradients: Vec<(String, Tensor)>,
    /// How many steps were taken, where layers draw by that.
    taken: Option<f64>,
}

/// A thread more is for as many numbers: it costs some tens of microseconds, a number of a network one or more.
const NUMBERS_A_THREAD: usize = 64;

/// For each leaf, what the first output is with each of its numbers a step up and a step down, by up to so many threads,
/// compiled for this processor. The threads are of their own.
pub(crate) fn differences(
    base: &Values<'_, f64>,
    leaves: &[NodeId],
    step: f64,
    threads: usize,
) -> Result<Vec<Vec<Difference>>, limpid_graph::Error> {
    let perturbations: Vec<_> = leaves.iter().map(|&leaf| Perturbation::new(base, leaf)).collect();
    let leaves_in_columns: Vec<Columns<'_, '_, '_>> =
        perturbations.iter().map(|perturbation| perturbation.columns(step)).collect();
    let numbers: usize = leaves.iter().map(|&leaf| base.shape(leaf).iter().product::<usize>()).sum();
    let threads = threads.clamp(1, numbers / NUMBERS_A_THREAD + 1);
    // Each thread has a range of every leaf's columns.
    let answer = |thread: usize| {
        let answer = |columns| at_level(Level::of_this_machine(), Share { columns, thread, threads });
        leaves_in_columns.iter().map(answer).collect::<Result<Vec<_>, _>>()
    };
    let answer = &answer;
    let shares: Vec<Vec<Vec<Difference>>> = std::thread::scope(|scope| {
        // Where the system gives no thread, this one does its share.
        let start = |thread| Builder::new().spawn_scoped(scope, move || answer(thread)).map_err(|_| thread);
        let others: Vec<_> = (1..threads).map(start).collect();
        let first = answer(0);
        let others = others.into_iter().map(|started| match started {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(thread) => answer(thread),
        });
        std::iter::once(first).chain(others).collect::<Result<_, _>>()
    })?;
    let mut shares: Vec<_> = shares.into_iter().map(Vec::into_iter).collect();
    Ok(leaves_in_columns.iter().map(|columns| columns.joined(shares.iter_mut().filter_map(Iterator::next))).collect())
}

/// One thread's share of a leaf.
struct Share<'w, 'p, 'v, 'g> {
    columns: &'w Columns<'p, 'v, 'g>,
    thread: usize,
    threads: usize,
}

impl Work for Share<'_, '_, '_, '_> {
    type Output = Result<Vec<Difference>, limpid_graph::Error>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let start = |thread: usize| self.columns.count() * thread / self.threads;
        self.columns.differences(start(self.thread)..start(self.thread + 1))
    }
}

#[cfg(test)]
mod tests {
    use limpid_engine::kernels::Level;
    use limpid_graph::{Builder, Tensor, interpret};

    use super::*;

    struct All<'w, 'p, 'v, 'g>(&'w Columns<'p, 'v, 'g>);

    impl Work for All<'_, '_, '_, '_> {
        type Output = Result<Vec<Difference>, limpid_graph::Error>;

        #[inline(always)]
        fn run(self) -> Self::Output {
            self.0.differences(0..self.0.count())
        }
    }

    #[test]
    fn neither_threads_nor_the_processor_change_a_bit() {
        let number = |i: usize| ((i * 37 + 11) % 23) as f64 / 7.0 - 1.5;
        let feed =
            |shape: [usize; 2]| Tensor::new(shape, (0..shape[0] * shape[1]).map(number).collect::<Vec<_>>()).unwrap();
        let b = Builder::new();
        let (x, v, w) = (b.input("x", (9, 30)), b.parameter("v", (30, 7)), b.parameter("w", (7, 5)));
        let scores = (x.matmul(v).sigmoid().matmul(w) * 40.0).relu();
        let graph = b.finish([(scores.log_softmax(-1) * scores).mean_all()]).unwrap();
        let feeds = [(x.id(), feed([9, 30])), (v.id(), feed([30, 7])), (w.id(), feed([7, 5]))];
        let fed: Vec<(NodeId, &Tensor)> = feeds.iter().map(|(id, value)| (*id, value)).collect();
        let base = interpret::<f64>(&graph, &fed).unwrap();
        let leaves = [v.id(), w.id()];
        let alone: Vec<_> =
            leaves.iter().map(|&leaf| Perturbation::new(&base, leaf).differences(0.25).unwrap()).collect();
        for threads in [1, 2, 3, 8, 100] {
            assert_eq!(differences(&base, &leaves, 0.25, threads).unwrap(), alone, "{threads} threads");
        }
        for &level in Level::ALL {
            for (&leaf, alone) in leaves.iter().zip(&alone) {
                let perturbation = Perturbation::new(&base, leaf);
                assert_eq!(&at_level(level, All(&perturbation.columns(0.25))).unwrap(), alone, "{level}");
            }
        }
    }
}

//! The gradient of a model's loss by trying, and learning from it: back-propagation's result without its rule.

use std::ops::Range;
use std::panic::resume_unwind;

use limpid_engine::Precision;
use limpid_engine::kernels::{Level, Work, at_level};
use limpid_graph::{Around, Graph, NodeId, Perturbation, Tensor, Values, Walk, interpret};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::model::Model;
use crate::numeric::{checked_learning_rate, checked_step, quotient, shaped_like};
use crate::step::{self, INPUTS, ROWS, TARGETS};

/// The loss of all of a data set as a graph, with what it is fed beside the data.
pub(crate) struct DataLoss {
    pub(crate) graph: Graph,
    pub(crate) parameters: Vec<(String, Tensor)>,
    rows: Tensor,
}

impl DataLoss {
    pub(crate) fn new(model: &Model, data: &Dataset) -> Result<Self, Error> {
        Ok(Self {
            graph: step::batch_loss(model.network(), data, model.loss())?,
            parameters: model.parameters()?,
            rows: Tensor::from((0..data.len()).map(|row| row as f64).collect::<Vec<_>>()),
        })
    }

    pub(crate) fn feeds<'f>(&'f self, data: &'f Dataset) -> Vec<(&'f str, &'f Tensor)> {
        let fed = [(INPUTS, data.inputs()), (TARGETS, data.targets()), (ROWS, &self.rows)];
        fed.into_iter().chain(self.parameters.iter().map(|(name, value)| (name.as_str(), value))).collect()
    }
}

impl Model {
    /// The gradient of this model's loss over all of `data` by central differences: for each number of each parameter,
    /// (loss with the number + `step` − loss with the number − `step`) / 2·`step`, in `f64`. By parameter, in the order
    /// of the layers.
    ///
    /// [`numeric::H`](crate::numeric::H) is a good step. The two losses are those of whole evaluations, to the bit, but
    /// only what the number reaches is evaluated again: the gradient of 784-50-10 units over 100 digits, which takes
    /// 79,520 losses, is there in a fraction of a second.
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
        self.numerical_slope(data, step).map(|(_, gradients)| gradients)
    }

    /// One step of gradient descent by [numerical gradients](Model::numerical_gradients): each parameter moves against
    /// its own by `learning_rate` times as much. Answers the loss over `data` before.
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
        let (loss, gradients) = self.numerical_slope(data, step)?;
        let mut parameters = self.parameters()?;
        for ((_, value), (_, gradient)) in parameters.iter_mut().zip(gradients) {
            let mut moved = value.to_f64();
            moved.iter_mut().zip(gradient.to_f64()).for_each(|(x, slope)| *x -= learning_rate * slope);
            let moved = shaped_like(value, moved)?;
            *value = if self.precision() == Precision::F32 { moved.to_f32_tensor() } else { moved };
        }
        self.set_parameters(&parameters)?;
        Ok(loss)
    }

    /// The loss, and its gradient.
    fn numerical_slope(&self, data: &Dataset, step: f64) -> Result<(f64, Vec<(String, Tensor)>), Error> {
        let step = checked_step(step)?;
        let loss = DataLoss::new(self, data)?;
        let base = interpret::<f64>(&loss.graph, &loss.graph.named_feeds(&loss.feeds(data))?)?;
        let gradient = |(name, value): &(String, Tensor)| {
            let around = around(&base, loss.graph.find(name)?, step, self.session.threads())?;
            let slopes = around.iter().map(|moved| quotient(moved.ahead, moved.behind, step)).collect();
            Ok((name.clone(), shaped_like(value, slopes)?))
        };
        let gradients = loss.parameters.iter().map(gradient).collect::<Result<_, Error>>()?;
        Ok((base.numbers(loss.graph.outputs()[0])[0], gradients))
    }
}

/// What the first output is with each number of a leaf a step up and a step down, by as many threads, compiled for this
/// processor.
pub(crate) fn around(
    base: &Values<'_, f64>,
    leaf: NodeId,
    step: f64,
    threads: usize,
) -> Result<Vec<Around>, limpid_graph::Error> {
    let perturbation = Perturbation::new(base, leaf);
    let walk = perturbation.walk(step);
    let columns = walk.columns();
    let threads = threads.clamp(1, columns.max(1));
    let answer = |part: usize| {
        let columns = columns * part / threads..columns * (part + 1) / threads;
        at_level(Level::of_this_machine(), Columns(&walk, columns))
    };
    let parts = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|part| {
                scope.spawn({
                    let answer = &answer;
                    move || answer(part)
                })
            })
            .collect();
        let first = answer(0);
        let others = others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        std::iter::once(first).chain(others).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(walk.joined(parts))
}

/// Some columns of a walk.
struct Columns<'w, 'p, 'v, 'g>(&'w Walk<'p, 'v, 'g>, Range<usize>);

impl Work for Columns<'_, '_, '_, '_> {
    type Output = Result<Vec<Around>, limpid_graph::Error>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        self.0.around(self.1)
    }
}

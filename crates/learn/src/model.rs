//! A model: a network, its parameters, and the session that they live in.

use limpid_engine::{Precision, Program, Session};
use limpid_graph::Tensor;
use serde::Serialize;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::layer::Mode;
use crate::loss::Loss;
use crate::network::Network;
use crate::step::{self, INPUTS, ROWS, TARGETS};

/// A network with parameters, which can be trained, evaluated and asked.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Affine, Model, Network, Sigmoid};
///
/// let network = Network::new(2, (Affine::new(2, 3), Sigmoid, Affine::new(3, 2)));
/// let mut model = Model::new(&network, 1)?;
/// let one = model.predict(&Tensor::from([1.0, 0.5]))?;
/// let batch = model.predict(&Tensor::from([[1.0, 0.5], [0.0, 0.0]]))?;
/// assert_eq!((one.shape(), batch.shape()), (&[2][..], &[2, 2][..]));
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Debug)]
pub struct Model {
    network: Network,
    loss: Loss,
    pub(crate) session: Session,
    inference: Program,
}

/// How a model does on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// How many samples it was tried on.
    pub samples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The share of right answers, for losses of classification.
    pub accuracy: Option<f64>,
}

/// How many samples are evaluated at a time. Large enough for matrix products, small enough for caches.
pub(crate) const EVALUATION_BATCH: usize = 1000;

impl Model {
    /// A model in `f32` whose parameters are drawn by `seed`.
    ///
    /// # Errors
    /// Every mistake in the network.
    pub fn new(network: &Network, seed: u64) -> Result<Self, Error> {
        Self::in_precision(network, seed, Precision::F32)
    }

    /// A model in this precision.
    ///
    /// # Errors
    /// Every mistake in the network.
    pub fn in_precision(network: &Network, seed: u64, precision: Precision) -> Result<Self, Error> {
        let mut session = Session::new(precision);
        for declared in network.parameters()? {
            session.set(&declared.name, declared.initializer.draw(&declared.shape, seed, &declared.name));
        }
        let inference = session.load(network.graph(Mode::Inference)?.simplified()?);
        Ok(Self { network: network.clone(), loss: Loss::default(), session, inference })
    }

    /// The same model, trained and evaluated by another loss than softmax cross-entropy.
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The loss.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The number type that it computes in.
    pub fn precision(&self) -> Precision {
        self.session.precision()
    }

    /// The parameters by name, in the order of the layers.
    ///
    /// # Errors
    /// Does not fail for a model that was made.
    pub fn parameters(&self) -> Result<Vec<(String, Tensor)>, Error> {
        let named = |name: String| Ok((name.clone(), self.session.get(&name)?.clone()));
        self.network.parameter_names()?.into_iter().map(named).collect()
    }

    /// Puts parameters in place: all of the network's, and no others.
    ///
    /// # Errors
    /// [`Error::Parameters`] where one is missing, of another shape, or not the network's. Nothing is changed then.
    pub fn set_parameters(&mut self, parameters: &[(String, Tensor)]) -> Result<(), Error> {
        self.network.check_parameters(parameters)?;
        parameters.iter().for_each(|(name, value)| self.session.set(name, value.clone()));
        Ok(())
    }

    /// The network's output for one sample, or for a batch of them along the first axis. For a classification these
    /// are scores: the class is where the largest stands.
    ///
    /// # Errors
    /// Where the input is not of the network's shape.
    pub fn predict(&mut self, x: &Tensor) -> Result<Tensor, Error> {
        let sample: usize = self.network.input().iter().product();
        let is_one = x.shape() == self.network.input() || x.shape() == [sample];
        let batch = match (is_one, x.rank() > 0 && x.shape()[1..].iter().product::<usize>() == sample) {
            (true, _) => 1,
            (false, true) => x.shape()[0],
            (false, false) => {
                return Err(Error::Data(format!(
                    "an input of shape {:?} is neither one sample of shape {:?} nor a batch of them",
                    x.shape(),
                    self.network.input()
                )));
            }
        };
        let shape: Vec<usize> = std::iter::once(batch).chain(self.network.input().iter().copied()).collect();
        let x = x.clone().reshaped(shape).map_err(|error| Error::Data(error.to_string()))?;
        let output = self.session.run(self.inference, &[("x", &x)])?.swap_remove(0);
        if !is_one {
            return Ok(output);
        }
        let shape = output.shape()[1..].to_vec();
        output.reshaped(shape).map_err(|error| Error::Data(error.to_string()))
    }

    /// The mean loss and the accuracy over a data set.
    ///
    /// # Errors
    /// Where the data does not fit the network or the loss.
    pub fn evaluate(&mut self, data: &Dataset) -> Result<Evaluation, Error> {
        let program = self.session.load(step::evaluation(&self.network, data, self.loss)?);
        self.evaluate_by(program, data, EVALUATION_BATCH)
    }

    /// As [`evaluate`](Model::evaluate), over a program that is loaded already.
    pub(crate) fn evaluate_by(&mut self, program: Program, data: &Dataset, batch: usize) -> Result<Evaluation, Error> {
        let data = data.stored_for(self.precision());
        let (mut loss, mut right) = (0.0, None);
        for start in (0..data.len()).step_by(batch) {
            let rows = Tensor::from((start..data.len().min(start + batch)).map(|row| row as f64).collect::<Vec<_>>());
            let feeds = [(INPUTS, data.inputs()), (TARGETS, data.targets()), (ROWS, &rows)];
            let answers = self.session.run(program, &feeds)?;
            let weighted = |answer: &Tensor| answer.item().unwrap_or(f64::NAN) * rows.len() as f64;
            loss += weighted(&answers[0]);
            if let Some(accuracy) = answers.get(1) {
                // A count is whole; its share of a batch may have been rounded.
                *right.get_or_insert(0.0) += weighted(accuracy).round();
            }
        }
        let samples = data.len();
        let share = |total: f64| total / samples as f64;
        Ok(Evaluation { samples, loss: share(loss), accuracy: right.map(share) })
    }
}

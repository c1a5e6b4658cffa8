//! A model: a network, its parameters, and the session that they live in.

use limpid_engine::{Precision, Program, Session};
use limpid_graph::Tensor;
use serde::Serialize;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::layer::{Declared, Mode};
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
    /// The evaluation of each form of data that came by: described once, however often it is asked for.
    evaluations: Vec<(Form, Program)>,
}

/// All that an evaluation's graph depends on beside the network: the samples' shape, the targets' shape, the divisor's
/// bits and the loss.
type Form = (Vec<usize>, Vec<usize>, Option<u64>, Loss);

/// More parameters than this are taken for a slip of the finger, and are no matter for a machine's memory to find out.
const MOST_PARAMETERS: usize = 1 << 28;

/// How a model does on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// How many samples it was tried on.
    pub samples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The share of right answers, for losses of classification.
    pub accuracy: Option<f64>,
    /// How many answers are right, for losses of classification.
    pub right: Option<usize>,
}

/// How many samples are evaluated at a time, where nothing else is said. Large enough for matrix products, small enough
/// for caches.
pub const EVALUATION_BATCH: usize = 1000;

/// No more samples are evaluated at a time: the share of right answers is a 32-bit float, from which the count of so many
/// comes back whole.
const MOST_AT_ONCE: usize = 1 << 20;

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
    /// Every mistake in the network, and [`Error::Parameters`] where it has more parameters than 2²⁸.
    pub fn in_precision(network: &Network, seed: u64, precision: Precision) -> Result<Self, Error> {
        let mut session = Session::new(precision);
        for declared in checked(network)? {
            session.set(&declared.name, declared.initializer.draw(&declared.shape, seed, &declared.name));
        }
        let inference = session.load(network.graph(Mode::Inference)?.simplified()?);
        Ok(Self { network: network.clone(), loss: Loss::default(), session, inference, evaluations: Vec::new() })
    }

    /// The same model, trained and evaluated by another loss than softmax cross-entropy.
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same model, computing with so many threads instead of all that this process may use
    /// ([`available_threads`](limpid_engine::available_threads)). How many there are changes no bit of any result.
    ///
    /// ```
    /// use limpid_learn::{Model, Network};
    ///
    /// let network: Network = "2, affine 3".parse()?;
    /// assert_eq!(Model::new(&network, 1)?.with_threads(2).threads(), 2);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    pub fn with_threads(self, threads: usize) -> Self {
        Self { session: self.session.with_threads(threads), ..self }
    }

    /// How many threads it computes with.
    pub fn threads(&self) -> usize {
        self.session.threads()
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
    /// [`Error::Parameters`] where one is missing, of another shape, there twice, or not the network's. Nothing is changed
    /// then.
    pub fn set_parameters(&mut self, parameters: &[(String, Tensor)]) -> Result<(), Error> {
        self.network.check_parameters(parameters)?;
        for (name, value) in parameters {
            // Bytes would stay bytes: right for data, but parameters are real numbers.
            let value = if value.as_slice::<u8>().is_some() { value.to_f32_tensor() } else { value.clone() };
            self.session.set(name, value);
        }
        Ok(())
    }

    /// The network's output for one sample, or for a batch of them along the first axis. For a classification these
    /// are scores: the class is where the largest stands.
    ///
    /// # Errors
    /// Where the input is not of the network's shape.
    pub fn predict(&mut self, x: &Tensor) -> Result<Tensor, Error> {
        let (x, is_one) = self.as_batch(x)?;
        let output = self.session.run(self.inference, &[("x", &x)])?.swap_remove(0);
        if !is_one {
            return Ok(output);
        }
        let shape = output.shape()[1..].to_vec();
        reshaped(output, shape)
    }

    /// `x` as a batch of the network's samples, and whether it was a single one.
    fn as_batch(&self, x: &Tensor) -> Result<(Tensor, bool), Error> {
        let input = self.network.input();
        let sample: usize = input.iter().product();
        let is_one = x.shape() == input || x.shape() == [sample];
        let batch = match (is_one, x.shape().split_first()) {
            (true, _) => 1,
            (false, Some((&batch, rest))) if rest.iter().product::<usize>() == sample => batch,
            _ => {
                return Err(Error::Data(format!(
                    "an input of shape {:?} is neither one sample of shape {input:?} nor a batch of them",
                    x.shape(),
                )));
            }
        };
        let shape: Vec<usize> = std::iter::once(batch).chain(input.iter().copied()).collect();
        Ok((reshaped(x.clone(), shape)?, is_one))
    }

    /// The mean loss and the accuracy over inputs as [`predict`](Model::predict) takes them and their targets: one
    /// sample and its target, or a batch of both. Targets are as the loss wants them: class labels or one-hot rows for
    /// a classification.
    ///
    /// # Errors
    /// Where the inputs do not fit the network, or the targets do not fit the inputs.
    #[track_caller]
    pub fn score(&mut self, x: &Tensor, targets: &Tensor) -> Result<Evaluation, Error> {
        let (x, is_one) = self.as_batch(x)?;
        let targets = match is_one {
            true => reshaped(targets.clone(), [&[1], targets.shape()].concat())?,
            false => targets.clone(),
        };
        self.evaluate(&Dataset::new(x, targets)?)
    }

    /// The mean loss and the accuracy over a data set.
    ///
    /// # Errors
    /// Where the data does not fit the network or the loss.
    #[track_caller]
    pub fn evaluate(&mut self, data: &Dataset) -> Result<Evaluation, Error> {
        self.evaluate_watched(data, EVALUATION_BATCH, |_| ())
    }

    /// The mean loss and the accuracy over a data set, `batch_size` samples at a time; after each batch, `watch` is
    /// shown what they are so far. How many samples go together changes neither which answers are right nor more of the
    /// loss than its last digits.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Model, Network};
    ///
    /// let network: Network = "2, affine 2".parse()?;
    /// let mut model = Model::new(&network, 1)?;
    /// let data = Dataset::new(Tensor::from([[1.0, 0.0], [0.0, 1.0], [2.0, 0.5]]), Tensor::from([0u8, 1, 0]))?;
    /// let mut seen = Vec::new();
    /// let all = model.evaluate_watched(&data, 2, |so_far| seen.push(so_far.samples))?;
    /// assert_eq!((seen, all.right), (vec![2, 3], model.evaluate(&data)?.right));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate), and [`Error::Setting`] for batches of no samples.
    #[track_caller]
    pub fn evaluate_watched(
        &mut self,
        data: &Dataset,
        batch_size: usize,
        mut watch: impl FnMut(&Evaluation),
    ) -> Result<Evaluation, Error> {
        if batch_size == 0 {
            let (found, fits) = ("0".to_string(), "1 or more fits".to_string());
            return Err(Error::Setting { name: "batch_size", found, fits });
        }
        let batch_size = batch_size.min(MOST_AT_ONCE);
        let program = self.evaluation_of(data)?;
        let data = data.stored_for(self.precision());
        let (mut loss, mut right) = (0.0, None);
        let mut so_far = Evaluation { samples: 0, loss: f64::NAN, accuracy: None, right: None };
        for start in (0..data.len()).step_by(batch_size) {
            let end = data.len().min(start.saturating_add(batch_size));
            let rows = Tensor::from((start..end).map(|row| row as f64).collect::<Vec<_>>());
            let feeds = [(INPUTS, data.inputs()), (TARGETS, data.targets()), (ROWS, &rows)];
            let answers = self.session.step(program, &feeds)?;
            let weighted = |answer: usize| answers.item(answer).unwrap_or(f64::NAN) * rows.len() as f64;
            loss += weighted(0);
            if answers.len() > 1 {
                // A count is whole; its share of a batch may have been rounded.
                *right.get_or_insert(0.0) += weighted(1).round();
            }
            let share = |total: f64| total / end as f64;
            let (accuracy, right) = (right.map(share), right.map(|right| right as usize));
            so_far = Evaluation { samples: end, loss: share(loss), accuracy, right };
            watch(&so_far);
        }
        Ok(so_far)
    }

    /// The program that evaluates data of this form.
    #[track_caller]
    pub(crate) fn evaluation_of(&mut self, data: &Dataset) -> Result<Program, Error> {
        let sample = |tensor: &Tensor| tensor.shape().iter().skip(1).copied().collect();
        let form = (sample(data.inputs()), sample(data.targets()), data.divisor().map(f64::to_bits), self.loss);
        if let Some((_, program)) = self.evaluations.iter().find(|(known, _)| *known == form) {
            return Ok(*program);
        }
        let program = self.session.load(step::evaluation(&self.network, data, self.loss)?);
        self.evaluations.push((form, program));
        Ok(program)
    }
}

/// The parameters of a network that fits a machine, before any of them is drawn.
fn checked(network: &Network) -> Result<Vec<Declared>, Error> {
    let product = |extents: &[usize]| extents.iter().try_fold(1usize, |count, &extent| count.checked_mul(extent));
    if product(network.input()).is_none() {
        return Err(Error::Data(format!("samples of shape {:?} hold more than memory can address", network.input())));
    }
    let declared = network.parameters()?;
    let count = declared.iter().try_fold(0usize, |count, d| count.checked_add(product(&d.shape)?));
    if count.is_none_or(|count| count > MOST_PARAMETERS) {
        let count = count.map_or("more than memory can address".to_string(), |count| count.to_string());
        return Err(Error::Parameters(format!("the network has {count} parameters; up to {MOST_PARAMETERS} fit")));
    }
    Ok(declared)
}

fn reshaped(tensor: Tensor, shape: Vec<usize>) -> Result<Tensor, Error> {
    tensor.reshaped(shape).map_err(|error| Error::Data(error.to_string()))
}

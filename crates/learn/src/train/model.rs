//! A model: a network, its parameters, and the session that they live in.

use std::borrow::Cow;

use limpid_engine::{Precision, Session};
use limpid_graph::{Tensor, memory};

use crate::data::dataset::Dataset;
use crate::describe::context::Mode;
use crate::describe::loss::Loss;
use crate::describe::network::Network;
use crate::describe::variable::Variable;
use crate::error::Error;
use crate::train::batch_program::BatchProgram;
use crate::train::inference::Inference;
use crate::train::prepared::PreparedStep;
use crate::train::step::{self, SampleShape};
use crate::train::trained::Trained;

/// A network with parameters, which can be trained, evaluated and used for predictions.
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
///
/// A model keeps what the bytes of its samples are divided by ([`divisor`](Model::divisor)), and what its optimiser
/// knows: a second [`fit`](Model::fit) goes on where the first one ended. A clone has everything that the model has,
/// and goes its own way from there; for many threads that ask one model, see [`predictor`](Model::predictor).
#[derive(Clone, Debug)]
pub struct Model {
    network: Network,
    loss: Loss,
    divisor: Option<f64>,
    /// How many numbers the network answers of a sample along the last axis.
    outputs: Option<usize>,
    pub(crate) session: Session,
    inference: Inference,
    /// The evaluation of each shape of data that came by: described once, however often it is asked for.
    evaluations: Vec<(SampleShape, BatchProgram)>,
    /// The training that a next one goes on from.
    pub(crate) trained: Option<Trained>,
    /// The step of the next training, where it was described ahead.
    pub(crate) prepared: Option<PreparedStep>,
}

/// More parameters than this are taken for a slip of the finger, and are no matter for a machine's memory to find out.
const MOST_PARAMETERS: usize = 1 << 28;

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
        let declared = checked(network)?;
        let counts = declared.iter().map(|declared| declared.shape.iter().product());
        memory::check("the network's parameters", step::kept_bytes(counts, precision.bytes()))?;
        for declared in declared {
            session.set(&declared.name, declared.initial_value(seed));
        }
        let graph = network.graph(Mode::Inference)?;
        let outputs = graph.outputs().first().and_then(|&id| graph.node(id).shape.dims().last()?.as_known());
        let inference = Inference::new(network, &mut session)?;
        Ok(Self {
            network: network.clone(),
            loss: Loss::default(),
            divisor: None,
            outputs,
            session,
            inference,
            evaluations: Vec::new(),
            trained: None,
            prepared: None,
        })
    }

    /// The same model, trained and evaluated by another loss than softmax cross-entropy.
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, evaluations: Vec::new(), trained: None, ..self }
    }

    /// The same model, told what the bytes of its samples are divided by: 255 for pixels that run from 0 to 1, 1 for
    /// bytes that are taken as they are, None where it is not known. [`fit`](Model::fit) learns it, and a model file has
    /// it; this is for parameters that come from elsewhere.
    pub fn with_divisor(self, divisor: Option<f64>) -> Self {
        Self { divisor, ..self }
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

    /// The same model, whose next training takes this step instead of describing it, where the network, the loss, the data
    /// and the options are those that it was prepared for. A training of any other kind describes its own.
    pub fn with_step(self, step: PreparedStep) -> Self {
        Self { prepared: Some(step), ..self }
    }

    /// Number of threads that it uses.
    pub fn threads(&self) -> usize {
        self.session.threads()
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The loss.
    pub fn loss(&self) -> Loss {
        self.loss.clone()
    }

    /// What the bytes of a sample are divided by before the network is given them: what the data was divided by that the
    /// model first learned from, 1 where that was bytes as they are; None where it is not known.
    ///
    /// [`fit`](Model::fit), [`evaluate`](Model::evaluate), [`score`](Model::score) and [`predict`](Model::predict) divide
    /// bytes (`u8`) that come without a divisor of their own. Floats are taken as they are: they are already scaled. A
    /// data set that says another divisor is refused.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, FitOptions, Model, Network};
    ///
    /// let pixels = Tensor::new([2, 2], vec![0u8, 255, 255, 51])?;
    /// let data = Dataset::new(pixels.clone(), Tensor::from([0u8, 1]))?.divided_by(255.0);
    /// let network: Network = "2, affine 2".parse()?;
    /// let mut model = Model::new(&network, 1)?;
    /// model.fit(&data, &FitOptions { epochs: 1, ..FitOptions::default() })?;
    /// assert_eq!(model.divisor(), Some(255.0));
    /// let scaled = Tensor::new([2, 2], vec![0f32, 1.0, 1.0, 0.2])?;
    /// assert_eq!(model.predict(&pixels)?, model.predict(&scaled)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn divisor(&self) -> Option<f64> {
        self.divisor
    }

    /// What data is divided by when this model reads it: nothing where the answer is None.
    ///
    /// # Errors
    /// [`Error::Data`] where the data is divided by something else than what the model learned from.
    pub(crate) fn division(&self, data: &Dataset) -> Result<Option<f64>, Error> {
        let is_bytes = data.inputs().as_slice::<u8>().is_some();
        let divisor = match (data.divisor(), self.divisor) {
            (Some(own), Some(learned)) if own != learned => {
                let of = |divisor: f64| match divisor {
                    1.0 => "not divided".to_string(),
                    _ => format!("divided by {divisor}"),
                };
                return Err(Error::Data(format!(
                    "the samples are {}, but those that the model learned from were {}; prepare them alike, or change \
                     that with `Model::with_divisor`",
                    of(own),
                    of(learned)
                )));
            }
            (None, learned) if is_bytes => learned,
            (own, _) => own,
        };
        Ok(divisor.filter(|&divisor| divisor != 1.0))
    }

    /// The data with what this model divides it by.
    pub(crate) fn as_read<'d>(&self, data: &'d Dataset) -> Result<Cow<'d, Dataset>, Error> {
        Ok(match self.division(data)? {
            Some(divisor) if data.divisor() != Some(divisor) => Cow::Owned(data.clone().divided_by(divisor)),
            _ => Cow::Borrowed(data),
        })
    }

    /// Learns what bytes are divided by from the data that is first trained on.
    pub(crate) fn learn_divisor(&mut self, data: &Dataset) {
        let of_bytes = data.inputs().as_slice::<u8>().map(|_| 1.0);
        self.divisor = self.divisor.or(data.divisor()).or(of_bytes);
    }

    pub(crate) fn set_divisor(&mut self, divisor: Option<f64>) {
        self.divisor = divisor;
    }

    /// How many classes labels may name, where targets are labels. A loss of the user's own gives labels its own
    /// meaning.
    pub(crate) fn classes(&self) -> Option<usize> {
        self.outputs.filter(|_| self.loss == Loss::SoftmaxCrossEntropy)
    }

    /// The number type that it computes in.
    pub fn precision(&self) -> Precision {
        self.session.precision()
    }

    /// The parameters by name, in the order of the layers.
    ///
    /// # Errors
    /// None for a model that was built by [`new`](Model::new).
    pub fn parameters(&self) -> Result<Vec<(String, Tensor)>, Error> {
        self.values(&self.network.parameters()?)
    }

    /// Everything that the model keeps and a file of it holds, by name, in the order of the layers: the parameters and
    /// the layers' running statistics.
    ///
    /// # Errors
    /// None for a model that was built by [`new`](Model::new).
    pub fn variables(&self) -> Result<Vec<(String, Tensor)>, Error> {
        self.values(&self.network.variables()?)
    }

    fn values(&self, of: &[Variable]) -> Result<Vec<(String, Tensor)>, Error> {
        of.iter().map(|variable| Ok((variable.name.clone(), self.session.get(&variable.name)?.clone()))).collect()
    }

    /// Puts parameters in place: all of the network's, and no others.
    ///
    /// # Errors
    /// [`Error::Parameters`] where one is missing, of another shape, there twice, or not the network's. Nothing is changed
    /// then.
    pub fn set_parameters(&mut self, parameters: &[(String, Tensor)]) -> Result<(), Error> {
        self.network.check_parameters(parameters)?;
        self.put(parameters);
        Ok(())
    }

    /// Puts parameters and running statistics in place: all of the network's, and no others.
    ///
    /// # Errors
    /// As [`set_parameters`](Model::set_parameters).
    pub fn set_variables(&mut self, variables: &[(String, Tensor)]) -> Result<(), Error> {
        self.network.check_variables(variables)?;
        self.put(variables);
        Ok(())
    }

    fn put(&mut self, values: &[(String, Tensor)]) {
        for (name, value) in values {
            // Bytes would stay bytes: right for data, but variables are real numbers.
            let value = if value.as_slice::<u8>().is_some() { value.to_f32_tensor() } else { value.clone() };
            self.average_from(name, &value);
            self.session.set(name, value);
        }
    }

    /// The first `count` layers as a model of their own, with the same values: it predicts what these layers answer. Its
    /// loss is the usual one.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Model, Network};
    ///
    /// let network: Network = "1x6x6, conv 3 3x3, relu, max-pool 2, affine 2".parse()?;
    /// let maps = Model::new(&network, 1)?.first_layers(2)?.predict(&Tensor::zeros([1, 6, 6]))?;
    /// assert_eq!(maps.shape(), [3, 4, 4]);
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// None for a model that was built by [`new`](Model::new).
    pub fn first_layers(&self, count: usize) -> Result<Self, Error> {
        let network = self.network.first_layers(count);
        let mut first = Self::in_precision(&network, 0, self.precision())?.with_divisor(self.divisor);
        first.set_variables(&self.values(&network.variables()?)?)?;
        Ok(first.with_threads(self.threads()))
    }

    /// The network's output for one sample, or for a batch of them along the first axis. For a classification these
    /// are scores: the class is the position of the largest. Bytes are divided by the model's
    /// [`divisor`](Model::divisor); floats are taken as they are.
    ///
    /// # Errors
    /// Where the input is not of the network's shape.
    pub fn predict(&mut self, x: &Tensor) -> Result<Tensor, Error> {
        self.inference.predict(&mut self.session, self.divisor, x)
    }

    /// The program that evaluates data of this shape.
    #[track_caller]
    pub(crate) fn evaluation_of(&mut self, shape: &SampleShape) -> Result<BatchProgram, Error> {
        if let Some((_, program)) = self.evaluations.iter().find(|(known, _)| known == shape) {
            return Ok(program.clone());
        }
        let graph = step::evaluation(&self.network, shape, &self.loss)?;
        let program = BatchProgram::load(&mut self.session, graph);
        self.evaluations.push((shape.clone(), program.clone()));
        Ok(program)
    }
}

/// The parameters of a network that fits a machine, before any of them is drawn.
fn checked(network: &Network) -> Result<Vec<Variable>, Error> {
    let product = |extents: &[usize]| extents.iter().try_fold(1usize, |count, &extent| count.checked_mul(extent));
    if product(network.input()).is_none() {
        return Err(Error::Data(format!("samples of shape {:?} hold more than memory can address", network.input())));
    }
    let declared = network.variables()?;
    let count = declared.iter().try_fold(0usize, |count, d| count.checked_add(product(&d.shape)?));
    if count.is_none_or(|count| count > MOST_PARAMETERS) {
        let count = count.map_or("more than memory can address".to_string(), |count| count.to_string());
        return Err(Error::Parameters(format!("the network has {count} parameters; use at most {MOST_PARAMETERS}")));
    }
    Ok(declared)
}

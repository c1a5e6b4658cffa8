//! Asking a network: one sample or a batch → its outputs; by a model, or by many threads at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use limpid_engine::{Program, Session};
use limpid_graph::Tensor;

use crate::error::Error;
use crate::layer::Mode;
use crate::loss::Loss;
use crate::model::Model;
use crate::network::Network;
use crate::step;

/// The graphs by which a session answers for a network.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    network: Network,
    plain: Program,
    /// For bytes, by the bits of what they are divided by.
    divided: Option<(u64, Program)>,
}

impl Inference {
    pub(crate) fn new(network: &Network, session: &mut Session) -> Result<Self, Error> {
        let plain = session.load(network.graph(Mode::Inference)?.simplified()?);
        Ok(Self { network: network.clone(), plain, divided: None })
    }

    /// The network's output for one sample or for a batch of them; bytes are divided.
    pub(crate) fn predict(&mut self, session: &mut Session, divisor: Option<f64>, x: &Tensor) -> Result<Tensor, Error> {
        let (x, is_one) = as_batch(&self.network, x)?;
        let program = match divisor.filter(|&divisor| divisor != 1.0 && x.as_slice::<u8>().is_some()) {
            Some(divisor) => self.divided_by(session, divisor)?,
            None => self.plain,
        };
        let output = session.run(program, &[("x", &x)])?.swap_remove(0);
        if !is_one {
            return Ok(output);
        }
        let shape = output.shape()[1..].to_vec();
        reshaped(output, shape)
    }

    fn divided_by(&mut self, session: &mut Session, divisor: f64) -> Result<Program, Error> {
        if let Some((_, program)) = self.divided.filter(|(bits, _)| *bits == divisor.to_bits()) {
            return Ok(program);
        }
        let program = session.load(step::inference(&self.network, divisor)?);
        self.divided = Some((divisor.to_bits(), program));
        Ok(program)
    }
}

/// `x` as a batch of the network's samples, and whether it was a single one.
pub(crate) fn as_batch(network: &Network, x: &Tensor) -> Result<(Tensor, bool), Error> {
    let input = network.input();
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

pub(crate) fn reshaped(tensor: Tensor, shape: Vec<usize>) -> Result<Tensor, Error> {
    tensor.reshaped(shape).map_err(|error| Error::Data(error.to_string()))
}

/// A trained network that many threads ask at the same time, without waiting for each other. It does not change: the
/// model that it is [of](Model::predictor) may go on learning.
///
/// A clone costs next to nothing and is the same predictor. Calls that overlap have memory of their own, which is kept
/// for the next ones: as many copies of the parameters as there were calls at one time, and one more.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{Model, Network};
///
/// let network: Network = "2, affine 3, tanh, affine 2".parse()?;
/// let mut model = Model::new(&network, 1)?;
/// let predictor = model.predictor()?;
/// let x = Tensor::from([1.0, 0.5]);
/// let said = model.predict(&x)?;
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| assert_eq!(predictor.predict(&x).as_ref(), Ok(&said)));
///     }
/// });
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone)]
pub struct Predictor {
    shared: Arc<Shared>,
}

struct Shared {
    network: Network,
    loss: Loss,
    divisor: Option<f64>,
    /// Keeps the parameters, and never runs.
    original: (Session, Inference),
    /// Copies that nobody computes with right now. Locked to take one and to bring it back, not meanwhile.
    idle: Mutex<Vec<(Session, Inference)>>,
}

impl Predictor {
    pub(crate) fn of(model: &Model) -> Result<Self, Error> {
        let mut session = model.session.emptied();
        for (name, value) in model.parameters()? {
            session.set(&name, value);
        }
        let inference = Inference::new(model.network(), &mut session)?;
        let shared = Shared {
            network: model.network().clone(),
            loss: model.loss(),
            divisor: model.divisor(),
            original: (session, inference),
            idle: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The network's output for one sample, or for a batch of them along the first axis: the same bits as
    /// [`Model::predict`] gives.
    ///
    /// # Errors
    /// Where the input is not of the network's shape.
    pub fn predict(&self, x: &Tensor) -> Result<Tensor, Error> {
        let Shared { divisor, original, idle, .. } = &*self.shared;
        let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (mut session, mut inference) = taken.unwrap_or_else(|| original.clone());
        let answer = inference.predict(&mut session, *divisor, x);
        idle.lock().unwrap_or_else(PoisonError::into_inner).push((session, inference));
        answer
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.shared.network
    }

    /// The loss that the model was trained by, which says how outputs are read.
    pub fn loss(&self) -> Loss {
        self.shared.loss.clone()
    }

    /// What bytes are divided by.
    pub fn divisor(&self) -> Option<f64> {
        self.shared.divisor
    }
}

impl fmt::Debug for Predictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predictor").field("network", &self.shared.network.to_string()).finish_non_exhaustive()
    }
}

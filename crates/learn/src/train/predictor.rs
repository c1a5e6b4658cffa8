//! Asking a network: one sample or a batch → its outputs; by a model, or by many threads at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use limpid_engine::Session;
use limpid_graph::Tensor;

use crate::describe::loss::Loss;
use crate::describe::network::Network;
use crate::error::Error;
use crate::train::inference::Inference;
use crate::train::model::Model;

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
        for (name, value) in model.variables()? {
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

impl Model {
    /// A predictor with this model's parameters as they are now, which many threads can ask at the same time.
    ///
    /// # Errors
    /// None for a model that was built by [`new`](Model::new).
    pub fn predictor(&self) -> Result<Predictor, Error> {
        Predictor::of(self)
    }
}

impl fmt::Debug for Predictor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predictor").field("network", &self.shared.network.to_string()).finish_non_exhaustive()
    }
}

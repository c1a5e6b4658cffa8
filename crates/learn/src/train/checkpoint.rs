//! A training that is set aside, to go on later or with another model of the same network.

use std::collections::HashSet;

use limpid_graph::Tensor;

use crate::error::Error;
use crate::train::model::Model;
use crate::train::trained::Trained;

/// What a training goes on from: the numbers that a model and its optimizer keep between two steps, and which batches come
/// next. It is small beside a model, whose engine has memory for steps and evaluations.
///
/// ```
/// use std::sync::Arc;
/// use limpid_graph::Tensor;
/// use limpid_learn::{Adam, Dataset, FitOptions, Model, Network};
///
/// let network: Network = "2, affine 4, tanh, affine 2".parse()?;
/// let data = Dataset::new(
///     Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
///     Tensor::from([0u8, 1, 1, 0]),
/// )?;
/// let fit = |epochs| FitOptions { epochs, batch_size: 2, optimizer: Arc::new(Adam::default()), ..FitOptions::default() };
/// let mut model = Model::new(&network, 1)?;
/// model.fit(&data, &fit(2))?;
/// let checkpoint = model.checkpoint();
/// model.fit(&data, &fit(3))?;
///
/// let mut other = Model::new(&network, 7)?;
/// other.restore(&checkpoint)?;
/// other.fit(&data, &fit(3))?;
/// assert_eq!(other.parameters()?, model.parameters()?);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoint {
    values: Vec<(String, Tensor)>,
    trained: Option<Trained>,
    divisor: Option<f64>,
}

impl Model {
    /// What a training goes on from as it is now.
    pub fn checkpoint(&self) -> Checkpoint {
        let values = self.session.kept().map(|(name, value)| (name.to_string(), value.clone())).collect();
        // Its step belongs to this model's engine; another model loads its own.
        let trained = self.trained.clone().map(|trained| Trained { step: None, ..trained });
        Checkpoint { values, trained, divisor: self.divisor() }
    }

    /// Takes over a checkpoint of a model of the same network: the next training goes on where that one was.
    ///
    /// # Errors
    /// [`Error::Parameters`] where it is one of another network; the model is as it was.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let declared: HashSet<String> = self.network().variables()?.into_iter().map(|declared| declared.name).collect();
        // What the network does not declare is the optimizer's, but where there was none.
        let is_own = |name: &str| checkpoint.trained.is_none() || declared.contains(name);
        let own: Vec<(String, Tensor)> = checkpoint.values.iter().filter(|(name, _)| is_own(name)).cloned().collect();
        self.network().check_variables(&own)?;
        for (name, value) in &checkpoint.values {
            self.session.set(name, value.clone());
        }
        self.trained = checkpoint.trained.clone();
        self.set_divisor(checkpoint.divisor);
        Ok(())
    }
}

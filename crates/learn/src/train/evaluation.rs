//! How a model does on data: the mean loss, and the share of right answers.

use limpid_graph::Tensor;
use serde::Serialize;

use crate::data::data_source::DataSource;
use crate::data::dataset::Dataset;
use crate::error::Error;
use crate::train::feed::Feed;
use crate::train::inference::{as_batch, reshaped};
use crate::train::model::Model;

/// Loss and accuracy of a model on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of samples.
    pub samples: usize,
    /// The mean loss.
    pub loss: f64,
    /// The accuracy, which is the share of right answers; for losses of classification.
    pub accuracy: Option<f64>,
    /// Number of right answers, for losses of classification.
    pub right: Option<usize>,
}

/// Number of samples that are evaluated at a time by default: large enough for matrix products, small enough for
/// caches.
pub const EVALUATION_BATCH: usize = 1000;

/// No more samples are evaluated at a time: the share of right answers is a 32-bit float, from which the count of so many
/// comes back whole.
const MOST_AT_ONCE: usize = 1 << 20;

impl Model {
    /// The mean loss and the accuracy over inputs as [`predict`](Model::predict) takes them and their targets: one
    /// sample and its target, or a batch of both. Targets are as the loss wants them: class labels or one-hot rows for
    /// a classification.
    ///
    /// # Errors
    /// Where the inputs do not fit the network, or the targets do not fit the inputs.
    #[track_caller]
    pub fn score(&mut self, x: &Tensor, targets: &Tensor) -> Result<Evaluation, Error> {
        let (x, is_one) = as_batch(self.network(), x)?;
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
    pub fn evaluate(&mut self, data: &dyn DataSource) -> Result<Evaluation, Error> {
        self.evaluate_watched(data, EVALUATION_BATCH, |_| ())
    }

    /// The loss of each sample, in the order of the data.
    ///
    /// ```
    /// use limpid_graph::Tensor;
    /// use limpid_learn::{Dataset, Model, Network};
    ///
    /// let network: Network = "1, affine 2 init=zeros".parse()?;
    /// let mut model = Model::new(&network, 1)?;
    /// let data = Dataset::new(Tensor::from([[1.0], [2.0]]), Tensor::from([0u8, 1]))?;
    /// assert!(model.losses(&data)?.iter().all(|loss| (loss - 2f64.ln()).abs() < 1e-6));
    /// # Ok::<(), limpid_learn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate`](Model::evaluate).
    #[track_caller]
    pub fn losses(&mut self, data: &dyn DataSource) -> Result<Vec<f64>, Error> {
        let feed = Feed::new(self, data)?;
        let program = self.evaluation_of(feed.shape())?;
        let loss = |sample: usize| {
            let answers = program.run(&mut self.session, &feed.range(sample, sample + 1)?, None)?;
            Ok(answers.item(0).unwrap_or(f64::NAN))
        };
        (0..feed.len()).map(loss).collect()
    }

    /// The mean loss and the accuracy over a data set, `batch_size` samples at a time; after each batch, `watch` is
    /// shown what they are so far. How many samples go together changes neither which answers are right nor more of the
    /// loss than its last digits. (A loss of your own is averaged over batches, each by how many samples it has.)
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
        data: &dyn DataSource,
        batch_size: usize,
        mut watch: impl FnMut(&Evaluation),
    ) -> Result<Evaluation, Error> {
        if batch_size == 0 {
            let (found, hint) = ("0".to_string(), "use 1 or more".to_string());
            return Err(Error::Setting { name: "batch_size", found, hint });
        }
        let batch_size = batch_size.min(MOST_AT_ONCE);
        let feed = Feed::new(self, data)?;
        let program = self.evaluation_of(feed.shape())?;
        let (mut loss, mut right) = (0.0, None);
        let mut so_far = Evaluation { samples: 0, loss: f64::NAN, accuracy: None, right: None };
        for start in (0..feed.len()).step_by(batch_size) {
            let end = feed.len().min(start.saturating_add(batch_size));
            let batch = feed.range(start, end)?;
            let answers = program.run(&mut self.session, &batch, None)?;
            let weighted = |answer: usize| answers.item(answer).unwrap_or(f64::NAN) * (end - start) as f64;
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
}

//! Data sets: samples and their targets, and how to split them.

use std::borrow::Cow;
use std::sync::Arc;

use limpid_engine::Precision;
use limpid_graph::{Data, Stream, Tensor};

use crate::error::Error;

/// Samples and targets, each along the first axis.
///
/// Samples stay as they are stored, bytes for one; a divisor (255 for pixels) is applied where they are read. A model
/// that is trained on them keeps the divisor, and applies it to bytes that come without one
/// ([`Model::divisor`](crate::Model::divisor)).
///
/// Numbers are `u8`, `f32` or `f64`; there are no tensors of integers: labels are bytes or whole floats.
///
/// A copy shares the samples with the one that it is a copy of.
///
/// This is a data set in memory. One that is made, or read, while it is used is a [`DataSource`](crate::DataSource).
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::Dataset;
///
/// let pixels = Tensor::new([3, 2], vec![0u8, 255, 51, 0, 255, 255])?;
/// let data = Dataset::new(pixels, Tensor::from([0u8, 1, 1]))?.divided_by(255.0);
/// assert_eq!(data.inputs_as_f32(), [0.0, 1.0, 0.2, 0.0, 1.0, 1.0]);
/// assert_eq!(data.one_hot(2)?.targets().shape(), [3, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    // The larger part by far, so that copies of a data set share it.
    inputs: Arc<Tensor>,
    targets: Tensor,
    divisor: Option<f64>,
}

impl Dataset {
    /// Samples `(count, …)` and targets `(count,)` or `(count, …)`.
    ///
    /// # Errors
    /// [`Error::Data`] where the counts differ or there are no samples.
    pub fn new(inputs: Tensor, targets: Tensor) -> Result<Self, Error> {
        match (inputs.shape().first(), targets.shape().first()) {
            (Some(&samples), Some(&count)) if samples == count && samples > 0 => {
                Ok(Self { inputs: Arc::new(inputs), targets, divisor: None })
            }
            _ => Err(Error::Data(format!(
                "inputs of shape {:?} and targets of shape {:?} do not make a data set; give as many targets as inputs, and at least one sample",
                inputs.shape(),
                targets.shape()
            ))),
        }
    }

    /// Divides each number of the samples by `divisor` where it is read.
    pub fn divided_by(self, divisor: f64) -> Self {
        Self { divisor: Some(divisor), ..self }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.inputs.shape().first().copied().unwrap_or(0)
    }

    /// Never true: a data set has at least one sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples as stored, before any division: `(count, …)`.
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// The targets: labels `(count,)`, or `(count, …)`.
    pub fn targets(&self) -> &Tensor {
        &self.targets
    }

    /// What each number of the samples is divided by.
    pub fn divisor(&self) -> Option<f64> {
        self.divisor
    }

    /// The shape of `inputs`.
    pub fn shape(&self) -> &[usize] {
        self.inputs.shape()
    }

    /// Every number of the samples after division, as a network receives it.
    pub fn inputs_as_f32(&self) -> Vec<f32> {
        let mut numbers = self.inputs.to_f32();
        if let Some(divisor) = self.divisor {
            numbers.iter_mut().for_each(|x| *x /= divisor as f32);
        }
        numbers
    }

    /// The samples under another shape, `(count, …)` in front.
    ///
    /// # Errors
    /// [`Error::Data`] where that does not hold as many numbers.
    pub fn reshaped(mut self, sample: &[usize]) -> Result<Self, Error> {
        let shape: Vec<usize> = std::iter::once(self.len()).chain(sample.iter().copied()).collect();
        let reshaped = Arc::unwrap_or_clone(self.inputs).reshaped(shape);
        self.inputs = Arc::new(reshaped.map_err(|error| Error::Data(error.to_string()))?);
        Ok(self)
    }

    /// The labels as one-hot rows of `classes`.
    ///
    /// # Errors
    /// [`Error::Data`] where the targets are not labels below `classes`.
    pub fn one_hot(mut self, classes: usize) -> Result<Self, Error> {
        let labels = self.targets.to_f64();
        if self.targets.rank() != 1 {
            return Err(Error::Data(format!("targets of shape {:?} are not class labels", self.targets.shape())));
        }
        let Some(count) = labels.len().checked_mul(classes).filter(|&count| count > 0) else {
            return Err(Error::Setting {
                name: "the number of classes",
                found: classes.to_string(),
                hint: "use one for each label, 1 or more".to_string(),
            });
        };
        let mut rows = vec![0u8; count];
        for (row, label) in labels.iter().enumerate() {
            if !(*label >= 0.0 && *label < classes as f64 && label.fract() == 0.0) {
                return Err(Error::Data(format!(
                    "the label {label} of sample {row} is not one of 0 to {}",
                    classes - 1
                )));
            }
            rows[row * classes + *label as usize] = 1;
        }
        self.targets = Tensor::new([labels.len(), classes], rows).map_err(|error| Error::Data(error.to_string()))?;
        Ok(self)
    }

    /// Samples `start..end`, clamped to those there are.
    ///
    /// # Errors
    /// [`Error::Data`] where that leaves none.
    pub fn range(&self, start: usize, end: usize) -> Result<Self, Error> {
        let part = Self::new(self.inputs.rows(start, end), self.targets.rows(start, end))?;
        Ok(Self { divisor: self.divisor, ..part })
    }

    /// The samples at `rows`, in that order.
    ///
    /// # Errors
    /// [`Error::Data`] where one is not there, or there are none.
    pub fn select(&self, rows: &[usize]) -> Result<Self, Error> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(Error::Data(format!("there is no sample {row} among {}", self.len())));
        }
        let part = Self::new(picked(&self.inputs, rows), picked(&self.targets, rows))?;
        Ok(Self { divisor: self.divisor, ..part })
    }

    /// These samples followed by `other`'s.
    ///
    /// # Errors
    /// [`Error::Data`] where they differ in shape, storage or divisor.
    pub fn followed_by(&self, other: &Self) -> Result<Self, Error> {
        let differ =
            || Error::Data("the data sets differ in shape, storage or divisor and cannot be joined".to_string());
        if self.divisor != other.divisor {
            return Err(differ());
        }
        let inputs = joined(&self.inputs, &other.inputs).ok_or_else(differ)?;
        let targets = joined(&self.targets, &other.targets).ok_or_else(differ)?;
        Ok(Self { divisor: self.divisor, ..Self::new(inputs, targets)? })
    }

    /// Shuffles by `seed` and splits: the first part has `share` of the samples (0.8 for 80 %), rounded, the second the
    /// rest.
    ///
    /// # Errors
    /// [`Error::Setting`] where either part would be empty.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), Error> {
        let cut = (share * self.len() as f64).round();
        if !(cut >= 1.0 && cut < self.len() as f64) {
            return Err(Error::Setting {
                name: "share",
                found: share.to_string(),
                hint: format!(
                    "use a number between 0 and 1 that leaves some of the {} samples on both sides",
                    self.len()
                ),
            });
        }
        let order = permutation(self.len(), Stream::new(seed, "split"), 0);
        let (first, second) = order.split_at(cut as usize);
        Ok((self.select(first)?, self.select(second)?))
    }

    /// Inputs and targets with floats stored as a session of this precision reads them without converting; what is stored
    /// so is not copied.
    pub(crate) fn stored_for(&self, precision: Precision) -> [Cow<'_, Tensor>; 2] {
        [&*self.inputs, &self.targets]
            .map(|tensor| converted(tensor, precision).map_or(Cow::Borrowed(tensor), Cow::Owned))
    }

    /// As [`stored_for`](Self::stored_for).
    pub(crate) fn into_stored_for(self, precision: Precision) -> [Tensor; 2] {
        [Arc::unwrap_or_clone(self.inputs), self.targets].map(|tensor| converted(&tensor, precision).unwrap_or(tensor))
    }
}

/// A tensor's floats as a session of this precision reads them; none where they are stored so, or are bytes.
fn converted(tensor: &Tensor, precision: Precision) -> Option<Tensor> {
    match (tensor.data(), precision) {
        (Data::U8(_), _) | (Data::F32(_), Precision::F32) | (Data::F64(_), Precision::F64) => None,
        (_, Precision::F32) => Some(tensor.to_f32_tensor()),
        (_, Precision::F64) => Some(tensor.to_f64_tensor()),
    }
}

/// The numbers 0 to `count` − 1 in an order drawn from the stream (Fisher & Yates, in Durstenfeld's form).
pub(crate) fn permutation(count: usize, stream: Stream, step: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, stream.below(step, last as u64, last as u64 + 1) as usize);
    }
    order
}

/// The rows of a tensor at these places, in this order.
pub(crate) fn picked(tensor: &Tensor, rows: &[usize]) -> Tensor {
    fn pick<T: Copy>(values: &[T], row: usize, rows: &[usize]) -> Vec<T> {
        rows.iter().flat_map(|&r| &values[r * row..(r + 1) * row]).copied().collect()
    }
    let row: usize = tensor.shape().iter().skip(1).product();
    let shape: Vec<usize> = std::iter::once(rows.len()).chain(tensor.shape().iter().skip(1).copied()).collect();
    let picked = match tensor.data() {
        Data::F32(values) => Tensor::new(shape, pick(values, row, rows)),
        Data::F64(values) => Tensor::new(shape, pick(values, row, rows)),
        Data::U8(values) => Tensor::new(shape, pick(values, row, rows)),
    };
    picked.unwrap_or_else(|_| unreachable!("each row holds as many numbers as its shape says"))
}

fn joined(first: &Tensor, second: &Tensor) -> Option<Tensor> {
    if first.shape().get(1..) != second.shape().get(1..) {
        return None;
    }
    let mut shape = first.shape().to_vec();
    *shape.first_mut()? += second.shape().first()?;
    match (first.data(), second.data()) {
        (Data::F32(a), Data::F32(b)) => Tensor::new(shape, [a.as_slice(), b].concat()).ok(),
        (Data::F64(a), Data::F64(b)) => Tensor::new(shape, [a.as_slice(), b].concat()).ok(),
        (Data::U8(a), Data::U8(b)) => Tensor::new(shape, [a.as_slice(), b].concat()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten() -> Dataset {
        let inputs = Tensor::new([10, 2], (0..20u8).collect()).unwrap();
        Dataset::new(inputs, Tensor::from((0..10u8).collect::<Vec<_>>())).unwrap()
    }

    #[test]
    fn a_seeded_split_holds_every_sample_once_and_keeps_inputs_with_targets() {
        let (train, test) = ten().split(0.8, 3).unwrap();
        assert_eq!((train.len(), test.len()), (8, 2));
        let all = train.followed_by(&test).unwrap();
        let mut labels = all.targets().to_f64();
        assert!(all.inputs().to_f64().chunks(2).zip(&labels).all(|(pair, &label)| pair[0] == 2.0 * label));
        labels.sort_by(f64::total_cmp);
        assert_eq!(labels, (0..10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(ten().split(0.8, 3).unwrap(), (train.clone(), test));
        assert_ne!(ten().split(0.8, 4).unwrap().0, train);
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        assert!(Dataset::new(Tensor::zeros([2, 3]), Tensor::from([1u8])).is_err());
        assert!(Dataset::new(Tensor::zeros([0, 3]), Tensor::from(Vec::<u8>::new())).is_err());
        assert!(ten().one_hot(9).unwrap_err().to_string().contains("the label 9 of sample 9 is not one of 0 to 8"));
        for share in [0.0, 1.0, -1.0, f64::NAN, 0.01] {
            assert!(ten().split(share, 1).is_err(), "{share}");
        }
    }

    #[test]
    fn what_is_stored_as_a_session_reads_it_is_not_copied() {
        let targets = Tensor::from([0.0, 1.0]);
        for (inputs, precision) in [
            (Tensor::new([2, 1], vec![0.5f32, 1.5]).unwrap(), Precision::F32),
            (Tensor::new([2, 1], vec![5u8, 6]).unwrap(), Precision::F32),
            (Tensor::new([2, 1], vec![5u8, 6]).unwrap(), Precision::F64),
        ] {
            let data = Dataset::new(inputs.clone(), targets.clone()).unwrap();
            let [own, labels] = data.stored_for(precision);
            assert!(matches!(own, Cow::Borrowed(_)), "{precision:?}");
            assert_eq!(matches!(labels, Cow::Borrowed(_)), precision == Precision::F64);
            assert_eq!(data.clone().into_stored_for(precision), [inputs, labels.into_owned()]);
        }
    }
}

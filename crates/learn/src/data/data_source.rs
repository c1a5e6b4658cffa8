//! Where samples come from: memory, a function, or files that are read while a model learns from them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use limpid_graph::Tensor;

use crate::data::dataset::Dataset;
use crate::error::Error;

/// Samples with their targets, addressed by number. A model is trained and evaluated on anything that is one.
///
/// A [`Dataset`] holds them in memory; [`Generated`] makes each from its number; [`Windowed`] reads them one after the
/// other, and keeps a few in memory. One of your own says how many samples there are, and reads those it is asked for:
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{DataSource, Dataset, Error, FitOptions, Loss, Model, Network};
///
/// /// y = 3x − 1 for x from 0 to 1.
/// #[derive(Debug)]
/// struct OnALine;
///
/// impl DataSource for OnALine {
///     fn len(&self) -> usize {
///         100
///     }
///     fn read(&self, rows: &[usize]) -> Result<Dataset, Error> {
///         let x: Vec<f32> = rows.iter().map(|&row| row as f32 / 100.0).collect();
///         let y = x.iter().map(|x| 3.0 * x - 1.0).collect();
///         let column = |numbers: Vec<f32>| Tensor::new([rows.len(), 1], numbers).expect("a number a row");
///         Dataset::new(column(x), column(y))
///     }
/// }
///
/// let network: Network = "1, affine 1".parse()?;
/// let mut model = Model::new(&network, 1)?.with_loss(Loss::MeanSquaredError);
/// model.fit(&OnALine, &FitOptions { batch_size: 10, epochs: 200, ..FitOptions::default() })?;
/// assert!(model.evaluate(&OnALine)?.loss < 1e-4);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub trait DataSource: fmt::Debug {
    /// How many samples there are: at least one.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples of these numbers, counted from 0, in this order. All have one shape, one storage and one divisor,
    /// whichever are read.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn read(&self, rows: &[usize]) -> Result<Dataset, Error>;

    /// How many samples that follow each other can be read together, where not all can: they are shuffled among
    /// themselves, in windows of so many, and windows are read in their order. None where each can be read at any time.
    fn window(&self) -> Option<usize> {
        None
    }

    /// The whole of it, where that is in memory.
    fn in_memory(&self) -> Option<&Dataset> {
        None
    }
}

impl DataSource for Dataset {
    fn len(&self) -> usize {
        Self::len(self)
    }

    fn read(&self, rows: &[usize]) -> Result<Dataset, Error> {
        self.select(rows)
    }

    fn in_memory(&self) -> Option<&Dataset> {
        Some(self)
    }
}

/// Samples that are made when they are needed, each from its number: the same number gives the same sample.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{DataSource, Generated};
///
/// let squares = Generated::new(1_000_000, |row| {
///     let x = row as f64 / 1e6;
///     (Tensor::from([x]), Tensor::from([x * x]))
/// });
/// assert_eq!(squares.len(), 1_000_000);
/// assert_eq!(squares.read(&[500_000, 0])?.targets().to_f64(), [0.25, 0.0]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub struct Generated<F> {
    samples: usize,
    make: F,
}

impl<F: Fn(usize) -> (Tensor, Tensor)> Generated<F> {
    /// `samples` samples, each with its target, by a function of the sample's number, counted from 0. A class label is a
    /// target of no axes: [`Tensor::scalar`].
    pub fn new(samples: usize, make: F) -> Self {
        Self { samples, make }
    }
}

impl<F: Fn(usize) -> (Tensor, Tensor)> DataSource for Generated<F> {
    fn len(&self) -> usize {
        self.samples
    }

    fn read(&self, rows: &[usize]) -> Result<Dataset, Error> {
        let (inputs, targets): (Vec<Tensor>, Vec<Tensor>) = rows.iter().map(|&row| (self.make)(row)).unzip();
        Dataset::new(stacked(&inputs, rows)?, stacked(&targets, rows)?)
    }
}

impl<F> fmt::Debug for Generated<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generated").field("samples", &self.samples).finish_non_exhaustive()
    }
}

/// Tensors of one shape and storage, along a new first axis.
fn stacked(tensors: &[Tensor], rows: &[usize]) -> Result<Tensor, Error> {
    fn numbers<E: Copy>(tensors: &[Tensor], of: impl Fn(&Tensor) -> Option<&[E]>) -> Option<Vec<E>> {
        tensors.iter().map(of).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
    }
    let shape = tensors.first().map(|first| first.shape().to_vec()).unwrap_or_default();
    if let Some(at) = tensors.iter().position(|tensor| tensor.shape() != shape) {
        let (found, first) = (tensors[at].shape(), rows[0]);
        return Err(Error::Read(format!(
            "sample {} has shape {found:?}, and sample {first} has {shape:?}: all samples have one shape",
            rows[at]
        )));
    }
    let shape = [&[tensors.len()], &shape[..]].concat();
    let stacked = if let Some(bytes) = numbers(tensors, |tensor| tensor.as_slice::<u8>()) {
        Tensor::new(shape, bytes)
    } else if let Some(floats) = numbers(tensors, |tensor| tensor.as_slice::<f32>()) {
        Tensor::new(shape, floats)
    } else {
        Tensor::new(shape, tensors.iter().flat_map(Tensor::to_f64).collect::<Vec<f64>>())
    };
    stacked.map_err(|error| Error::Read(error.to_string()))
}

/// The windows of a pass over samples, in their order.
pub type Windows = Box<dyn Iterator<Item = Result<Dataset, Error>> + Send>;

/// Samples that are read one after the other, a window of them at a time, and read again for each pass: for more than
/// memory holds. Two windows are in memory at most, as long as a batch is not larger than one.
///
/// Training shuffles within windows; one as large as all samples gives the very batches that a [`Dataset`] gives.
/// Evaluation goes through them in their order.
///
/// ```
/// use limpid_graph::Tensor;
/// use limpid_learn::{DataSource, Dataset, Windowed};
///
/// // Ten samples, four at a time: 0–3, 4–7, 8–9.
/// let numbers = Windowed::new(10, 4, || {
///     let window = |start: usize| {
///         let x: Vec<f64> = (start..10.min(start + 4)).map(|row| row as f64).collect();
///         Dataset::new(Tensor::from(x.clone()), Tensor::from(x))
///     };
///     Ok(Box::new((0..10).step_by(4).map(window)))
/// })?;
/// assert_eq!(numbers.read(&[9, 3, 4])?.targets().to_f64(), [9.0, 3.0, 4.0]);
/// # Ok::<(), limpid_learn::Error>(())
/// ```
pub struct Windowed {
    samples: usize,
    window: usize,
    open: Box<dyn Fn() -> Result<Windows, Error> + Send + Sync>,
    pass: Mutex<Pass>,
}

/// A pass under way: the windows in memory, the first of which has this number, and those to come.
#[derive(Default)]
struct Pass {
    first: usize,
    held: VecDeque<Dataset>,
    rest: Option<Windows>,
}

impl Windowed {
    /// `samples` samples in windows of `window`, the last of which may be smaller. `open` begins a pass over them.
    ///
    /// # Errors
    /// [`Error::Setting`] where either number is 0.
    pub fn new(
        samples: usize,
        window: usize,
        open: impl Fn() -> Result<Windows, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        for (name, number) in [("the number of samples", samples), ("the number of samples in a window", window)] {
            if number == 0 {
                return Err(Error::Setting { name, found: "0".to_string(), hint: "use 1 or more".to_string() });
            }
        }
        Ok(Self { samples, window, open: Box::new(open), pass: Mutex::default() })
    }

    /// Reads on until the windows from `first` to `last` are in memory, and forgets those before.
    fn hold(&self, pass: &mut Pass, first: usize, last: usize) -> Result<(), Error> {
        if pass.rest.is_none() || first < pass.first {
            *pass = Pass { rest: Some((self.open)()?), ..Pass::default() };
        }
        while pass.first + pass.held.len() <= last || pass.first < first {
            if pass.first < first && !pass.held.is_empty() {
                pass.held.pop_front();
                pass.first += 1;
                continue;
            }
            let number = pass.first + pass.held.len();
            let start = number * self.window;
            let wanted = self.window.min(self.samples.saturating_sub(start));
            let next = pass.rest.as_mut().and_then(Iterator::next).transpose()?;
            let found = next.as_ref().map_or(0, Dataset::len);
            let Some(next) = next.filter(|_| found == wanted) else {
                return Err(Error::Read(format!(
                    "the samples from {start} on: there are {found} where {wanted} were expected; did their source change?"
                )));
            };
            match number < first {
                true => pass.first += 1,
                false => pass.held.push_back(next),
            }
        }
        Ok(())
    }
}

impl DataSource for Windowed {
    fn len(&self) -> usize {
        self.samples
    }

    fn window(&self) -> Option<usize> {
        Some(self.window)
    }

    fn read(&self, rows: &[usize]) -> Result<Dataset, Error> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.samples) {
            return Err(Error::Data(format!("there is no sample {row} among {}", self.samples)));
        }
        let windows = rows.iter().map(|row| row / self.window);
        let (Some(first), Some(last)) = (windows.clone().min(), windows.max()) else {
            return Err(Error::Data("no samples were asked for".to_string()));
        };
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.hold(&mut pass, first, last);
        if outcome.is_err() {
            *pass = Pass::default();
        }
        outcome?;
        // The rows window by window, then in the order that was asked for.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&at| rows[at] / self.window);
        let mut read: Option<Dataset> = None;
        for part in order.chunk_by(|&a, &b| rows[a] / self.window == rows[b] / self.window) {
            let number = rows[part[0]] / self.window;
            let within: Vec<usize> = part.iter().map(|&at| rows[at] - number * self.window).collect();
            let part = pass.held[number - pass.first].select(&within)?;
            read = Some(match read {
                Some(before) => before.followed_by(&part)?,
                None => part,
            });
        }
        drop(pass);
        let mut places = vec![0; rows.len()];
        order.iter().enumerate().for_each(|(place, &at)| places[at] = place);
        match read {
            Some(read) if order.is_sorted() => Ok(read),
            Some(read) => read.select(&places),
            None => Err(Error::Data("no samples were asked for".to_string())),
        }
    }
}

impl fmt::Debug for Windowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, window, .. } = self;
        f.debug_struct("Windowed").field("samples", samples).field("window", window).finish_non_exhaustive()
    }
}

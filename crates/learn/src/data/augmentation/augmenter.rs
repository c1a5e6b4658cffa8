//! Batches of changed pictures, made on all threads of a pool.

use std::sync::{Mutex, PoisonError};

use limpid_engine::Pool;
use limpid_graph::{Data, Tensor};

use super::Augmentation;
use super::changes::{Changes, Scratch};
use crate::data::dataset::Dataset;
use crate::error::Error;

/// An augmentation of samples of one shape and storage.
#[derive(Debug)]
pub(crate) struct Augmenter {
    changes: Changes,
    /// How many numbers a sample has.
    size: usize,
    /// One for each thread of the pool.
    scratches: Vec<Mutex<Scratch>>,
}

/// So many samples are one task.
const TASK: usize = 4;

impl Augmenter {
    /// For samples of this shape, stored as bytes or floats; draws by `seed`.
    ///
    /// # Errors
    /// [`Error::Data`] for samples that are no pictures.
    pub(crate) fn new(
        augmentation: &Augmentation,
        sample: &[usize],
        is_bytes: bool,
        seed: u64,
        threads: usize,
    ) -> Result<Self, Error> {
        let size: usize = sample.iter().product();
        let own = match *sample {
            [height, width] => Some([1, height, width]),
            [channels, height, width] => Some([channels, height, width]),
            _ => None,
        };
        let Some(extents) = augmentation.extents.or(own).filter(|extents| extents.iter().product::<usize>() == size)
        else {
            return Err(Error::Data(format!(
                "augmentation changes pictures, and samples of shape {sample:?} are none; give their channels, rows and \
                 columns by `Augmentation::of_pictures`"
            )));
        };
        let changes = Changes::new(&augmentation.changes, extents, augmentation.background, seed);
        let changes = if is_bytes { changes.of_bytes() } else { changes };
        let scratches = (0..threads.max(1)).map(|_| Mutex::new(changes.scratch())).collect();
        Ok(Self { changes, size, scratches })
    }

    /// Writes samples of `from` at `rows`, as they are in an epoch, to the rows of `to`. `numbers` are those by which the
    /// samples are known, for their draws.
    pub(crate) fn write(
        &self,
        pool: &Pool,
        epoch: u64,
        from: &Tensor,
        (rows, numbers): (&[usize], &[usize]),
        to: &mut Tensor,
    ) {
        let has_room = to.shape().first() == Some(&rows.len()) && to.shape().get(1..) == from.shape().get(1..);
        let shape = || std::iter::once(rows.len()).chain(from.shape().iter().skip(1).copied()).collect::<Vec<_>>();
        match from.data() {
            Data::U8(stored) => {
                if !has_room || to.as_slice::<u8>().is_none() {
                    *to = filled(&shape(), 0u8);
                }
                let out = to.as_mut_slice::<u8>().unwrap_or_default();
                self.each(pool, (epoch, rows, numbers), stored, out, f32::from, |x| x as u8);
            }
            Data::F32(stored) => {
                if !has_room || to.as_slice::<f32>().is_none() {
                    *to = filled(&shape(), 0f32);
                }
                let out = to.as_mut_slice::<f32>().unwrap_or_default();
                self.each(pool, (epoch, rows, numbers), stored, out, |x| x, |x| x);
            }
            Data::F64(stored) => {
                if !has_room || to.as_slice::<f64>().is_none() {
                    *to = filled(&shape(), 0f64);
                }
                let out = to.as_mut_slice::<f64>().unwrap_or_default();
                self.each(pool, (epoch, rows, numbers), stored, out, |x| x as f32, f64::from);
            }
        }
    }

    fn each<T: Copy + Send + Sync>(
        &self,
        pool: &Pool,
        (epoch, rows, numbers): (u64, &[usize], &[usize]),
        stored: &[T],
        out: &mut [T],
        read: impl Fn(T) -> f32 + Sync,
        write: impl Fn(f32) -> T + Sync,
    ) {
        let tasks = out.chunks_mut(TASK * self.size).zip(rows.chunks(TASK).zip(numbers.chunks(TASK)));
        let tasks = Mutex::new(tasks);
        let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
        pool.run(&|worker| {
            let Some(scratch) = self.scratches.get(worker % self.scratches.len()) else { return };
            let mut scratch = scratch.lock().unwrap_or_else(PoisonError::into_inner);
            while let Some((out, (rows, numbers))) = next() {
                for (out, (&row, &number)) in out.chunks_exact_mut(self.size).zip(rows.iter().zip(numbers)) {
                    let Some(sample) = stored.get(row * self.size..(row + 1) * self.size) else { continue };
                    let from = sample.iter().map(|&x| read(x));
                    self.changes.apply((epoch, number as u64), from, &mut scratch, |changed| {
                        out.iter_mut().zip(changed).for_each(|(to, &x)| *to = write(x));
                    });
                }
            }
        });
    }
}

fn filled<T: Copy>(shape: &[usize], number: T) -> Tensor
where
    Tensor: From<Vec<T>>,
{
    let numbers = Tensor::from(vec![number; shape.iter().product()]);
    numbers.reshaped(shape.to_vec()).unwrap_or_else(|_| unreachable!("as many numbers as the shape holds"))
}

impl Augmentation {
    /// The samples of these numbers as a training of this seed is given them in an epoch, counted from 0.
    ///
    /// # Errors
    /// [`Error::Data`] for samples that are no pictures, or are not there.
    pub fn applied(&self, data: &Dataset, rows: &[usize], epoch: u64, seed: u64) -> Result<Dataset, Error> {
        let picked = data.select(rows)?;
        let is_bytes = data.inputs().as_slice::<u8>().is_some();
        let augmenter = Augmenter::new(self, data.shape().get(1..).unwrap_or_default(), is_bytes, seed, 1)?;
        let mut changed = Tensor::zeros([0]);
        augmenter.write(&Pool::new(1), epoch, data.inputs(), (rows, rows), &mut changed);
        let applied = Dataset::new(changed, picked.targets().clone())?;
        Ok(data.divisor().map_or(applied.clone(), |divisor| applied.divided_by(divisor)))
    }
}

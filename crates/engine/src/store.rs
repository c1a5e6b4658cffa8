//! What a session keeps: values by name, those that it learns in the engine's layout.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use limpid_graph::Tensor;

use crate::numbers::Numbers;
use crate::plan::{Matrix, pitch};

/// Kept values. Each has a number that stays its own.
#[derive(Debug, Default)]
pub(crate) struct Store {
    numbers: BTreeMap<String, usize>,
    values: Vec<Kept>,
}

#[derive(Debug)]
enum Kept {
    /// As it was set.
    Tensor(Tensor),
    /// As steps read and write it: rows of whole cache lines.
    Home {
        shape: Vec<usize>,
        numbers: Numbers,
        tensor: OnceLock<Tensor>,
        /// Whether all numbers are finite, once that was asked.
        is_finite: Option<bool>,
    },
}

impl Store {
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    pub(crate) fn set(&mut self, name: &str, value: Tensor) {
        match self.find(name) {
            Some(number) => self.values[number] = Kept::Tensor(value),
            None => {
                self.numbers.insert(name.to_string(), self.values.len());
                self.values.push(Kept::Tensor(value));
            }
        }
    }

    /// The value as a tensor.
    pub(crate) fn get(&self, number: usize) -> &Tensor {
        match &self.values[number] {
            Kept::Tensor(tensor) => tensor,
            Kept::Home { shape, numbers, tensor, .. } => tensor.get_or_init(|| {
                let Matrix { rows, columns } = Matrix::of(shape);
                let pitch = pitch(columns);
                let mut plain = Vec::with_capacity(rows * columns);
                (0..rows).for_each(|row| plain.extend_from_slice(&numbers[row * pitch..][..columns]));
                // The home was made for this shape.
                Tensor::new(shape.clone(), plain).unwrap_or_else(|_| Tensor::zeros(shape.clone()))
            }),
        }
    }

    /// Every value, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.numbers.iter().map(|(name, &number)| (name.as_str(), self.get(number)))
    }

    pub(crate) fn shape(&self, number: usize) -> &[usize] {
        match &self.values[number] {
            Kept::Tensor(tensor) => tensor.shape(),
            Kept::Home { shape, .. } => shape,
        }
    }

    /// The value as it was set, unless it is at home in the engine's layout.
    pub(crate) fn as_set(&self, number: usize) -> Option<&Tensor> {
        match &self.values[number] {
            Kept::Tensor(tensor) => Some(tensor),
            Kept::Home { .. } => None,
        }
    }

    /// Brings a value of 32-bit floats to the engine's layout; others, and what memory has no room for, stay as set.
    pub(crate) fn bring_home(&mut self, number: usize) {
        let Kept::Tensor(tensor) = &self.values[number] else { return };
        let Some(from) = tensor.as_slice::<f32>() else { return };
        let shape = tensor.shape().to_vec();
        let Matrix { rows, columns } = Matrix::of(&shape);
        let pitch = pitch(columns);
        let Some(mut numbers) = Numbers::zeros(rows * pitch) else { return };
        numbers.poison();
        for (row, from) in from.chunks_exact(columns.max(1)).enumerate() {
            numbers[row * pitch..][..columns].copy_from_slice(from);
        }
        self.values[number] = Kept::Home { shape, numbers, tensor: OnceLock::new(), is_finite: None };
    }

    /// The numbers of a value at home, to read and write; what was read of it as a tensor is forgotten.
    pub(crate) fn home(&mut self, number: usize) -> Option<*mut f32> {
        match &mut self.values[number] {
            Kept::Tensor(_) => None,
            Kept::Home { numbers, .. } => Some(numbers.as_mut_ptr()),
        }
    }

    /// Whether all numbers of a value at home are finite: looked at when it is first asked after a change.
    pub(crate) fn is_finite(&mut self, number: usize) -> bool {
        let Kept::Home { shape, numbers, is_finite, .. } = &mut self.values[number] else { return false };
        *is_finite.get_or_insert_with(|| {
            let Matrix { rows, columns } = Matrix::of(shape);
            let pitch = pitch(columns);
            (0..rows).all(|row| numbers[row * pitch..][..columns].iter().fold(0.0, |sum, x| sum + x * 0.0) == 0.0)
        })
    }

    /// Forgets what was read of a value as a tensor, since its home has changed.
    pub(crate) fn changed(&mut self, number: usize) {
        if let Kept::Home { tensor, is_finite, .. } = &mut self.values[number] {
            tensor.take();
            *is_finite = None;
        }
    }
}

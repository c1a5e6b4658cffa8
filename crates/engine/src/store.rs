//! The variables of a session: values by name. Those that steps read and write are in the padded layout.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use limpid_graph::Tensor;

use crate::numbers::Numbers;
use crate::plan::{Matrix, pitch};

/// Kept values. Each has a number that stays its own.
#[derive(Debug, Default)]
pub(crate) struct Store {
    numbers: BTreeMap<String, usize>,
    values: Vec<Variable>,
    /// How often each value was set or changed.
    changes: Vec<u64>,
}

#[derive(Debug)]
enum Variable {
    /// As it was set.
    Tensor(Tensor),
    /// As steps read and write it: rows of whole cache lines.
    Padded {
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
            Some(number) => {
                self.values[number] = Variable::Tensor(value);
                self.changes[number] += 1;
            }
            None => {
                self.numbers.insert(name.to_string(), self.values.len());
                self.values.push(Variable::Tensor(value));
                self.changes.push(0);
            }
        }
    }

    /// The value as a tensor.
    pub(crate) fn get(&self, number: usize) -> &Tensor {
        match &self.values[number] {
            Variable::Tensor(tensor) => tensor,
            Variable::Padded { shape, numbers, tensor, .. } => tensor.get_or_init(|| {
                let Matrix { rows, columns } = Matrix::of(shape);
                let pitch = pitch(columns);
                let mut plain = Vec::with_capacity(rows * columns);
                (0..rows).for_each(|row| plain.extend_from_slice(&numbers[row * pitch..][..columns]));
                // The layout was made for this shape.
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
            Variable::Tensor(tensor) => tensor.shape(),
            Variable::Padded { shape, .. } => shape,
        }
    }

    /// The value as it was set, unless it is in the padded layout.
    pub(crate) fn as_set(&self, number: usize) -> Option<&Tensor> {
        match &self.values[number] {
            Variable::Tensor(tensor) => Some(tensor),
            Variable::Padded { .. } => None,
        }
    }

    /// Puts a value of 32-bit floats into the padded layout; others, and what memory has no room for, stay as set.
    pub(crate) fn pad(&mut self, number: usize) {
        let Variable::Tensor(tensor) = &self.values[number] else { return };
        let Some(from) = tensor.as_slice::<f32>() else { return };
        let shape = tensor.shape().to_vec();
        let Matrix { rows, columns } = Matrix::of(&shape);
        let pitch = pitch(columns);
        let Some(mut numbers) = Numbers::zeros(rows * pitch) else { return };
        numbers.poison();
        for (row, from) in from.chunks_exact(columns.max(1)).enumerate() {
            numbers[row * pitch..][..columns].copy_from_slice(from);
        }
        self.values[number] = Variable::Padded { shape, numbers, tensor: OnceLock::new(), is_finite: None };
    }

    /// The numbers of a value in the padded layout, to read and write; what was read of it as a tensor is forgotten.
    pub(crate) fn padded(&mut self, number: usize) -> Option<*mut f32> {
        match &mut self.values[number] {
            Variable::Tensor(_) => None,
            Variable::Padded { numbers, .. } => Some(numbers.as_mut_ptr()),
        }
    }

    /// Whether all numbers of a value in the padded layout are finite: looked at when it is first asked after a change.
    pub(crate) fn is_finite(&mut self, number: usize) -> bool {
        let Variable::Padded { shape, numbers, is_finite, .. } = &mut self.values[number] else { return false };
        *is_finite.get_or_insert_with(|| {
            let Matrix { rows, columns } = Matrix::of(shape);
            let pitch = pitch(columns);
            (0..rows).all(|row| numbers[row * pitch..][..columns].iter().fold(0.0, |sum, x| sum + x * 0.0) == 0.0)
        })
    }

    /// How often a value was set or changed so far.
    pub(crate) fn changes(&self, number: usize) -> u64 {
        self.changes[number]
    }

    /// Notes that a value's numbers have changed, and forgets what was read of it as a tensor.
    pub(crate) fn changed(&mut self, number: usize) {
        self.changes[number] += 1;
        if let Variable::Padded { tensor, is_finite, .. } = &mut self.values[number] {
            tensor.take();
            *is_finite = None;
        }
    }
}

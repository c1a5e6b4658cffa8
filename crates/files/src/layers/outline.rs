//! Arrays before their numbers are looked at, and those that make up a layer.

use crate::array::NamedArray;

/// What is known of an array without its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline<'a> {
    pub(super) name: &'a str,
    pub(super) shape: &'a [usize],
}

impl<'a> Outline<'a> {
    pub(super) fn of(array: &'a NamedArray) -> Self {
        Self { name: &array.name, shape: array.array.shape() }
    }

    /// How long it is as a bias: one axis, or two of which one is 1. A single number is a bias of one output.
    pub(super) fn bias_length(&self) -> Option<usize> {
        match *self.shape {
            [] => Some(1),
            [length] | [1, length] | [length, 1] => Some(length),
            _ => None,
        }
    }
}

/// What may be a layer's arrays, by their places among all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Group {
    pub(super) key: String,
    /// A batch norm's scale, too.
    pub(super) weight: Option<usize>,
    /// A batch norm's shift, too.
    pub(super) bias: Option<usize>,
    /// A batch norm's running mean and variance.
    pub(super) mean: Option<usize>,
    pub(super) variance: Option<usize>,
}

/// A layer's arrays, by their places among all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) weight: usize,
    pub(super) bias: Option<usize>,
    /// A batch norm's running mean and variance.
    pub(super) statistics: Option<[usize; 2]>,
}

impl Layer {
    /// The layer with its places moved.
    pub(super) fn at(self, moved: impl Fn(usize) -> usize) -> Self {
        let statistics = self.statistics.map(|both| both.map(&moved));
        Self { weight: moved(self.weight), bias: self.bias.map(&moved), statistics }
    }
}

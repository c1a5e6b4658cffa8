//! Work within samples: what a fusion does with each sample whole, from numbers without padding.

use std::fmt;

use limpid_graph::op::{Monoid, WindowWalk};

use super::ValueId;
use crate::kernels::convolution::{Convolution, Method};
use crate::kernels::pooling::Pooling;

/// The kinds of such work.
#[derive(Debug)]
pub(crate) enum SampleKind {
    /// Alternately kept and folded axes.
    Fold { monoid: Monoid, groups: Vec<(bool, usize)> },
    /// Rectangles of rows and columns.
    Pooled { monoid: Monoid, pooling: Pooling },
    /// The derivative of their extremes, from the numbers and what comes from above.
    ExtremeSlopes { monoid: Monoid, pooling: Pooling },
    /// The numbers at `offset + Σ index·stride`, over indexes of `shape`, of a sample of so many.
    Arrange { count: usize, offset: usize, shape: Vec<usize>, strides: Vec<usize> },
    /// Column j of so many rows and columns as row j.
    Transposed { rows: usize, columns: usize },
    /// Zeros before and after a sample of this shape, along one axis.
    Pad { shape: Vec<usize>, axis: usize, around: (usize, usize) },
    /// What windows see, or the sum of what they saw.
    Windows { walk: WindowWalk },
    /// A convolution.
    Filtered(Filter),
    /// Its derivative with respect to the images, with a matrix of the mirrored filters, or one with a row for each filter.
    OfImages { convolution: Convolution, method: Method, matrix: ValueId, pitch: usize },
    /// Its derivative with respect to the filters, from images and derivatives, in the task's row of partial results.
    OfFilters { convolution: Convolution, method: Method, partials: ValueId },
}

/// How a convolution is made: with the filters in a matrix of this pitch, and what follows: a number for each filter
/// added, and what is below 0 made 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    pub(crate) convolution: Convolution,
    pub(crate) method: Method,
    pub(crate) matrix: ValueId,
    pub(crate) pitch: usize,
    pub(crate) bias: Option<ValueId>,
    pub(crate) relu: bool,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { convolution, method, bias, relu, .. } = self;
        let tail = [(bias.is_some(), " + bias"), (*relu, ", relu")].map(|(is, name)| if is { name } else { "" });
        write!(f, "convolution {convolution}{}{}", of_method(*method), tail.concat())
    }
}

impl SampleKind {
    /// How many numbers the first operand, or the second, has for each sample.
    pub(crate) fn operand_len(&self, which: usize) -> usize {
        match self {
            Self::Fold { groups, .. } => groups.iter().map(|(_, extent)| extent).product(),
            Self::Pooled { pooling, .. } | Self::ExtremeSlopes { pooling, .. } if which == 0 => pooling.count(),
            Self::Pooled { pooling, .. } | Self::ExtremeSlopes { pooling, .. } => pooling.pooled(),
            Self::Arrange { count, .. } => *count,
            Self::Transposed { rows, columns } => rows * columns,
            Self::Pad { shape, .. } => shape.iter().product(),
            Self::Windows { walk } => {
                let (windows, values) = walk.inner();
                walk.outer() * if walk.folds() { windows } else { values }
            }
            Self::Filtered(Filter { convolution: of, .. }) | Self::OfFilters { convolution: of, .. } if which == 0 => {
                of.pixels() * of.channels
            }
            Self::Filtered(Filter { convolution: of, .. })
            | Self::OfImages { convolution: of, .. }
            | Self::OfFilters { convolution: of, .. } => of.places() * of.filters,
        }
    }

    /// How many numbers of scratch memory a sample needs.
    pub(super) fn scratch_len(&self) -> usize {
        match self {
            Self::Fold { .. }
            | Self::Pooled { .. }
            | Self::ExtremeSlopes { .. }
            | Self::Arrange { .. }
            | Self::Transposed { .. }
            | Self::Pad { .. }
            | Self::Windows { .. } => 0,
            Self::Filtered(Filter { convolution, method, .. })
            | Self::OfImages { convolution, method, .. }
            | Self::OfFilters { convolution, method, .. } => convolution.scratch_len(*method),
        }
    }
}

/// What is said of a method that is not the usual one.
fn of_method(method: Method) -> &'static str {
    match method {
        Method::Squares => " (Winograd)",
        Method::Pairs => " in pairs",
        Method::Windows | Method::Adding => "",
    }
}

impl fmt::Display for SampleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fold { monoid, .. } | Self::Pooled { monoid, .. } => write!(f, "{} within samples", monoid.name()),
            Self::ExtremeSlopes { monoid, .. } => write!(f, "derivative of {}", monoid.name()),
            Self::Arrange { .. } => f.write_str("arrange"),
            Self::Transposed { .. } => f.write_str("transpose"),
            Self::Pad { .. } => f.write_str("pad"),
            Self::Windows { walk } if walk.folds() => f.write_str("sum of windows"),
            Self::Windows { .. } => f.write_str("windows"),
            Self::Filtered(filter) => write!(f, "{filter}"),
            Self::OfImages { convolution, method, .. } => {
                write!(f, "images' derivative of convolution {convolution}{}", of_method(*method))
            }
            Self::OfFilters { convolution, method, .. } => {
                write!(f, "filters' derivative of convolution {convolution}{}", of_method(*method))
            }
        }
    }
}

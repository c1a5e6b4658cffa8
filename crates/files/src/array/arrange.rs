//! Bytes in a file's order → bytes row by row, little-endian.

use super::Dtype;

/// A type of numbers, and which of their bytes comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) dtype: Dtype,
    pub(crate) big_endian: bool,
}

/// Which way an array's elements run through its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The last axis fastest, as C does.
    C,
    /// The first axis fastest, as Fortran does.
    Fortran,
    /// Start and step of each axis, in elements.
    Strided { offset: usize, strides: Vec<usize> },
}

impl Layout {
    /// How many elements of the source the array reaches, or `None` if that is beyond memory.
    pub(crate) fn reach(&self, shape: &[usize]) -> Option<usize> {
        let Self::Strided { offset, strides } = self else {
            return element_count(shape);
        };
        if shape.contains(&0) {
            return Some(0);
        }
        let last = shape
            .iter()
            .zip(strides)
            .try_fold(*offset, |last, (&extent, &stride)| last.checked_add((extent - 1).checked_mul(stride)?));
        last?.checked_add(1)
    }

    fn strides(&self, shape: &[usize]) -> (usize, Vec<usize>) {
        let mut strides = vec![0; shape.len()];
        let mut step = 1;
        let mut next = |axis: usize| {
            strides[axis] = step;
            step *= shape[axis];
        };
        match self {
            Self::C => (0..shape.len()).rev().for_each(&mut next),
            Self::Fortran => (0..shape.len()).for_each(&mut next),
            Self::Strided { offset, strides } => return (*offset, strides.clone()),
        }
        (0, strides)
    }
}

/// The product of the extents, or `None` if it is beyond memory. An empty axis does not excuse the others.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent))
}

/// The elements row by row, little-endian. `source` holds at least the [`reach`](Layout::reach) of the layout.
pub(super) fn arrange(stored: Stored, shape: &[usize], layout: &Layout, source: &[u8]) -> Vec<u8> {
    match stored.dtype.width_bytes() {
        1 => arrange_groups::<1>(stored.big_endian, shape, layout, source),
        2 => arrange_groups::<2>(stored.big_endian, shape, layout, source),
        4 => arrange_groups::<4>(stored.big_endian, shape, layout, source),
        _ => arrange_groups::<8>(stored.big_endian, shape, layout, source),
    }
}

fn arrange_groups<const WIDTH: usize>(swap: bool, shape: &[usize], layout: &Layout, source: &[u8]) -> Vec<u8> {
    let count = element_count(shape).unwrap_or(0);
    // Beside an empty axis the others may be of any extent, too large to multiply.
    if count == 0 {
        return Vec::new();
    }
    let mut bytes = match layout {
        Layout::C => source[..count * WIDTH].to_vec(),
        _ => gather::<WIDTH>(count, shape, layout.strides(shape), source.as_chunks::<WIDTH>().0),
    };
    if swap && WIDTH > 1 {
        bytes.as_chunks_mut::<WIDTH>().0.iter_mut().for_each(|group| group.reverse());
    }
    bytes
}

fn gather<const WIDTH: usize>(
    count: usize,
    shape: &[usize],
    (offset, strides): (usize, Vec<usize>),
    source: &[[u8; WIDTH]],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count * WIDTH);
    let (Some(&row), Some(&step)) = (shape.last(), strides.last()) else {
        return source[offset].to_vec();
    };
    let outer = shape.len() - 1;
    let mut position = vec![0; outer];
    let mut start = offset;
    loop {
        for column in 0..row {
            bytes.extend(source[start + column * step]);
        }
        // The next row: like an odometer, from the last wheel on.
        let Some(axis) = (0..outer).rev().find(|&axis| position[axis] + 1 < shape[axis]) else {
            return bytes;
        };
        position[axis] += 1;
        position[axis + 1..].fill(0);
        start = offset + position.iter().zip(&strides).map(|(&at, &stride)| at * stride).sum::<usize>();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_empty_axis_reads_nothing_wherever_it_starts() {
        let layout = Layout::Strided { offset: 9, strides: vec![1, 1] };
        assert_eq!(layout.reach(&[0, usize::MAX]), Some(0));
        let bytes = Stored { dtype: Dtype::F64, big_endian: true };
        assert!(arrange(bytes, &[0, usize::MAX], &layout, &[]).is_empty());
        assert!(arrange(bytes, &[3, 0], &Layout::Fortran, &[]).is_empty());
    }

    #[test]
    fn a_reach_beyond_memory_is_none() {
        assert_eq!(Layout::C.reach(&[usize::MAX, 2]), None);
        let layout = Layout::Strided { offset: 1, strides: vec![usize::MAX] };
        assert_eq!(layout.reach(&[2]), None);
        assert_eq!(layout.reach(&[1]), Some(2));
    }

    proptest! {
        #[test]
        fn every_element_comes_from_where_the_strides_say(
            shape in proptest::collection::vec(0usize..5, 0..4),
            strides in proptest::collection::vec(0usize..7, 4),
            offset in 0usize..5,
            which in 0..3,
        ) {
            let layout = match which {
                0 => Layout::C,
                1 => Layout::Fortran,
                _ => Layout::Strided { offset, strides: strides[..shape.len()].to_vec() },
            };
            let source: Vec<u8> = (0..layout.reach(&shape).unwrap() as u16).flat_map(u16::to_be_bytes).collect();
            let stored = Stored { dtype: Dtype::U16, big_endian: true };
            let found = arrange(stored, &shape, &layout, &source);
            let (offset, strides) = layout.strides(&shape);
            let count = element_count(&shape).unwrap();
            let expected = (0..count).flat_map(|mut index| {
                let mut at = offset;
                for axis in (0..shape.len()).rev() {
                    at += index % shape[axis] * strides[axis];
                    index /= shape[axis];
                }
                (at as u16).to_le_bytes()
            });
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }
}

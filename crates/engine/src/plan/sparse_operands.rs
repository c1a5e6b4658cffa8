//! Zeros: which left operands of products are listed by their non-zeros.

use limpid_graph::{Graph, Index, Leaf, NodeId, Op};

use super::reads::Reader;
use super::{Matrix, Storage, Stored};
use crate::kernels::sparse::Lengths;
use crate::kernels::{Supported, tile};

/// Where the non-zeros of a matrix come from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// A leaf's data as stored, all rows or those at the positions; bytes become numbers by a table.
    Stored { leaf: NodeId, rows: Option<RowsOf>, table: Option<Box<[f32; 256]>> },
    /// The matrix itself, in memory.
    Value,
}

impl Origin {
    /// The gather that a list from here does on its way.
    pub(super) fn gather(&self) -> Option<NodeId> {
        match self {
            Self::Stored { rows, .. } => rows.map(|rows| rows.gather),
            Self::Value => None,
        }
    }
}

/// A gather of rows that a list does on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowsOf {
    pub(super) gather: NodeId,
    pub(super) positions: NodeId,
}

/// Where the non-zeros of `x`, read as this matrix, come from; `None` where it has too few zeros to skip.
pub(super) fn origin(
    reader: Reader<'_>,
    x: NodeId,
    matrix: Matrix,
    stored: &dyn Fn(NodeId) -> Stored,
) -> Option<Origin> {
    if matrix.count() == 0 || !Lengths::fit(matrix.rows, matrix.columns) {
        return None;
    }
    let chain = Chain::to(reader, x)?;
    // Rows of the data are counted in four bytes.
    if u32::try_from(*reader.shape(chain.leaf).first()?).is_err() {
        return None;
    }
    if !stored(chain.leaf).mostly_zeros || chain.at_zero(reader) != 0.0 {
        return None;
    }
    let row: usize = reader.shape(chain.leaf).get(1..)?.iter().product();
    let table = match stored(chain.leaf).storage {
        _ if row != matrix.columns => return Some(Origin::Value),
        Storage::Bytes => Some(chain.table(reader)),
        Storage::Floats if chain.maps.is_empty() => None,
        _ => return Some(Origin::Value),
    };
    Some(Origin::Stored { leaf: chain.leaf, rows: chain.rows, table })
}

/// More functions of single numbers one after the other than a description of data has.
const LONGEST_CHAIN: usize = 16;

/// Functions of single numbers between a leaf, or rows of one, and a matrix.
struct Chain {
    leaf: NodeId,
    rows: Option<RowsOf>,
    /// From the leaf on.
    maps: Vec<NodeId>,
}

impl Chain {
    fn to(reader: Reader<'_>, x: NodeId) -> Option<Self> {
        // From the matrix back to the leaf.
        let (mut x, mut maps) = (reader.storage(x), Vec::new());
        while let Op::Map(_) = reader.op(x) {
            let mut varying = reader.inputs(x).iter().filter(|&&input| constant(reader.graph, input).is_none());
            let (only, None) = (varying.next()?, varying.next()) else { return None };
            maps.push(x);
            if maps.len() > LONGEST_CHAIN {
                return None;
            }
            x = reader.storage(*only);
        }
        maps.reverse();
        let inputs = reader.inputs(x);
        match reader.op(x) {
            Op::Leaf(Leaf::Input) => Some(Self { leaf: x, rows: None, maps }),
            Op::Index(Index::Gather { axis: 0 })
                if matches!(reader.op(inputs[0]), Op::Leaf(Leaf::Input)) && reader.shape(inputs[1]).len() == 1 =>
            {
                let rows = RowsOf { gather: x, positions: reader.storage(inputs[1]) };
                Some(Self { leaf: inputs[0], rows: Some(rows), maps })
            }
            _ => None,
        }
    }

    /// What the chain makes of these numbers.
    fn apply(&self, reader: Reader<'_>, mut numbers: Vec<f32>) -> Vec<f32> {
        for &map in &self.maps {
            let Op::Map(op) = reader.op(map) else { continue };
            let arguments: Vec<Vec<f32>> = reader
                .inputs(map)
                .iter()
                .map(|&input| match constant(reader.graph, input) {
                    Some(number) => vec![number; numbers.len()],
                    None => numbers.clone(),
                })
                .collect();
            let slices: Vec<&[f32]> = arguments.iter().map(Vec::as_slice).collect();
            let mut out = vec![0.0; numbers.len()];
            tile::apply(Supported::PORTABLE, *op, &slices, &mut out);
            numbers = out;
        }
        numbers
    }

    fn at_zero(&self, reader: Reader<'_>) -> f32 {
        self.apply(reader, vec![0.0])[0]
    }

    fn table(&self, reader: Reader<'_>) -> Box<[f32; 256]> {
        let numbers = self.apply(reader, (0..=255).map(|byte: u8| f32::from(byte)).collect());
        let mut table = Box::new([0.0; 256]);
        table.copy_from_slice(&numbers);
        table
    }
}

/// The number of a constant, or of one that is repeated.
fn constant(graph: &Graph, id: NodeId) -> Option<f32> {
    match &graph.node(id).op {
        Op::Leaf(Leaf::Constant(value)) => value.item().map(|number| number as f32),
        Op::Layout(_) => constant(graph, *graph.node(id).inputs.first()?),
        _ => None,
    }
}

//! The interpreter's own ops on packed numbers.

use limpid_graph::{Node, NodeId, Op, Values};

use super::packed::{Number, Packed, WIDTH, ZERO};
use super::products::product;

/// The inputs of a step. Few have more than three, and those few need no list of their own.
pub(super) enum Inputs<'i> {
    Few([&'i [Packed]; 3], usize),
    Many(Vec<&'i [Packed]>),
}

impl<'i> Inputs<'i> {
    #[inline(always)]
    pub(super) fn of(count: usize, input: impl Fn(usize) -> &'i [Packed]) -> Self {
        match count {
            0..=3 => {
                let mut few: [&[Packed]; 3] = [&[]; 3];
                for (which, few) in few[..count].iter_mut().enumerate() {
                    *few = input(which);
                }
                Self::Few(few, count)
            }
            _ => Self::Many((0..count).map(input).collect()),
        }
    }

    #[inline(always)]
    pub(super) fn as_slice(&self) -> &[&'i [Packed]] {
        match self {
            Self::Few(few, count) => &few[..*count],
            Self::Many(many) => many,
        }
    }
}

/// The reference value of a node for packed perturbations: of all of it, or of as many rows.
#[inline(always)]
pub(super) fn evaluate(
    base: &Values<'_, f64>,
    id: NodeId,
    inputs: &[&[Packed]],
    rows: Option<usize>,
    out: &mut [Packed],
) {
    let node = base.graph().node(id);
    let shape_of = |shape: &[usize]| {
        let mut shape = shape.to_vec();
        if let (Some(first), Some(rows)) = (shape.first_mut(), rows) {
            *first = rows;
        }
        shape
    };
    let input_shape = |which: usize| shape_of(base.shape(node.inputs[which]));
    match &node.op {
        Op::Map(op) => {
            let mut flat: [&[Number]; 3] = [&[]; 3];
            for (flat, lanes) in flat.iter_mut().zip(inputs) {
                *flat = lanes.as_flattened();
            }
            op.apply(&flat[..inputs.len().min(3)], out.as_flattened_mut());
        }
        Op::Formula(formula) => {
            let flat: Vec<&[Number]> = inputs.iter().map(|lanes| lanes.as_flattened()).collect();
            out.as_flattened_mut().copy_from_slice(&formula.values(&flat));
        }
        Op::Reduce(reduce) => {
            let shape = input_shape(0);
            reduce.write_within(&shape, &shape, inputs[0], out);
        }
        Op::Contract => product(&input_shape(0), inputs[0], &input_shape(1), inputs[1], out),
        Op::Layout(layout) => {
            let shapes: Vec<Vec<usize>> = (0..inputs.len()).map(input_shape).collect();
            let inputs: Vec<(&[usize], &[Packed])> =
                shapes.iter().map(Vec::as_slice).zip(inputs.iter().copied()).collect();
            layout.write(&inputs, &shape_of(base.shape(id)), ZERO, out);
        }
        Op::Window(windows) => {
            out.fill(ZERO);
            let add = |a: Packed, b: Packed| std::array::from_fn(|lane| a[lane] + b[lane]);
            windows.write((&input_shape(0), inputs[0]), (&shape_of(base.shape(id)), out), add);
        }
        Op::Index(_) | Op::Random(_) | Op::Leaf(_) => unreachable!("a plan has none of them"),
    }
}

/// The lanes in which a node is on another side of its kink than before.
pub(super) fn crossings(node: &Node, now: &[&[Packed]], before: &[&[Packed]]) -> Vec<usize> {
    let kinks = |inputs: &[&[Packed]]| {
        let flat: Vec<&[Number]> = inputs.iter().map(|lanes| lanes.as_flattened()).collect();
        match &node.op {
            Op::Map(op) => op.kinks(&flat).unwrap_or_default(),
            Op::Formula(formula) => formula.kinks(&flat),
            _ => Vec::new(),
        }
    };
    let side = |x: Number| (0.0 < x.0, x.0 < 0.0);
    let pairs = kinks(now).into_iter().zip(kinks(before)).enumerate();
    pairs.filter(|&(_, (now, before))| side(now) != side(before)).map(|(at, _)| at % WIDTH).collect()
}

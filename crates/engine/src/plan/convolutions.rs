//! Convolutions: products with what a window sees, and sums of such products, which are made without writing the windows
//! out. A graph describes them by unfolding and folding; here they are recognized.

use limpid_graph::op::Slide;
use limpid_graph::{Graph, Layout, MapOp, NodeId, Op, Windows};

use super::extremes::unshaped;
use super::forms::{ByNumber, Form, Repeat, axes, repeated};
use crate::kernels::convolution::Convolution;

/// What is done with each filtered pixel before it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// A number for each filter is added.
    pub(super) bias: Option<NodeId>,
    /// What is below 0 becomes 0.
    pub(super) relu: bool,
}

/// A node that is a convolution, or a gradient of one, and what it is made from. All are over pixels: samples of
/// `height × width` rows of as many columns as there are channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convolved {
    /// Windows times a matrix of a row for each number in a window and a column for each filter; and what follows.
    Filtered { images: NodeId, matrix: NodeId, convolution: Convolution, tail: Tail },
    /// Its gradient with respect to that matrix: windows, transposed, times the derivative of each filtered pixel.
    OfFilters { images: NodeId, up: NodeId, convolution: Convolution },
    /// Its gradient with respect to the images: the overlapping sum of the filtered pixels' derivatives times the matrix,
    /// which is given with a row for each filter.
    OfImages { up: NodeId, matrix: NodeId, convolution: Convolution },
}

impl Convolved {
    /// How many samples it has.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Filtered { convolution, .. }
            | Self::OfFilters { convolution, .. }
            | Self::OfImages { convolution, .. } => convolution.samples,
        }
    }

    /// What the node is, if it is a convolution. `users` counts who reads each node: what others read is no part of one.
    pub(super) fn of(graph: &Graph, shapes: &[Vec<usize>], users: &[usize], id: NodeId) -> Option<Self> {
        match (&graph.node(id).op, graph.node(id).inputs.as_slice()) {
            (Op::Map(MapOp::Relu), &[input]) => {
                let input = only_read_here(graph, users, input)?;
                Self::bare(graph, shapes, input)
                    .or_else(|| Self::biased(graph, shapes, users, input))?
                    .tailed(|tail| Tail { relu: true, ..tail })
            }
            (Op::Map(MapOp::Add), _) => Self::biased(graph, shapes, users, id),
            _ => Self::bare(graph, shapes, id),
        }
    }

    /// A filtering to which a number for each filter is added.
    fn biased(graph: &Graph, shapes: &[Vec<usize>], users: &[usize], id: NodeId) -> Option<Self> {
        let (Op::Map(MapOp::Add), &[a, b]) = (&graph.node(id).op, graph.node(id).inputs.as_slice()) else {
            return None;
        };
        let with = |filtered: NodeId, bias: NodeId| {
            let filtered = Self::bare(graph, shapes, only_read_here(graph, users, filtered)?)?;
            let Self::Filtered { convolution, .. } = &filtered else { return None };
            let bias = Some(of_each_filter(graph, shapes, bias, convolution)?);
            filtered.tailed(|tail| Tail { bias, ..tail })
        };
        with(a, b).or_else(|| with(b, a))
    }

    /// The filtering with another tail.
    fn tailed(self, other: impl Fn(Tail) -> Tail) -> Option<Self> {
        match self {
            Self::Filtered { images, matrix, convolution, tail } => {
                Some(Self::Filtered { images, matrix, convolution, tail: other(tail) })
            }
            Self::OfFilters { .. } | Self::OfImages { .. } => None,
        }
    }

    /// As [`of`](Self::of), without a tail.
    fn bare(graph: &Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let shape = |id: NodeId| shapes[id.index()].as_slice();
        match (&node.op, node.inputs.as_slice()) {
            (Op::Contract, &[left, right]) => {
                let &[_, filters] = shape(right) else { return None };
                if let Some((images, slides)) = unfolded(graph, shapes, left) {
                    let convolution = convolution(shape(images), slides, filters)?;
                    return Some(Self::Filtered { images, matrix: right, convolution, tail: Tail::default() });
                }
                let Op::Layout(Layout::Permute(axes)) = &graph.node(left).op else { return None };
                let (images, slides) = unfolded(graph, shapes, graph.node(left).inputs[0])?;
                let convolution = convolution(shape(images), slides, filters)?;
                (axes.as_slice() == [1, 0]).then_some(Self::OfFilters { images, up: right, convolution })
            }
            (Op::Window(Windows::Fold(slides)), &[input]) => {
                let product = unshaped(graph, input);
                let (Op::Contract, &[up, matrix]) = (&graph.node(product).op, graph.node(product).inputs.as_slice())
                else {
                    return None;
                };
                let &[_, filters] = shape(up) else { return None };
                let convolution = convolution(shape(id), slides, filters)?;
                let [places, window] = [convolution.samples * convolution.places(), convolution.window()];
                (shape(product) == [places, window]).then_some(Self::OfImages { up, matrix, convolution })
            }
            _ => None,
        }
    }
}

/// What a node is read from through reshapes, if nobody else reads it.
fn only_read_here(graph: &Graph, users: &[usize], mut id: NodeId) -> Option<NodeId> {
    while users[id.index()] == 1 {
        let Op::Layout(Layout::Reshape(_)) = graph.node(id).op else { return Some(id) };
        id = graph.node(id).inputs[0];
    }
    None
}

/// What a broadcast to filtered pixels repeats, if it has a number for each filter.
fn of_each_filter(graph: &Graph, shapes: &[Vec<usize>], id: NodeId, convolution: &Convolution) -> Option<NodeId> {
    let broadcast = unshaped(graph, id);
    let Op::Layout(Layout::Broadcast(_)) = graph.node(broadcast).op else { return None };
    let form = Form { items: convolution.samples, rows: convolution.places(), columns: convolution.filters };
    let each = ByNumber::Repeated(Repeat { inner: 1, extent: convolution.filters });
    let read = repeated(&axes(graph, shapes, broadcast), &shapes[broadcast.index()], form)?;
    (read == each).then(|| unshaped(graph, graph.node(broadcast).inputs[0]))
}

/// What a matrix of a window a row unfolds, if it is one.
fn unfolded<'g>(graph: &'g Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<(NodeId, &'g [Slide])> {
    let windows = unshaped(graph, id);
    let Op::Window(Windows::Unfold(slides)) = &graph.node(windows).op else { return None };
    let &[samples, down, across, height, width, channels] = shapes[windows.index()].as_slice() else { return None };
    let is_matrix = shapes[id.index()] == [samples * down * across, height * width * channels];
    is_matrix.then_some((graph.node(windows).inputs[0], slides))
}

/// Windows over the two middle axes of images of this shape.
fn convolution(images: &[usize], slides: &[Slide], filters: usize) -> Option<Convolution> {
    let (&[samples, height, width, channels], [down, across]) = (images, slides) else { return None };
    let is_empty = [samples, height, width, channels, filters, down.places, across.places].contains(&0);
    ((down.axis, across.axis) == (1, 2) && !is_empty).then_some(Convolution {
        samples,
        extents: [height, width],
        channels,
        windows: [down.window, across.window],
        places: [down.places, across.places],
        filters,
    })
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Sizes, Sliding};

    use super::*;
    use crate::plan::Limits;
    use crate::plan::choose_forms::Forms;

    /// The forms of a graph, with what is recognized in it.
    fn forms(graph: &Graph) -> Forms {
        Forms::of(graph, &graph.shapes(&Sizes::default()).unwrap(), &Limits::default())
    }

    #[test]
    fn a_bias_and_a_relu_belong_to_the_convolution_that_nobody_else_reads() {
        for is_read_otherwise in [false, true] {
            let b = Builder::new();
            let (x, w, c) = (b.input("x", (2, 3, 6, 6)), b.parameter("w", (4, 3, 3, 3)), b.parameter("c", 4));
            let filtered = x.convolve(w, [Sliding::new(3); 2], 1).permute([0, 2, 3, 1]);
            let biased = filtered + c;
            let relu = biased.relu();
            let outputs = if is_read_otherwise { vec![relu, biased] } else { vec![relu] };
            let graph = b.finish(outputs).unwrap().simplified().unwrap();
            let tails: Vec<Tail> = forms(&graph)
                .convolved
                .into_iter()
                .flatten()
                .filter_map(|one| if let Convolved::Filtered { tail, .. } = one { Some(tail) } else { None })
                .collect();
            assert_eq!(tails.iter().any(|tail| tail.relu && tail.bias.is_some()), !is_read_otherwise, "{tails:?}");
        }
    }

    #[test]
    fn a_long_sum_is_not_searched_from_every_part_of_it() {
        let b = Builder::new();
        let x = b.input("x", (2, 3, 6, 6));
        let seen = x.unfold([(2, Sliding::new(3))]).sum_all();
        let sum = (0..20_000).fold(seen, |sum, _| sum + seen);
        let graph = b.finish([sum.relu()]).unwrap();
        assert!(forms(&graph).convolved.iter().all(Option::is_none));
    }
}

//! Convolutions: products with what a window sees, and sums of such products, which are made without writing the windows
//! out. A graph describes them by unfolding and folding; here they are recognized.

use limpid_graph::op::Slide;
use limpid_graph::{Graph, Layout, NodeId, Op, Windows};

use crate::kernels::convolution::Convolution;

/// A node that is a convolution, or a gradient of one, and what it is made from. All are over pixels: samples of
/// `height × width` rows of as many columns as there are channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convolved {
    /// Windows times a matrix of a row for each number in a window and a column for each filter.
    Filtered { images: NodeId, matrix: NodeId, convolution: Convolution },
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

    /// What the node is, if it is a convolution.
    pub(super) fn of(graph: &Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<Self> {
        let node = graph.node(id);
        let shape = |id: NodeId| shapes[id.index()].as_slice();
        match (&node.op, node.inputs.as_slice()) {
            (Op::Contract, &[left, right]) => {
                let &[_, filters] = shape(right) else { return None };
                if let Some((images, slides)) = unfolded(graph, shapes, left) {
                    let convolution = convolution(shape(images), slides, filters)?;
                    return Some(Self::Filtered { images, matrix: right, convolution });
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

/// What a matrix of a window a row unfolds, if it is one.
fn unfolded<'g>(graph: &'g Graph, shapes: &[Vec<usize>], id: NodeId) -> Option<(NodeId, &'g [Slide])> {
    let windows = unshaped(graph, id);
    let Op::Window(Windows::Unfold(slides)) = &graph.node(windows).op else { return None };
    let &[samples, down, across, height, width, channels] = shapes[windows.index()].as_slice() else { return None };
    let is_matrix = shapes[id.index()] == [samples * down * across, height * width * channels];
    is_matrix.then_some((graph.node(windows).inputs[0], slides))
}

/// What a reshape reshapes.
fn unshaped(graph: &Graph, id: NodeId) -> NodeId {
    match graph.node(id).op {
        Op::Layout(Layout::Reshape(_)) => unshaped(graph, graph.node(id).inputs[0]),
        _ => id,
    }
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

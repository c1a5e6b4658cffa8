//! Which numbers of a leaf one number of a node is computed from: its receptive field.

use limpid_tensor::Sizes;

use crate::graph::{Graph, NodeId};
use crate::mistake::Error;
use crate::op::IndexBox;

impl Graph {
    /// The receptive field of the number at place `element` of `node`, in row-major order: for each number of `leaf`,
    /// whether it is read on the way there, whatever the numbers are. Where it is not, changing it changes nothing.
    ///
    /// It is found from how the axes of each op relate, number by number, so that a window that steps over positions
    /// leaves holes. Where positions are numbers of an input, all that they could name counts as read.
    ///
    /// ```
    /// use limpid_graph::{Builder, Sizes, Sliding};
    ///
    /// let b = Builder::new();
    /// let x = b.input("x", 7);
    /// let sums = x.unfold([(0, Sliding::new(3).dilation(2))]).sum(1);
    /// let graph = b.finish([sums])?;
    /// let field = graph.receptive_field(sums.id(), 1, x.id(), &Sizes::default())?;
    /// assert_eq!(field, [false, true, false, true, false, true, false]);
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`shapes`](Graph::shapes).
    ///
    /// # Panics
    /// Where an id is of a larger graph than this, or the node has no such element.
    pub fn receptive_field(
        &self,
        node: NodeId,
        element: usize,
        leaf: NodeId,
        sizes: &Sizes,
    ) -> Result<Vec<bool>, Error> {
        let shapes = self.shapes(sizes)?;
        let count = |id: NodeId| shapes[id.index()].iter().product::<usize>();
        let mut leads = vec![false; shapes.len()];
        leads[leaf.index()] = true;
        for (id, node) in self.nodes() {
            leads[id.index()] |= node.inputs.iter().any(|input| leads[input.index()]);
        }
        // Of each node that leads from the leaf to the number, which of its numbers are read.
        let mut read: Vec<Vec<bool>> = vec![Vec::new(); shapes.len()];
        read[node.index()] = vec![false; count(node)];
        read[node.index()][element] = true;
        for at in (leaf.index() + 1..=node.index()).rev() {
            let here = std::mem::take(&mut read[at]);
            let node = &self.nodes[at];
            let inputs: Vec<&[usize]> = node.inputs.iter().map(|input| shapes[input.index()].as_slice()).collect();
            let maps = if leads[at] { node.op.axes(&inputs, &shapes[at]) } else { Vec::new() };
            for place in here.iter().enumerate().filter_map(|(place, &is_read)| is_read.then_some(place)) {
                let part = IndexBox::of_element(&shapes[at], place);
                for (map, &input) in maps.iter().zip(&node.inputs).filter(|(_, input)| leads[input.index()]) {
                    let of_input = &mut read[input.index()];
                    of_input.resize(count(input), false);
                    map.needs(&part).places(&shapes[input.index()]).for_each(|place| of_input[place] = true);
                }
            }
        }
        let mut field = std::mem::take(&mut read[leaf.index()]);
        field.resize(count(leaf), false);
        Ok(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, Sliding, Stream, Tensor};

    /// Uniform draws, none of them 0.
    fn drawn(shape: &[usize], name: &str) -> Tensor {
        let count = shape.iter().product::<usize>() as u64;
        let numbers = (0..count).map(|i| 0.1 + Stream::new(5, name).uniform(0, i)).collect();
        Tensor::new(shape, numbers).unwrap()
    }

    /// The last of these is computed from windows of windows, with gaps, strides and padding, in two channels.
    #[test]
    fn it_is_where_the_derivative_is_not_0() {
        for (stride, dilation, pad) in [(1, 1, 0), (2, 1, 1), (1, 2, 2), (3, 1, 1)] {
            let b = Builder::new();
            let (x, w, v) = (b.input("x", (1, 1, 11, 13)), b.input("w", (2, 1, 3, 3)), b.input("v", (3, 2, 2, 3)));
            let first = [Sliding::new(3).stride(stride).dilation(dilation).pad(pad, pad); 2];
            let second = [Sliding::new(2), Sliding::new(3).pad(1, 1)];
            let y = x.convolve(w, first, 1).unfold([(2, Sliding::new(2)), (3, Sliding::new(2))]).sum([4, 5]);
            let y = y.convolve(v, second, 1);
            let shape = y.shape().as_known().unwrap();
            for element in [0, shape[2] * shape[3] / 2, shape.iter().product::<usize>() - 1] {
                let picked = y.flatten(0).slice(0, element..element + 1).sum_all();
                let graph = b.finish([picked]).unwrap();
                let feeds = [("x", vec![1, 1, 11, 13]), ("w", vec![2, 1, 3, 3]), ("v", vec![3, 2, 2, 3])];
                let trace = graph.trace(&feeds.map(|(name, shape)| drawn(&shape, name))).unwrap();
                let slopes = trace.derivative("x").unwrap().to_f64();
                let field = graph.receptive_field(y.id(), element, x.id(), &Sizes::default()).unwrap();
                assert_eq!(field, slopes.iter().map(|&slope| slope != 0.0).collect::<Vec<_>>(), "{stride} {dilation}");
            }
        }
    }

    #[test]
    fn a_leaf_that_is_not_read_has_an_empty_field_and_a_leaf_is_its_own() {
        let b = Builder::new();
        let (x, y) = (b.input("x", ("batch", 2)), b.input("y", 3));
        let doubled = x + x;
        let graph = b.finish([doubled, y.sum_all()]).unwrap();
        let sizes = Sizes::from([("batch", 2)]);
        let of = |node, leaf| graph.receptive_field(node, 2, leaf, &sizes).unwrap();
        assert_eq!(of(doubled.id(), y.id()), [false; 3]);
        assert_eq!(of(doubled.id(), x.id()), [false, false, true, false]);
        assert_eq!(of(x.id(), x.id()), [false, false, true, false]);
        assert!(graph.receptive_field(doubled.id(), 0, x.id(), &Sizes::default()).is_err());
    }
}

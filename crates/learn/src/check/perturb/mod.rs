//! What one changed number changes: a graph re-evaluated only where it depends on it.
//!
//! A weight of a matrix product reaches one column of the result, a bias one column, and so on: for each node the
//! reached elements lie in a box, found from the boxes of its inputs. Only the box is recomputed, in the order of
//! evaluation that the whole would have, so that the answer has the bits of a whole run. A numerical gradient over
//! every parameter of a network lives on this.

mod columns;
mod evaluate;
mod packed;
mod plan;
mod products;
mod run;

use std::borrow::Cow;
use std::ops::Range;

pub use columns::Columns;
use limpid_graph::map::Real;
use limpid_graph::op::row_major_strides;
use limpid_graph::{Error, Layout, Node, NodeId, Op, Values};
use plan::Plan;

/// A run that is repeated with single numbers of one leaf changed.
///
/// ```
/// use limpid_graph::{Builder, Tensor, interpret};
/// use limpid_learn::Perturbation;
///
/// let b = Builder::new();
/// let x = b.input("x", 2);
/// let graph = b.finish([x.square().sum_all()])?;
/// let value = Tensor::from([3.0, 4.0]);
/// let run = interpret::<f64>(&graph, &[(x.id(), &value)])?;
/// let mut perturbed = Perturbation::new(&run, x.id());
/// assert_eq!(perturbed.output_with(0, 5.0)?, 41.0);
/// assert_eq!(perturbed.output_with(1, 0.0)?, 9.0);
/// # Ok::<(), limpid_graph::Error>(())
/// ```
#[derive(Debug)]
pub struct Perturbation<'v, 'g, T: Real> {
    base: &'v Values<'g, T>,
    leaf: NodeId,
    /// The nodes that depend on the leaf, in order.
    downstream: Vec<NodeId>,
    /// Of each of those, and of the leaf, a copy to write in: equal to the base but inside its box.
    scratch: Vec<Vec<T>>,
    boxes: Vec<Option<Region>>,
    /// Whether a kink in the node matters to derivatives.
    watched: Vec<bool>,
    crossed_kink: bool,
}

/// What a graph answers with a step added to one number of a leaf, and with the step subtracted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The first number of the first output with the step added.
    pub plus: f64,
    /// The same with the step subtracted.
    pub minus: f64,
    /// Whether either brings an op to another side of its kink, so that a difference quotient means little.
    pub crosses_kink: bool,
}

/// A box of elements: a range along each axis.
type Region = Vec<Range<usize>>;

impl<'v, 'g, T: Real> Perturbation<'v, 'g, T> {
    /// Makes ready to change numbers of `leaf`.
    ///
    /// # Panics
    /// Where the id is of a larger graph than the one that was run.
    pub fn new(base: &'v Values<'g, T>, leaf: NodeId) -> Self {
        let graph = base.graph();
        let mut reached = vec![false; graph.nodes().len()];
        reached[leaf.index()] = true;
        for (id, node) in graph.nodes() {
            reached[id.index()] |= node.inputs.iter().any(|input| reached[input.index()]);
        }
        let copy = |(id, _): (NodeId, &Node)| match reached[id.index()] {
            true => base.numbers(id).into_owned(),
            false => Vec::new(),
        };
        let is_downstream = |(id, _): &(NodeId, &Node)| reached[id.index()] && *id != leaf;
        Self {
            base,
            leaf,
            downstream: graph.nodes().filter(is_downstream).map(|(id, _)| id).collect(),
            scratch: graph.nodes().map(copy).collect(),
            boxes: vec![None; reached.len()],
            watched: graph.differentiated(),
            crossed_kink: false,
        }
    }

    /// The first number of the graph's first output when the leaf's number at `element` is `value`.
    ///
    /// # Errors
    /// [`Error::Position`] where the changed number is, or becomes, a position that is none.
    ///
    /// # Panics
    /// Where the leaf has no such element, or the graph no output.
    pub fn output_with(&mut self, element: usize, value: T) -> Result<T, Error> {
        self.crossed_kink = false;
        let shape = self.base.shape(self.leaf).to_vec();
        self.scratch[self.leaf.index()][element] = value;
        self.boxes[self.leaf.index()] = Some(unit_box(&shape, element));
        let run = self.downstream.clone().into_iter().try_for_each(|id| self.recompute(id));
        let output = self.base.graph().outputs()[0];
        let answer = self.now(output).first().copied().unwrap_or(T::of(f64::NAN));
        self.restore();
        run.map(|()| answer)
    }

    /// Whether the last change brought an op to another side of its kink, so that a difference quotient over it means
    /// little.
    pub fn crossed_kink(&self) -> bool {
        self.crossed_kink
    }

    fn now(&self, id: NodeId) -> Cow<'_, [T]> {
        match self.boxes[id.index()] {
            Some(_) => Cow::Borrowed(&self.scratch[id.index()]),
            None => self.base.numbers(id),
        }
    }

    fn recompute(&mut self, id: NodeId) -> Result<(), Error> {
        let node = self.base.graph().node(id);
        let Some(region) = self.reached_box(id, node) else { return Ok(()) };
        // The part of each input that the box is computed from; the rest need not be read.
        let parts = self.input_boxes(id, node, &region);
        let shapes: Vec<Vec<usize>> = parts.iter().map(extents).collect();
        let read = |numbers: Cow<'_, [T]>, i: usize| {
            read_box(self.base.shape(node.inputs[i]), &numbers, &parts[i]).into_owned()
        };
        let is_whole = |i: usize| shapes[i] == self.base.shape(node.inputs[i]);
        let inputs: Vec<Cow<'_, [T]>> = (0..node.inputs.len())
            .map(|i| match self.now(node.inputs[i]) {
                whole if is_whole(i) => whole,
                numbers => Cow::Owned(read(numbers, i)),
            })
            .collect();
        let shaped: Vec<(&[usize], &[T])> = shapes.iter().zip(&inputs).map(|(s, v)| (&**s, v.as_ref())).collect();
        let box_shape = extents(&region);
        let values = self.base.value_of_box(id, &shaped, &box_shape)?;
        if self.watched[id.index()] && !self.crossed_kink {
            let before: Vec<Cow<'_, [T]>> = (0..node.inputs.len())
                .map(|i| match self.base.numbers(node.inputs[i]) {
                    whole if is_whole(i) => whole,
                    numbers => Cow::Owned(read(numbers, i)),
                })
                .collect();
            let before: Vec<(&[usize], &[T])> = shapes.iter().zip(&before).map(|(s, v)| (&**s, v.as_ref())).collect();
            let numbers_before = self.base.numbers(id);
            let result_before = read_box(self.base.shape(id), &numbers_before, &region);
            self.crossed_kink = node.op.sides(&shaped, &values) != node.op.sides(&before, &result_before);
        }
        write_box(self.base.shape(id), &mut self.scratch[id.index()], &region, &values);
        self.boxes[id.index()] = Some(region);
        Ok(())
    }

    /// Where the node's value can differ from the base; `None` where nowhere.
    fn reached_box(&self, id: NodeId, node: &Node) -> Option<Region> {
        let input_box = |i: usize| self.boxes[node.inputs[i].index()].as_ref();
        let whole = || self.base.shape(id).iter().map(|&extent| 0..extent).collect::<Region>();
        let changed = (0..node.inputs.len()).filter_map(input_box);
        match &node.op {
            Op::Map(_) | Op::Formula(_) => changed.cloned().reduce(|a, b| union(&a, &b)),
            Op::Reduce(reduce) => {
                let input = input_box(0)?;
                let kept = |(axis, range): (usize, &Range<usize>)| match reduce.axes.contains(&axis) {
                    true => reduce.keep.then_some(0..1),
                    false => Some(range.clone()),
                };
                Some(input.iter().enumerate().filter_map(kept).collect())
            }
            Op::Contract => {
                let mut region = whole();
                let rank = region.len();
                match (input_box(0), input_box(1)) {
                    (None, None) => return None,
                    (Some(left), None) => region[..rank - 1].clone_from_slice(&left[..rank - 1]),
                    (None, Some(right)) => {
                        region[..rank - 2].clone_from_slice(&right[..rank - 2]);
                        region[rank - 1] = right[rank - 1].clone();
                    }
                    (Some(_), Some(_)) => {}
                }
                Some(region)
            }
            Op::Layout(Layout::Permute(axes)) => {
                let input = input_box(0)?;
                Some(axes.iter().map(|&axis| input[axis].clone()).collect())
            }
            Op::Layout(Layout::Broadcast(_)) => {
                let input = input_box(0)?;
                let mut region = whole();
                let new = region.len() - input.len();
                let input_shape = self.base.shape(node.inputs[0]);
                let kept = input.iter().enumerate().filter(|(axis, _)| input_shape[*axis] != 1);
                kept.for_each(|(axis, range)| region[new + axis] = range.clone());
                Some(region)
            }
            Op::Layout(Layout::Reshape(_)) => {
                let input = input_box(0)?;
                Some(reshaped_box(self.base.shape(node.inputs[0]), input, self.base.shape(id)).unwrap_or_else(whole))
            }
            Op::Layout(_) | Op::Index(_) | Op::Leaf(_) => changed.count().gt(&0).then(whole),
        }
    }

    /// What has to be read of each input to compute `region` of the node.
    fn input_boxes(&self, id: NodeId, node: &Node, region: &Region) -> Vec<Region> {
        let whole = |i: usize| self.base.shape(node.inputs[i]).iter().map(|&extent| 0..extent).collect::<Region>();
        let all = || (0..node.inputs.len()).map(whole).collect();
        match &node.op {
            Op::Map(_) | Op::Formula(_) => vec![region.clone(); node.inputs.len()],
            Op::Reduce(reduce) => {
                let mut part = whole(0);
                let kept = (0..part.len()).filter(|axis| reduce.keep || !reduce.axes.contains(axis));
                for (axis, range) in kept.zip(region) {
                    if !reduce.axes.contains(&axis) {
                        part[axis] = range.clone();
                    }
                }
                vec![part]
            }
            Op::Contract => {
                let (mut left, mut right) = (whole(0), whole(1));
                let rank = region.len();
                left[..rank - 1].clone_from_slice(&region[..rank - 1]);
                right[..rank - 2].clone_from_slice(&region[..rank - 2]);
                right[rank - 1] = region[rank - 1].clone();
                vec![left, right]
            }
            Op::Layout(Layout::Permute(axes)) => {
                let mut part = whole(0);
                axes.iter().zip(region).for_each(|(&axis, range)| part[axis] = range.clone());
                vec![part]
            }
            Op::Layout(Layout::Broadcast(_)) => {
                let mut part = whole(0);
                let new = region.len() - part.len();
                let input_shape = self.base.shape(node.inputs[0]);
                let kept = part.iter_mut().enumerate().filter(|(axis, _)| input_shape[*axis] != 1);
                kept.for_each(|(axis, range)| *range = region[new + axis].clone());
                vec![part]
            }
            Op::Layout(Layout::Reshape(_)) => {
                let input_shape = self.base.shape(node.inputs[0]);
                let output_shape = self.base.shape(id).to_vec();
                vec![reshaped_box(&output_shape, region, input_shape).unwrap_or_else(|| whole(0))]
            }
            Op::Layout(_) | Op::Index(_) | Op::Leaf(_) => all(),
        }
    }

    fn restore(&mut self) {
        for id in self.downstream.iter().copied().chain([self.leaf]) {
            let Some(region) = self.boxes[id.index()].take() else { continue };
            let base = self.base.numbers(id);
            let values = read_box(self.base.shape(id), &base, &region);
            write_box(self.base.shape(id), &mut self.scratch[id.index()], &region, &values);
        }
    }
}

impl<'v, 'g> Perturbation<'v, 'g, f64> {
    /// What [`output_with`](Self::output_with) answers with a step added to each number of the leaf, and with the step
    /// subtracted, in order and to the bit, in a small part of the time where the graph keeps the rows of a batch apart.
    ///
    /// ```
    /// use limpid_graph::{Builder, Tensor, interpret};
    /// use limpid_learn::Perturbation;
    ///
    /// let b = Builder::new();
    /// let (x, w) = (b.input("x", (2, 2)), b.input("w", (2, 1)));
    /// let graph = b.finish([x.matmul(w).square().sum_all()])?;
    /// let (x_value, w_value) = (Tensor::from([[1.0, 0.0], [2.0, 0.0]]), Tensor::from([[3.0], [4.0]]));
    /// let run = interpret::<f64>(&graph, &[(x.id(), &x_value), (w.id(), &w_value)])?;
    /// let differences = Perturbation::new(&run, w.id()).differences(1.0)?;
    /// assert_eq!((differences[0].plus, differences[0].minus), (80.0, 20.0)); // 5·4² and 5·2²
    /// assert_eq!((differences[1].plus, differences[1].minus), (45.0, 45.0)); // reaches nothing
    /// # Ok::<(), limpid_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`output_with`](Self::output_with).
    ///
    /// # Panics
    /// Where the graph has no output.
    pub fn differences(&self, step: f64) -> Result<Vec<Difference>, Error> {
        let columns = self.columns(step);
        let all = columns.differences(0..columns.count())?;
        Ok(columns.joined([all]))
    }

    /// The same in parts, for a caller who has several threads, or a better processor than the least.
    pub fn columns(&self, step: f64) -> Columns<'_, 'v, 'g> {
        let plan = Plan::new(self.base, self.leaf, &self.downstream, &self.watched);
        // A product with 0 is left out, which is right only of finite numbers.
        let moved_is_finite = |&x: &f64| (x + step).is_finite() && (x - step).is_finite();
        let plan = plan.filter(|_| self.base.numbers(self.leaf).iter().all(moved_is_finite));
        Columns::new(self, plan, step)
    }

    /// The same for one number of the leaf.
    ///
    /// # Errors
    /// As [`output_with`](Self::output_with).
    ///
    /// # Panics
    /// Where the leaf has no such element, or the graph no output.
    pub fn difference(&mut self, element: usize, step: f64) -> Result<Difference, Error> {
        let number = self.base.numbers(self.leaf)[element];
        let plus = self.output_with(element, number + step)?;
        let plus_crosses = self.crossed_kink;
        let minus = self.output_with(element, number - step)?;
        Ok(Difference { plus, minus, crosses_kink: plus_crosses || self.crossed_kink })
    }
}

fn extents(region: &Region) -> Vec<usize> {
    region.iter().map(ExactSizeIterator::len).collect()
}

fn union(a: &Region, b: &Region) -> Region {
    a.iter().zip(b).map(|(a, b)| a.start.min(b.start)..a.end.max(b.end)).collect()
}

fn unit_box(shape: &[usize], element: usize) -> Region {
    let strides = row_major_strides(shape);
    shape.iter().zip(strides).map(|(&extent, stride)| element / stride % extent).map(|i| i..i + 1).collect()
}

/// The box under another shape, where the shapes differ only by axes of extent 1.
fn reshaped_box(from: &[usize], region: &Region, to: &[usize]) -> Option<Region> {
    let mut ranges = from.iter().zip(region).filter(|(extent, _)| **extent != 1);
    let mut next = |extent: usize| match extent {
        1 => Some(0..1),
        _ => ranges.next().filter(|(from, _)| **from == extent).map(|(_, range)| range.clone()),
    };
    let reshaped: Option<Region> = to.iter().map(|&extent| next(extent)).collect();
    reshaped.filter(|_| ranges.next().is_none())
}

/// The runs of contiguous elements that make up the box: `(start in the whole, length)`.
fn runs(shape: &[usize], region: &Region) -> Vec<(usize, usize)> {
    // Trailing axes that are taken whole make runs longer.
    let whole_from = (0..shape.len()).rev().take_while(|&axis| region[axis] == (0..shape[axis])).last();
    let split = whole_from.unwrap_or(shape.len()).saturating_sub(1);
    let strides = row_major_strides(shape);
    let Some(range) = region.get(split) else { return vec![(0, 1)] };
    let length = range.len() * strides[split];
    let mut starts = vec![range.start * strides[split]];
    for axis in (0..split).rev() {
        starts = region[axis]
            .clone()
            .flat_map(|i| starts.iter().map(move |s| (i, s)))
            .map(|(i, s)| i * strides[axis] + s)
            .collect();
    }
    starts.into_iter().map(|start| (start, length)).collect()
}

fn read_box<'n, T: Copy>(shape: &[usize], numbers: &'n [T], region: &Region) -> Cow<'n, [T]> {
    match runs(shape, region).as_slice() {
        [(start, length)] => Cow::Borrowed(&numbers[*start..start + length]),
        runs => Cow::Owned(runs.iter().flat_map(|&(start, length)| &numbers[start..start + length]).copied().collect()),
    }
}

fn write_box<T: Copy>(shape: &[usize], numbers: &mut [T], region: &Region, values: &[T]) {
    let mut from = 0;
    for (start, length) in runs(shape, region) {
        numbers[start..start + length].copy_from_slice(&values[from..from + length]);
        from += length;
    }
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Graph, Tensor, interpret};

    use super::*;

    /// A graph with every kind of box in it.
    fn everything() -> (Graph, Vec<Tensor>) {
        let b = Builder::new();
        let (x, w, v, t) = (b.input("x", (5, 4)), b.input("w", (4, 3)), b.input("v", 3), b.input("t", 5));
        let hidden = (x.matmul(w) + v).relu();
        let wide = hidden.concat([hidden.slice(1, 1..3).pad(1, 0, 1)], 1);
        let folded = (wide.transpose() * wide.transpose().max_keep(0)).sum(0) + wide.min([0, 1]).tanh();
        let picked = hidden.gather(0, t).reshape((5, 3, 1)).broadcast_to((5, 3, 2)).mean([0, 2]);
        let loss =
            hidden.softmax_cross_entropy(v.argmax(0).broadcast_to(5)) + folded.sum_all() + (picked * v).sum_all();
        let number = |i: usize| ((i * 37 + 11) % 23) as f64 / 11.0 - 1.0;
        let feed = |count: usize, shape: &[usize]| {
            Tensor::from((0..count).map(number).collect::<Vec<_>>()).reshaped(shape).unwrap()
        };
        let feeds = vec![feed(20, &[5, 4]), feed(12, &[4, 3]), feed(3, &[3]), Tensor::from([4.0, 0.0, 0.0, 2.0, 1.0])];
        (b.finish([loss]).unwrap(), feeds)
    }

    #[test]
    fn a_changed_number_gives_the_bits_of_a_whole_run() {
        let (graph, feeds) = everything();
        let ids: Vec<NodeId> = graph.inputs().map(|(id, _)| id).collect();
        let pairs: Vec<(NodeId, &Tensor)> = ids.iter().copied().zip(&feeds).collect();
        let base = interpret::<f64>(&graph, &pairs).unwrap();
        for (which, &leaf) in ids.iter().enumerate().take(3) {
            let mut perturbed = Perturbation::new(&base, leaf);
            for element in 0..feeds[which].len() {
                for change in [0.3, -1.7] {
                    let mut numbers = feeds[which].to_f64();
                    numbers[element] += change;
                    let found = perturbed.output_with(element, numbers[element]).unwrap();
                    let changed = Tensor::from(numbers).reshaped(feeds[which].shape()).unwrap();
                    let mut pairs = pairs.clone();
                    pairs[which].1 = &changed;
                    let whole = interpret::<f64>(&graph, &pairs).unwrap();
                    let wanted = whole.numbers(graph.outputs()[0])[0];
                    assert_eq!(found.to_bits(), wanted.to_bits(), "leaf {which} element {element}");
                    assert_eq!(
                        perturbed.crossed_kink(),
                        whole.sides() != base.sides(),
                        "leaf {which} element {element}"
                    );
                }
            }
        }
    }
}

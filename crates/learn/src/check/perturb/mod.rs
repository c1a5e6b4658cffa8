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

pub use columns::Columns;
use limpid_graph::map::Real;
use limpid_graph::op::{AxisMap, IndexBox, row_major_strides};
use limpid_graph::{Error, Node, NodeId, Op, Values};
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
    /// How the axes of the inputs of each of those relate to its own.
    axes: Vec<Vec<AxisMap>>,
    /// Of each of those, and of the leaf, a copy to write in: equal to the base but inside its box.
    scratch: Vec<Vec<T>>,
    changed: Vec<Option<IndexBox>>,
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
        let downstream: Vec<NodeId> = graph.nodes().filter(is_downstream).map(|(id, _)| id).collect();
        let axes = |&id: &NodeId| {
            let inputs: Vec<&[usize]> = graph.node(id).inputs.iter().map(|&input| base.shape(input)).collect();
            graph.node(id).op.axes(&inputs, base.shape(id))
        };
        Self {
            base,
            leaf,
            axes: downstream.iter().map(axes).collect(),
            downstream,
            scratch: graph.nodes().map(copy).collect(),
            changed: vec![None; reached.len()],
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
        self.changed[self.leaf.index()] = Some(IndexBox::of_element(&shape, element));
        let run = (0..self.downstream.len()).try_for_each(|at| self.recompute(at));
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
        match self.changed[id.index()] {
            Some(_) => Cow::Borrowed(&self.scratch[id.index()]),
            None => self.base.numbers(id),
        }
    }

    fn recompute(&mut self, at: usize) -> Result<(), Error> {
        let id = self.downstream[at];
        let Some(part) = self.changed_part(at) else { return Ok(()) };
        let node = self.base.graph().node(id);
        // The rest of each input need not be read.
        let needed: Vec<IndexBox> = self.axes[at].iter().map(|map| map.needs(&part)).collect();
        let now: Vec<Cow<'_, [T]>> =
            (0..needed.len()).map(|i| self.read(node, i, &needed[i], self.now(node.inputs[i]))).collect();
        let inputs: Vec<(&IndexBox, &[T])> = needed.iter().zip(now.iter().map(AsRef::as_ref)).collect();
        let values = self.base.value_of_part(id, &part, &inputs)?;
        if self.watched[id.index()] && !self.crossed_kink {
            let shapes: Vec<Vec<usize>> = needed.iter().map(IndexBox::shape).collect();
            let shaped = |numbers: &[Cow<'_, [T]>], result: &[T]| {
                let inputs: Vec<(&[usize], &[T])> =
                    shapes.iter().zip(numbers).map(|(s, v)| (&**s, v.as_ref())).collect();
                node.op.sides(&inputs, result)
            };
            let base = |i: usize| self.read(node, i, &needed[i], self.base.numbers(node.inputs[i]));
            let before: Vec<Cow<'_, [T]>> = (0..needed.len()).map(base).collect();
            let result_before = self.base.numbers(id);
            let result_before = read_part(self.base.shape(id), &result_before, &part);
            self.crossed_kink = shaped(&now, &values) != shaped(&before, &result_before);
        }
        write_part(self.base.shape(id), &mut self.scratch[id.index()], &part, &values);
        self.changed[id.index()] = Some(part);
        Ok(())
    }

    /// Input `which` of the node, of which `numbers` are all, in this part.
    fn read<'n>(&self, node: &Node, which: usize, part: &IndexBox, numbers: Cow<'n, [T]>) -> Cow<'n, [T]> {
        let shape = self.base.shape(node.inputs[which]);
        match part.shape() == shape {
            true => numbers,
            false => Cow::Owned(read_part(shape, &numbers, part).into_owned()),
        }
    }

    /// Where the value can differ from the base; `None` where nowhere.
    fn changed_part(&self, at: usize) -> Option<IndexBox> {
        let node = self.base.graph().node(self.downstream[at]);
        // A position is checked even where no number stands at it.
        let is_checked = matches!(node.op, Op::Index(_));
        let reached = node.inputs.iter().zip(&self.axes[at]).filter_map(|(input, map)| {
            let changed = self.changed[input.index()].as_ref().filter(|part| !part.is_empty())?;
            Some(map.reaches(changed)).filter(|part| is_checked || !part.is_empty())
        });
        reached.reduce(|a, b| a.union(&b))
    }

    fn restore(&mut self) {
        for id in self.downstream.iter().copied().chain([self.leaf]) {
            let Some(part) = self.changed[id.index()].take() else { continue };
            let base = self.base.numbers(id);
            let values = read_part(self.base.shape(id), &base, &part);
            write_part(self.base.shape(id), &mut self.scratch[id.index()], &part, &values);
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

/// The runs of contiguous elements that make up the part: `(start in the whole, length)`.
fn runs(shape: &[usize], part: &IndexBox) -> Vec<(usize, usize)> {
    let part = part.ranges();
    // Trailing axes that are taken whole make runs longer.
    let whole_from = (0..shape.len()).rev().take_while(|&axis| part[axis] == (0..shape[axis])).last();
    let split = whole_from.unwrap_or(shape.len()).saturating_sub(1);
    let strides = row_major_strides(shape);
    let Some(range) = part.get(split) else { return vec![(0, 1)] };
    let length = range.len() * strides[split];
    let mut starts = vec![range.start * strides[split]];
    for axis in (0..split).rev() {
        starts = part[axis]
            .clone()
            .flat_map(|i| starts.iter().map(move |s| (i, s)))
            .map(|(i, s)| i * strides[axis] + s)
            .collect();
    }
    starts.into_iter().map(|start| (start, length)).collect()
}

fn read_part<'n, T: Copy>(shape: &[usize], numbers: &'n [T], part: &IndexBox) -> Cow<'n, [T]> {
    match runs(shape, part).as_slice() {
        [(start, length)] => Cow::Borrowed(&numbers[*start..start + length]),
        runs => Cow::Owned(runs.iter().flat_map(|&(start, length)| &numbers[start..start + length]).copied().collect()),
    }
}

fn write_part<T: Copy>(shape: &[usize], numbers: &mut [T], part: &IndexBox, values: &[T]) {
    let mut from = 0;
    for (start, length) in runs(shape, part) {
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

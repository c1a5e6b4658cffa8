//! In which order, and as how much of each value, a leaf's perturbations are computed.

use limpid_graph::{Layout, Node, NodeId, Op, Values};

/// How much of a node's value a perturbed number of the leaf changes, as far as the plan knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Changed rows, in one column.
    Column,
    /// Changed rows, each whole.
    Rows,
    /// All of it.
    Whole,
}

/// The order in which the values that depend on a leaf are computed.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) leaf: NodeId,
    pub(super) entry: Entry,
    /// How many rows there are, and how many columns the entry has.
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) slots: Vec<Slot>,
    pub(super) row_steps: Vec<Step>,
    /// Values that leave the row-wise part: from this slot to that.
    pub(super) gathers: Vec<(usize, usize)>,
    pub(super) whole_steps: Vec<Step>,
    /// The slot of the graph's first output.
    pub(super) output: usize,
}

/// How the leaf's numbers reach the rows.
#[derive(Debug)]
pub(super) enum Entry {
    /// As the right side of a matrix product with this.
    Product(NodeId),
    /// Each number in all rows of its column.
    Spread,
}

/// A value that is recomputed.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) node: NodeId,
    pub(super) reach: Reach,
    /// How many numbers it has: of one row, or of all.
    pub(super) width: usize,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) to: usize,
    pub(super) kind: Kind,
    pub(super) inputs: Vec<Input>,
    /// Whether it has a kink that matters.
    pub(super) watched: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// The node's op.
    Op,
    /// A row made whole from its changed column.
    Widen,
    /// A product whose left side changes in one column.
    ColumnProduct,
    /// A product whose left side changes in whole rows.
    RowsProduct,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Input {
    /// A value that is recomputed.
    Slot(usize),
    /// A value that does not depend on the leaf.
    Base(NodeId),
}

impl Plan {
    /// The plan for the values that depend on `leaf`; `None` where the leaf, or a value that depends on it, does not keep
    /// rows apart in a way known here.
    pub(super) fn new(base: &Values<'_, f64>, leaf: NodeId, downstream: &[NodeId], watched: &[bool]) -> Option<Self> {
        let graph = base.graph();
        let readers = || downstream.iter().filter(|&&id| graph.node(id).inputs.contains(&leaf));
        let (&first, 1) = (readers().next()?, readers().count()) else { return None };
        let node = graph.node(first);
        let &[rows, columns] = base.shape(first) else { return None };
        let entry = match node.op {
            Op::Contract if node.inputs[0] != leaf => Entry::Product(node.inputs[0]),
            Op::Layout(Layout::Broadcast(_)) if base.shape(leaf) == [columns] => Entry::Spread,
            _ => return None,
        };
        if downstream.iter().any(|&id| base.shape(id).contains(&0)) || base.shape(leaf).contains(&0) {
            return None;
        }
        let entry_slot = Slot { node: first, reach: Reach::Column, width: 1 };
        let slots = vec![entry_slot];
        let (row_steps, whole_steps) = (Vec::new(), Vec::new());
        let gathers = Vec::new();
        let mut plan = Self { leaf, entry, rows, columns, slots, row_steps, gathers, whole_steps, output: 0 };
        for &id in downstream.iter().filter(|&&id| id != first) {
            plan.add(base, id, watched[id.index()])?;
        }
        let output = graph.outputs()[0];
        plan.slot(output, Reach::Column).or(plan.slot(output, Reach::Rows)).or(plan.slot(output, Reach::Whole))?;
        plan.output = plan.in_reach(base, output, Reach::Whole)?;
        Some(plan)
    }

    fn slot(&self, node: NodeId, reach: Reach) -> Option<usize> {
        self.slots.iter().position(|slot| slot.node == node && slot.reach == reach)
    }

    /// The reach in which the node is computed first; `None` where it does not change.
    fn reach(&self, node: NodeId) -> Option<Reach> {
        self.slots.iter().find(|slot| slot.node == node).map(|slot| slot.reach)
    }

    /// Adds the computation of a node.
    fn add(&mut self, base: &Values<'_, f64>, id: NodeId, watched: bool) -> Option<()> {
        let node = base.graph().node(id);
        let widest = node.inputs.iter().filter_map(|&input| self.reach(input)).max()?;
        let (reach, kind) = match &node.op {
            Op::Index(_) | Op::Random(_) | Op::Leaf(_) => return None,
            // Where an extreme's place changes is not noted here.
            Op::Reduce(reduce) if watched && reduce.monoid.picks_one() => return None,
            Op::Map(_) | Op::Formula(_) => (widest, Kind::Op),
            Op::Contract
                if widest < Reach::Whole && self.reach(node.inputs[1]).is_none() && base.shape(id).len() == 2 =>
            {
                (Reach::Rows, if widest == Reach::Column { Kind::ColumnProduct } else { Kind::RowsProduct })
            }
            Op::Reduce(_) | Op::Layout(_) if widest < Reach::Whole && keeps_rows(base, node, id) => {
                (Reach::Rows, Kind::Op)
            }
            Op::Window(_) if widest < Reach::Whole && keeps_rows(base, node, id) => (Reach::Rows, Kind::Op),
            Op::Reduce(_) | Op::Contract | Op::Layout(_) | Op::Window(_) => (Reach::Whole, Kind::Op),
        };
        let read_as = if matches!(kind, Kind::ColumnProduct) { Reach::Column } else { reach };
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &input in &node.inputs {
            inputs.push(match self.reach(input) {
                Some(_) => Input::Slot(self.in_reach(base, input, read_as)?),
                None => Input::Base(input),
            });
        }
        let watched = watched && matches!(&node.op, Op::Map(_) | Op::Formula(_)) && !is_smooth(node);
        let to = self.new_slot(base, id, reach);
        let steps = if reach == Reach::Whole { &mut self.whole_steps } else { &mut self.row_steps };
        steps.push(Step { to, kind, inputs, watched });
        Some(())
    }

    fn new_slot(&mut self, base: &Values<'_, f64>, node: NodeId, reach: Reach) -> usize {
        let all = base.shape(node).iter().product::<usize>();
        let width = match reach {
            Reach::Column => 1,
            Reach::Rows => all / self.rows,
            Reach::Whole => all,
        };
        self.slots.push(Slot { node, reach, width });
        self.slots.len() - 1
    }

    /// The slot that holds this much of the node, made where there is none; `None` where it cannot be had any more.
    fn in_reach(&mut self, base: &Values<'_, f64>, node: NodeId, reach: Reach) -> Option<usize> {
        if let Some(slot) = self.slot(node, reach) {
            return Some(slot);
        }
        match reach {
            Reach::Column => None,
            Reach::Rows => {
                let inputs = vec![Input::Slot(self.slot(node, Reach::Column)?), Input::Base(node)];
                let to = self.new_slot(base, node, reach);
                self.row_steps.push(Step { to, kind: Kind::Widen, inputs, watched: false });
                Some(to)
            }
            Reach::Whole => {
                let from = self.in_reach(base, node, Reach::Rows)?;
                let to = self.new_slot(base, node, reach);
                self.gathers.push((from, to));
                Some(to)
            }
        }
    }

    /// How many columns the leaf's numbers stand in, which are worked on apart.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// Whether a changed row of an input changes that row of the node and no other.
fn keeps_rows(base: &Values<'_, f64>, node: &Node, id: NodeId) -> bool {
    let inputs: Vec<&[usize]> = node.inputs.iter().map(|&input| base.shape(input)).collect();
    node.op.axes(&inputs, base.shape(id)).iter().all(|map| map.same_output(0) == Some(0))
}

fn is_smooth(node: &Node) -> bool {
    matches!(&node.op, Op::Map(op) if op.info().smooth)
}

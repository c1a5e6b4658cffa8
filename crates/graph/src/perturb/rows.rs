//! Every number of a leaf moved up and down, many at a time.
//!
//! A network treats the rows of a batch alike and apart, until a loss brings them together. So what a moved weight
//! changes is a list of rows: those whose input beside the weight is not 0. In a row all weights of one column change
//! the same numbers, which makes them companions: eight moved numbers ride in one [`Lanes`], through the interpreter's
//! own ops, up to where the rows meet. From there on eight moved numbers have the whole of each value in lanes.
//!
//! In a matrix product the sum up to the changed term is kept, and the terms behind it are added one after the other,
//! as in a whole run. Terms with a factor 0 leave such a sum as it is, since it never is −0. So every answer has the
//! bits of a whole run.

use std::borrow::Cow;
use std::ops::Range;

use super::Around;
use super::lanes::{Lanes, WIDTH};
use crate::graph::{Node, NodeId};
use crate::interpret::Values;
use crate::map::Lane;
use crate::op::{Layout, Monoid, Op, contract};

/// How many numbers of a leaf ride in one [`Lanes`], each moved up in one lane and down in the next.
const RIDERS: usize = WIDTH / 2;
/// How many [`Lanes`] go through the row-wise steps at a time, so that what lies between steps stays in the cache.
const GROUPS: usize = 16;

/// What is known of a node's value in a run with a number of the leaf moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Changed rows, in one column.
    Column,
    /// Changed rows, each whole.
    Rows,
    /// All of it.
    Whole,
}

/// The order in which the values behind a leaf are computed.
#[derive(Debug)]
pub(super) struct RowPlan {
    leaf: NodeId,
    entry: Entry,
    /// How many rows there are, and how many columns the entry has.
    rows: usize,
    columns: usize,
    slots: Vec<Slot>,
    row_steps: Vec<Step>,
    /// Values that leave the row-wise part: from this slot to that.
    gathers: Vec<(usize, usize)>,
    whole_steps: Vec<Step>,
    /// The slot of the graph's first output.
    output: usize,
}

/// How the leaf's numbers reach the rows.
#[derive(Debug)]
enum Entry {
    /// As the right side of a matrix product with this.
    Product(NodeId),
    /// Each number in all rows of its column.
    Spread,
}

/// A value that is recomputed.
#[derive(Debug)]
struct Slot {
    node: NodeId,
    form: Form,
    /// How many numbers it has: of one row, or of all.
    width: usize,
}

#[derive(Debug)]
struct Step {
    to: usize,
    kind: Kind,
    inputs: Vec<Input>,
    /// Whether it has a kink that matters.
    watched: bool,
}

#[derive(Debug)]
enum Kind {
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
enum Input {
    /// What was recomputed.
    Slot(usize),
    /// What the leaf does not reach.
    Base(NodeId),
}

impl RowPlan {
    /// The plan for what lies behind `leaf`; nothing where the leaf or something behind it does not keep rows apart in
    /// a way known here.
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
        let entry_slot = Slot { node: first, form: Form::Column, width: 1 };
        let slots = vec![entry_slot];
        let (row_steps, whole_steps) = (Vec::new(), Vec::new());
        let gathers = Vec::new();
        let mut plan = Self { leaf, entry, rows, columns, slots, row_steps, gathers, whole_steps, output: 0 };
        for &id in downstream.iter().filter(|&&id| id != first) {
            plan.add(base, id, watched[id.index()])?;
        }
        let output = graph.outputs()[0];
        plan.slot(output, Form::Column).or(plan.slot(output, Form::Rows)).or(plan.slot(output, Form::Whole))?;
        plan.output = plan.in_form(base, output, Form::Whole)?;
        Some(plan)
    }

    fn slot(&self, node: NodeId, form: Form) -> Option<usize> {
        self.slots.iter().position(|slot| slot.node == node && slot.form == form)
    }

    /// The first form in which the node is computed; nothing where it does not change.
    fn form(&self, node: NodeId) -> Option<Form> {
        self.slots.iter().find(|slot| slot.node == node).map(|slot| slot.form)
    }

    /// Adds the computation of a node.
    fn add(&mut self, base: &Values<'_, f64>, id: NodeId, watched: bool) -> Option<()> {
        let node = base.graph().node(id);
        let widest = node.inputs.iter().filter_map(|&input| self.form(input)).max()?;
        let (form, kind) = match &node.op {
            Op::Index(_) | Op::Leaf(_) => return None,
            // Where an extreme's place changes is not noted here.
            Op::Reduce(reduce) if watched && reduce.monoid != Monoid::Sum => return None,
            Op::Map(_) | Op::Formula(_) => (widest, Kind::Op),
            Op::Contract
                if widest < Form::Whole && self.form(node.inputs[1]).is_none() && base.shape(id).len() == 2 =>
            {
                (Form::Rows, if widest == Form::Column { Kind::ColumnProduct } else { Kind::RowsProduct })
            }
            _ if widest < Form::Whole && keeps_rows(base, node, id) => (Form::Rows, Kind::Op),
            _ => (Form::Whole, Kind::Op),
        };
        let read_as = if matches!(kind, Kind::ColumnProduct) { Form::Column } else { form };
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for &input in &node.inputs {
            inputs.push(match self.form(input) {
                Some(_) => Input::Slot(self.in_form(base, input, read_as)?),
                None => Input::Base(input),
            });
        }
        let watched = watched && matches!(&node.op, Op::Map(_) | Op::Formula(_)) && !is_smooth(node);
        let to = self.new_slot(base, id, form);
        let steps = if form == Form::Whole { &mut self.whole_steps } else { &mut self.row_steps };
        steps.push(Step { to, kind, inputs, watched });
        Some(())
    }

    fn new_slot(&mut self, base: &Values<'_, f64>, node: NodeId, form: Form) -> usize {
        let all = base.shape(node).iter().product::<usize>();
        let width = match form {
            Form::Column => 1,
            Form::Rows => all / self.rows,
            Form::Whole => all,
        };
        self.slots.push(Slot { node, form, width });
        self.slots.len() - 1
    }

    /// The slot that has the node in this form, made where there is none; nothing where a form is lost.
    fn in_form(&mut self, base: &Values<'_, f64>, node: NodeId, form: Form) -> Option<usize> {
        if let Some(slot) = self.slot(node, form) {
            return Some(slot);
        }
        match form {
            Form::Column => None,
            Form::Rows => {
                let inputs = vec![Input::Slot(self.slot(node, Form::Column)?), Input::Base(node)];
                let to = self.new_slot(base, node, form);
                self.row_steps.push(Step { to, kind: Kind::Widen, inputs, watched: false });
                Some(to)
            }
            Form::Whole => {
                let from = self.in_form(base, node, Form::Rows)?;
                let to = self.new_slot(base, node, form);
                self.gathers.push((from, to));
                Some(to)
            }
        }
    }

    /// Runs with each number of the leaf moved by `step`, up and down.
    pub(super) fn run(&self, base: &Values<'_, f64>, step: f64) -> Vec<Around> {
        let whole = base.numbers(base.graph().outputs()[0])[0];
        let count = base.shape(self.leaf).iter().product();
        let mut run =
            Run::new(self, base, step, vec![Around { ahead: whole, behind: whole, crosses_kink: false }; count]);
        for column in 0..self.columns {
            run.column(column);
        }
        run.answers
    }
}

/// Whether a changed row of the input changes that row of the node and no other.
fn keeps_rows(base: &Values<'_, f64>, node: &Node, id: NodeId) -> bool {
    let (input, output) = (base.shape(node.inputs[0]), base.shape(id));
    match &node.op {
        Op::Reduce(reduce) => !reduce.axes.contains(&0),
        Op::Layout(Layout::Permute(axes)) => axes[0] == 0,
        Op::Layout(Layout::Broadcast(_)) => input.len() == output.len() && input[0] == output[0],
        Op::Layout(Layout::Reshape(_)) => input.first() == output.first(),
        Op::Layout(Layout::Slice { axis, .. } | Layout::Pad { axis, .. } | Layout::Concat { axis }) => *axis != 0,
        _ => false,
    }
}

fn is_smooth(node: &Node) -> bool {
    matches!(&node.op, Op::Map(op) if op.info().smooth)
}

/// One run over all numbers of a leaf.
struct Run<'r, 'g> {
    plan: &'r RowPlan,
    base: &'r Values<'g, f64>,
    step: f64,
    answers: Vec<Around>,
    leaf: Vec<f64>,
    /// Of each row, which numbers of a column reach it and what they are multiplied with.
    terms: Vec<Vec<(usize, f64)>>,
    /// Of each number of a column, which rows it reaches, and the how manieth there it is.
    reached: Vec<Vec<(usize, usize)>>,
    /// The numbers of a column that reach a row at all.
    riders: Vec<usize>,
    /// Where each row's lanes begin among those of all rows.
    starts: Vec<usize>,
    /// The first product's changed column, of all rows.
    entered: Vec<Lanes>,
    slots: Vec<Vec<Lanes>>,
    /// What leaves the row-wise part, of all rows.
    kept: Vec<Vec<Lanes>>,
    /// Of each row-wise step, what its inputs are where nothing changes.
    numbers: Vec<Vec<Cow<'r, [f64]>>>,
    /// Of each row-wise step, what is not recomputed, of one row and repeated.
    row_bases: Vec<Vec<Vec<Lanes>>>,
    whole_bases: Vec<Vec<Vec<Lanes>>>,
    /// Of each value that is gathered, what it is where nothing changes.
    gathered_bases: Vec<Vec<Lanes>>,
    /// Of each row-wise step, for products: the sums before the changed term, and the terms behind it, by column.
    sums: Vec<Sums>,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    before: Vec<f64>,
    factors: Vec<f64>,
    behind: Vec<f64>,
}

impl<'r, 'g> Run<'r, 'g> {
    fn new(plan: &'r RowPlan, base: &'r Values<'g, f64>, step: f64, answers: Vec<Around>) -> Self {
        let terms: Vec<Vec<(usize, f64)>> = match plan.entry {
            Entry::Product(left) => {
                let numbers = base.numbers(left);
                let row = |row: &[f64]| row.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect();
                numbers.chunks_exact(numbers.len() / plan.rows).map(row).collect()
            }
            Entry::Spread => vec![vec![(0, 1.0)]; plan.rows],
        };
        let mut reached = vec![Vec::new(); answers.len() / plan.columns];
        let mut starts = vec![0];
        for (row, terms) in terms.iter().enumerate() {
            terms.iter().enumerate().for_each(|(at, &(number, _))| reached[number].push((row, at)));
            starts.push(starts[row] + terms.len().div_ceil(RIDERS));
        }
        let splat = |id: NodeId| -> Vec<Lanes> { base.numbers(id).iter().map(|&x| Lanes::of(x)).collect() };
        let whole_bases = plan.whole_steps.iter().map(|step| {
            let base = |input: &Input| match input {
                Input::Base(id) => splat(*id),
                Input::Slot(slot) if step.watched => splat(plan.slots[*slot].node),
                Input::Slot(_) => Vec::new(),
            };
            step.inputs.iter().map(base).collect()
        });
        let total = starts[plan.rows];
        let numbers = |step: &Step| {
            let node = |input: &Input| match input {
                Input::Base(node) => *node,
                Input::Slot(slot) => plan.slots[*slot].node,
            };
            step.inputs.iter().map(|input| base.numbers(node(input))).collect()
        };
        Self {
            whole_bases: whole_bases.collect(),
            gathered_bases: plan.gathers.iter().map(|&(from, _)| splat(plan.slots[from].node)).collect(),
            kept: plan.gathers.iter().map(|&(from, _)| vec![Lanes::of(0.0); total * plan.slots[from].width]).collect(),
            row_bases: plan.row_steps.iter().map(|step| vec![Vec::new(); step.inputs.len()]).collect(),
            sums: vec![Sums::default(); plan.row_steps.len()],
            slots: vec![Vec::new(); plan.slots.len()],
            entered: vec![Lanes::of(0.0); total],
            riders: (0..reached.len()).filter(|&number| !reached[number].is_empty()).collect(),
            numbers: plan.row_steps.iter().map(numbers).collect(),
            leaf: base.numbers(plan.leaf).into_owned(),
            plan,
            base,
            step,
            answers,
            terms,
            reached,
            starts,
        }
    }

    /// All numbers of the leaf that enter by this column.
    fn column(&mut self, column: usize) {
        for row in 0..self.plan.rows {
            self.enter(row, column);
            self.prepare(row, column);
            for start in (self.starts[row]..self.starts[row + 1]).step_by(GROUPS) {
                self.run_rows(row, column, start..self.starts[row + 1].min(start + GROUPS));
            }
        }
        let riders = std::mem::take(&mut self.riders);
        riders.chunks(RIDERS).for_each(|riders| self.run_whole(riders, column));
        self.riders = riders;
    }

    fn element(&self, number: usize, column: usize) -> usize {
        number * self.plan.columns + column
    }

    /// The entry's changed numbers of one row.
    fn enter(&mut self, row: usize, column: usize) {
        let terms = &self.terms[row];
        let out = &mut self.entered[self.starts[row]..self.starts[row + 1]];
        let moved = |number: usize| {
            let x = self.leaf[number * self.plan.columns + column];
            [x + self.step, x - self.step]
        };
        if let Entry::Spread = self.plan.entry {
            let [ahead, behind] = moved(0);
            out[0] = Lanes::of(ahead);
            out[0].0[1] = behind;
            return;
        }
        let products: Vec<f64> =
            terms.iter().map(|&(number, x)| x * self.leaf[number * self.plan.columns + column]).collect();
        let mut sum = 0.0;
        for (group, out) in out.iter_mut().enumerate() {
            let start = group * RIDERS;
            let end = terms.len().min(start + RIDERS);
            *out = Lanes::of(sum);
            for at in start..end {
                let (number, x) = terms[at];
                let [ahead, behind] = moved(number);
                let lanes = &mut out.0;
                // Those that joined before add this term as it is.
                lanes[..2 * (at - start)].iter_mut().for_each(|lane| *lane += products[at]);
                lanes[2 * (at - start)] = sum + x * ahead;
                lanes[2 * (at - start) + 1] = sum + x * behind;
                sum += products[at];
            }
        }
        for (pair, out) in out.chunks_exact_mut(2).enumerate() {
            let at = |groups: usize| terms.len().min((2 * pair + groups) * RIDERS);
            let first = add_each(out[0], &products[at(1)..at(2)]);
            (out[0], out[1]) = add_each_to_both(first, out[1], &products[at(2)..]);
        }
    }

    /// What the row-wise steps need of one row beside what changes.
    fn prepare(&mut self, row: usize, column: usize) {
        for (index, step) in self.plan.row_steps.iter().enumerate() {
            match step.kind {
                Kind::ColumnProduct => self.prepare_product(index, row, column),
                Kind::RowsProduct => {}
                Kind::Op | Kind::Widen => self.prepare_inputs(index, row, column),
            }
        }
    }

    fn prepare_inputs(&mut self, index: usize, row: usize, column: usize) {
        let step = &self.plan.row_steps[index];
        for (at, input) in step.inputs.iter().enumerate() {
            if matches!(input, Input::Slot(_)) && !step.watched {
                continue;
            }
            let numbers = &self.numbers[index][at];
            let numbers = match self.plan.slots[step.to].form {
                Form::Column => &numbers[row * self.plan.columns + column..][..1],
                _ => &numbers[row * (numbers.len() / self.plan.rows)..][..numbers.len() / self.plan.rows],
            };
            let repeated = &mut self.row_bases[index][at];
            repeated.clear();
            for _ in 0..GROUPS {
                repeated.extend(numbers.iter().map(|&x| Lanes::of(x)));
            }
        }
    }

    fn prepare_product(&mut self, index: usize, row: usize, column: usize) {
        let step = &self.plan.row_steps[index];
        let sums = &mut self.sums[index];
        let [left, right] = self.numbers[index].as_slice() else { return };
        let width = self.plan.slots[step.to].width;
        let left = &left[row * self.plan.columns..][..self.plan.columns];
        sums.before.clear();
        sums.factors.clear();
        sums.behind.clear();
        for to in 0..width {
            let term = |k: usize| left[k] * right[k * width + to];
            sums.before.push((0..column).fold(0.0, |sum, k| sum + term(k)));
            sums.factors.push(right[column * width + to]);
            sums.behind.extend((column + 1..left.len()).map(term));
        }
    }

    /// The row-wise steps, for some lanes of one row.
    fn run_rows(&mut self, row: usize, column: usize, lanes: Range<usize>) {
        let groups = lanes.len();
        self.slots[0].clear();
        self.slots[0].extend_from_slice(&self.entered[lanes.clone()]);
        for (index, step) in self.plan.row_steps.iter().enumerate() {
            let slot = &self.plan.slots[step.to];
            let mut out = std::mem::take(&mut self.slots[step.to]);
            out.resize(groups * slot.width, Lanes::of(0.0));
            let input = |at: usize| -> &[Lanes] {
                match step.inputs[at] {
                    Input::Slot(slot) => &self.slots[slot],
                    Input::Base(_) => &self.row_bases[index][at][..self.row_bases[index][at].len() / GROUPS * groups],
                }
            };
            match step.kind {
                Kind::Widen => {
                    out.copy_from_slice(input(1));
                    out.iter_mut().skip(column).step_by(slot.width).zip(input(0)).for_each(|(out, &x)| *out = x);
                }
                Kind::ColumnProduct => column_product(&self.sums[index], input(0), &mut out),
                Kind::RowsProduct => rows_product(&self.numbers[index][1], slot.width, input(0), &mut out),
                Kind::Op => {
                    let node = self.base.graph().node(slot.node);
                    let inputs: Vec<&[Lanes]> = (0..step.inputs.len()).map(input).collect();
                    let shape_of = |&id: &NodeId| {
                        let mut shape = self.base.shape(id).to_vec();
                        shape[0] = groups;
                        shape
                    };
                    match slot.form {
                        Form::Column => evaluate(node, &inputs, |_| Vec::new(), &[], &mut out),
                        _ => evaluate(node, &inputs, |i| shape_of(&node.inputs[i]), &shape_of(&slot.node), &mut out),
                    }
                    if step.watched {
                        let before: Vec<&[Lanes]> =
                            self.row_bases[index].iter().map(|base| &base[..base.len() / GROUPS * groups]).collect();
                        let first = (lanes.start - self.starts[row]) * RIDERS;
                        for (at, lane) in crossings(node, &inputs, &before) {
                            let rider = first + at / slot.width % groups * RIDERS + lane / 2;
                            if let Some(&(number, _)) = self.terms[row].get(rider) {
                                self.answers[number * self.plan.columns + column].crosses_kink = true;
                            }
                        }
                    }
                }
            }
            self.slots[step.to] = out;
        }
        for (&(from, _), kept) in self.plan.gathers.iter().zip(&mut self.kept) {
            let width = self.plan.slots[from].width;
            kept[lanes.start * width..lanes.end * width].copy_from_slice(&self.slots[from]);
        }
    }

    /// The steps behind the rows, for as many numbers of the leaf as ride in one [`Lanes`].
    fn run_whole(&mut self, riders: &[usize], column: usize) {
        for (which, &(from, to)) in self.plan.gathers.iter().enumerate() {
            let width = self.plan.slots[from].width;
            self.slots[to].clear();
            self.slots[to].extend_from_slice(&self.gathered_bases[which]);
            for (seat, &number) in riders.iter().enumerate() {
                for &(row, at) in &self.reached[number] {
                    let from = &self.kept[which][(self.starts[row] + at / RIDERS) * width..][..width];
                    let to = &mut self.slots[to][row * width..][..width];
                    for (to, from) in to.iter_mut().zip(from) {
                        let pair = at % RIDERS * 2;
                        to.0[2 * seat..2 * seat + 2].copy_from_slice(&from.0[pair..pair + 2]);
                    }
                }
            }
        }
        for (index, step) in self.plan.whole_steps.iter().enumerate() {
            let slot = &self.plan.slots[step.to];
            let mut out = std::mem::take(&mut self.slots[step.to]);
            out.resize(slot.width, Lanes::of(0.0));
            let input = |at: usize| -> &[Lanes] {
                match step.inputs[at] {
                    Input::Slot(slot) => &self.slots[slot],
                    Input::Base(_) => &self.whole_bases[index][at],
                }
            };
            let node = self.base.graph().node(slot.node);
            let inputs: Vec<&[Lanes]> = (0..step.inputs.len()).map(input).collect();
            let shape = self.base.shape(slot.node);
            evaluate(node, &inputs, |i| self.base.shape(node.inputs[i]).to_vec(), shape, &mut out);
            if step.watched {
                let before: Vec<&[Lanes]> = self.whole_bases[index].iter().map(Vec::as_slice).collect();
                for (_, lane) in crossings(node, &inputs, &before) {
                    if let Some(&number) = riders.get(lane / 2) {
                        self.answers[number * self.plan.columns + column].crosses_kink = true;
                    }
                }
            }
            self.slots[step.to] = out;
        }
        let answers = self.slots[self.plan.output][0].0;
        for (&number, pair) in riders.iter().zip(answers.as_chunks::<2>().0) {
            let element = self.element(number, column);
            [self.answers[element].ahead, self.answers[element].behind] = *pair;
        }
    }
}

/// Adds each of `terms`, one after the other.
#[inline(always)]
fn add_each(mut sum: Lanes, terms: &[f64]) -> Lanes {
    for &term in terms {
        sum = sum + Lanes::of(term);
    }
    sum
}

/// The same for two, so that one addition need not wait for the other.
#[inline(always)]
fn add_each_to_both(mut a: Lanes, mut b: Lanes, terms: &[f64]) -> (Lanes, Lanes) {
    for &term in terms {
        a = a + Lanes::of(term);
        b = b + Lanes::of(term);
    }
    (a, b)
}

fn column_product(sums: &Sums, left: &[Lanes], out: &mut [Lanes]) {
    let width = sums.before.len();
    let behind = sums.behind.len() / width;
    for (to, (&before, &factor)) in sums.before.iter().zip(&sums.factors).enumerate() {
        let terms = &sums.behind[to * behind..(to + 1) * behind];
        let begun = |x: Lanes| Lanes::of(before) + x * Lanes::of(factor);
        let (pairs, rest) = left.as_chunks::<2>();
        for (pair, &[a, b]) in pairs.iter().enumerate() {
            let (a, b) = add_each_to_both(begun(a), begun(b), terms);
            out[2 * pair * width + to] = a;
            out[(2 * pair + 1) * width + to] = b;
        }
        for &a in rest {
            out[2 * pairs.len() * width + to] = add_each(begun(a), terms);
        }
    }
}

fn rows_product(right: &[f64], width: usize, left: &[Lanes], out: &mut [Lanes]) {
    let inner = right.len() / width;
    for (left, out) in left.chunks_exact(inner).zip(out.chunks_exact_mut(width)) {
        out.fill(Lanes::of(0.0));
        for (&a, right) in left.iter().zip(right.chunks_exact(width)) {
            out.iter_mut().zip(right).for_each(|(out, &b)| *out = *out + a * Lanes::of(b));
        }
    }
}

/// The reference value of a node in lanes.
fn evaluate(
    node: &Node,
    inputs: &[&[Lanes]],
    shape_of: impl Fn(usize) -> Vec<usize>,
    shape: &[usize],
    out: &mut Vec<Lanes>,
) {
    match &node.op {
        Op::Map(op) => op.apply(inputs, out),
        Op::Formula(formula) => *out = formula.values(inputs),
        Op::Reduce(reduce) => *out = reduce.value(&shape_of(0), inputs[0]),
        Op::Contract => *out = contract::value(&shape_of(0), inputs[0], &shape_of(1), inputs[1]),
        Op::Layout(layout) => {
            let shapes: Vec<Vec<usize>> = (0..inputs.len()).map(shape_of).collect();
            let inputs: Vec<(&[usize], &[Lanes])> =
                shapes.iter().map(Vec::as_slice).zip(inputs.iter().copied()).collect();
            *out = layout.value(&inputs, shape);
        }
        Op::Index(_) | Op::Leaf(_) => unreachable!("a plan has neither"),
    }
}

/// Which elements and lanes of a node with kinks are on another side than before. The element counts on where a formula
/// has several kinks.
fn crossings(node: &Node, now: &[&[Lanes]], before: &[&[Lanes]]) -> Vec<(usize, usize)> {
    let kinks = |inputs: &[&[Lanes]]| match &node.op {
        Op::Map(op) => op.kinks(inputs).unwrap_or_default(),
        Op::Formula(formula) => formula.kinks(inputs),
        _ => Vec::new(),
    };
    let side = |x: f64| (0.0 < x, x < 0.0);
    let mut crossed = Vec::new();
    for (at, (now, before)) in kinks(now).iter().zip(kinks(before)).enumerate() {
        crossed.extend((0..WIDTH).filter(|&lane| side(now.0[lane]) != side(before.0[lane])).map(|lane| (at, lane)));
    }
    crossed
}

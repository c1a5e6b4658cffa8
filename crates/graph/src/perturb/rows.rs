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
use super::lanes::{Lanes, Number, WIDTH};
use crate::graph::{Node, NodeId};
use crate::interpret::Values;
use crate::op::{Layout, Monoid, Op};

/// How many numbers of a leaf ride in one [`Lanes`], each moved up in one lane and down in the next.
const RIDERS: usize = WIDTH / 2;
/// How many [`Lanes`] go through the row-wise steps at a time, so that what lies between steps stays in the cache.
const GROUPS: usize = 16;
/// How many sums grow side by side, so that an addition need not wait for the one before it.
const CHAINS: usize = 4;
const ZERO: Lanes = [Number(0.0); WIDTH];

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

    /// How many columns the leaf's numbers stand in, which are worked on apart.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Runs with each number of these columns moved by `step`, up and down; answers row by row.
    #[inline(always)]
    pub(super) fn run(&self, base: &Values<'_, f64>, step: f64, columns: Range<usize>) -> Vec<Around> {
        let mut run = Run::new(self, base, step, columns.clone());
        for column in columns {
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

/// One run over the numbers of a leaf in some columns.
struct Run<'r, 'g> {
    plan: &'r RowPlan,
    base: &'r Values<'g, f64>,
    step: f64,
    columns: Range<usize>,
    answers: Vec<Around>,
    leaf: Cow<'r, [f64]>,
    /// The leaf's numbers in the column at hand.
    weights: Vec<f64>,
    /// What they contribute to the row at hand.
    products: Vec<f64>,
    /// Of each row, which numbers of a column reach it and what they are multiplied with.
    terms: Vec<Vec<(usize, f64)>>,
    /// Of each number of a column, which rows it reaches, and the how manieth there it is.
    reached: Vec<Vec<(usize, usize)>>,
    /// The numbers of a column that reach a row at all.
    riders: Vec<usize>,
    /// Where each row's lanes begin among those of all rows.
    starts: Vec<usize>,
    /// The first product's changed column, of one row.
    entered: Vec<Lanes>,
    slots: Vec<Vec<Lanes>>,
    /// What leaves the row-wise part, of all rows.
    kept: Vec<Vec<Lanes>>,
    /// Of each row-wise step, what its inputs are where nothing changes.
    numbers: Vec<Vec<Cow<'r, [f64]>>>,
    /// The same, of one row and in lanes, as far as it is asked for.
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
    fn new(plan: &'r RowPlan, base: &'r Values<'g, f64>, step: f64, columns: Range<usize>) -> Self {
        let terms: Vec<Vec<(usize, f64)>> = match plan.entry {
            Entry::Product(left) => {
                let numbers = base.numbers(left);
                let row = |row: &[f64]| row.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect();
                numbers.chunks_exact(numbers.len() / plan.rows).map(row).collect()
            }
            Entry::Spread => vec![vec![(0, 1.0)]; plan.rows],
        };
        let leaf = base.numbers(plan.leaf);
        let mut reached = vec![Vec::new(); leaf.len() / plan.columns];
        let mut starts = vec![0];
        for (row, terms) in terms.iter().enumerate() {
            terms.iter().enumerate().for_each(|(at, &(number, _))| reached[number].push((row, at)));
            starts.push(starts[row] + terms.len().div_ceil(RIDERS));
        }
        let splat = |id: NodeId| base.numbers(id).iter().map(|&x| [Number(x); WIDTH]).collect::<Vec<_>>();
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
        let room = |slot: &Slot| vec![ZERO; if slot.form == Form::Whole { 1 } else { GROUPS } * slot.width];
        let whole = base.numbers(base.graph().outputs()[0])[0];
        let untouched = Around { ahead: whole, behind: whole, crosses_kink: false };
        Self {
            answers: vec![untouched; reached.len() * columns.len()],
            whole_bases: whole_bases.collect(),
            gathered_bases: plan.gathers.iter().map(|&(from, _)| splat(plan.slots[from].node)).collect(),
            kept: plan.gathers.iter().map(|&(from, _)| vec![ZERO; total * plan.slots[from].width]).collect(),
            row_bases: plan.row_steps.iter().map(|step| vec![Vec::new(); step.inputs.len()]).collect(),
            sums: vec![Sums::default(); plan.row_steps.len()],
            slots: plan.slots.iter().map(room).collect(),
            entered: Vec::new(),
            riders: (0..reached.len()).filter(|&number| !reached[number].is_empty()).collect(),
            numbers: plan.row_steps.iter().map(numbers).collect(),
            weights: Vec::new(),
            products: Vec::new(),
            leaf,
            plan,
            base,
            step,
            columns,
            terms,
            reached,
            starts,
        }
    }

    /// All numbers of the leaf that enter by this column.
    #[inline(always)]
    fn column(&mut self, column: usize) {
        self.weights.clear();
        self.weights.extend(self.leaf.iter().skip(column).step_by(self.plan.columns));
        for row in 0..self.plan.rows {
            self.enter(row);
            self.prepare(row, column);
            let groups = self.entered.len();
            for start in (0..groups).step_by(GROUPS) {
                self.run_rows(row, column, start..groups.min(start + GROUPS));
            }
        }
        let riders = std::mem::take(&mut self.riders);
        for riders in riders.chunks(RIDERS) {
            self.run_whole(riders, column);
        }
        self.riders = riders;
    }

    fn answer(&mut self, number: usize, column: usize) -> &mut Around {
        &mut self.answers[number * self.columns.len() + column - self.columns.start]
    }

    /// The entry's changed numbers of one row.
    #[inline(always)]
    fn enter(&mut self, row: usize) {
        let terms = &self.terms[row];
        let (out, products) = (&mut self.entered, &mut self.products);
        out.clear();
        out.resize(terms.len().div_ceil(RIDERS), ZERO);
        let moved = |number: usize| [self.weights[number] + self.step, self.weights[number] - self.step];
        if let Entry::Spread = self.plan.entry {
            let [ahead, behind] = moved(0);
            out[0] = [Number(ahead); WIDTH];
            out[0][1] = Number(behind);
            return;
        }
        products.clear();
        products.extend(terms.iter().map(|&(number, x)| x * self.weights[number]));
        let mut sum = 0.0;
        for (group, lanes) in out.iter_mut().enumerate() {
            let start = group * RIDERS;
            *lanes = [Number(sum); WIDTH];
            for at in start..terms.len().min(start + RIDERS) {
                let (number, x) = terms[at];
                let [ahead, behind] = moved(number);
                // Those that joined before add this term as it is.
                for lane in &mut lanes[..2 * (at - start)] {
                    lane.0 += products[at];
                }
                lanes[2 * (at - start)] = Number(sum + x * ahead);
                lanes[2 * (at - start) + 1] = Number(sum + x * behind);
                sum += products[at];
            }
        }
        let from = |group: usize| &products[products.len().min(group * RIDERS)..];
        let (chains, rest) = out.as_chunks_mut::<CHAINS>();
        for (which, chains) in chains.iter_mut().enumerate() {
            let first = which * CHAINS;
            for (group, lanes) in chains.iter_mut().enumerate() {
                let own = from(first + group + 1);
                add_each([lanes], &own[..own.len() - from(first + CHAINS).len()]);
            }
            add_each(chains.each_mut(), from(first + CHAINS));
        }
        let first = products.len().div_ceil(RIDERS) - rest.len();
        for (group, lanes) in rest.iter_mut().enumerate() {
            add_each([lanes], from(first + group + 1));
        }
    }

    /// What the row-wise steps need of one row beside what changes.
    #[inline(always)]
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
            let lanes = &mut self.row_bases[index][at];
            lanes.clear();
            lanes.extend(numbers.iter().map(|&x| [Number(x); WIDTH]));
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
    #[inline(always)]
    fn run_rows(&mut self, row: usize, column: usize, lanes: Range<usize>) {
        let groups = lanes.len();
        self.slots[0][..groups].copy_from_slice(&self.entered[lanes.clone()]);
        for (index, step) in self.plan.row_steps.iter().enumerate() {
            let width = self.plan.slots[step.to].width;
            let mut slot = std::mem::take(&mut self.slots[step.to]);
            let out = &mut slot[..groups * width];
            let read = |slot: usize| &self.slots[slot][..groups * self.plan.slots[slot].width];
            match (&step.kind, step.inputs.as_slice()) {
                (Kind::Widen, &[Input::Slot(from), _]) => {
                    for (out, &lanes) in out.chunks_exact_mut(width).zip(read(from)) {
                        out.copy_from_slice(&self.row_bases[index][1]);
                        out[column] = lanes;
                    }
                }
                (Kind::ColumnProduct, &[Input::Slot(from), _]) => {
                    column_product(&self.sums[index], read(from), out);
                }
                (Kind::RowsProduct, &[Input::Slot(from), _]) => {
                    rows_product(&self.numbers[index][1], width, read(from), out);
                }
                _ => self.run_op(index, row, column, lanes.clone(), out),
            }
            self.slots[step.to] = slot;
        }
        let start = self.starts[row];
        for (&(from, _), kept) in self.plan.gathers.iter().zip(&mut self.kept) {
            let width = self.plan.slots[from].width;
            kept[(start + lanes.start) * width..(start + lanes.end) * width]
                .copy_from_slice(&self.slots[from][..groups * width]);
        }
    }

    /// A row-wise step that is its node's op.
    #[inline(always)]
    fn run_op(&mut self, index: usize, row: usize, column: usize, lanes: Range<usize>, out: &mut [Lanes]) {
        let step = &self.plan.row_steps[index];
        let slot = &self.plan.slots[step.to];
        let node = self.base.graph().node(slot.node);
        // What does not change is there for one group, so that such steps go group by group.
        let is_alone = step.watched || step.inputs.iter().any(|input| matches!(input, Input::Base(_)));
        let groups = if is_alone { 1 } else { lanes.len() };
        for (at, out) in out.chunks_exact_mut(groups * slot.width).enumerate() {
            let input = |which: usize| match step.inputs[which] {
                Input::Slot(from) => {
                    let width = self.plan.slots[from].width * groups;
                    &self.slots[from][at * width..(at + 1) * width]
                }
                Input::Base(_) => self.row_bases[index][which].as_slice(),
            };
            let inputs = Inputs::of(step.inputs.len(), input);
            evaluate(self.base, slot.node, inputs.as_slice(), (slot.form == Form::Rows).then_some(groups), out);
            if step.watched {
                let before = Inputs::of(step.inputs.len(), |which| self.row_bases[index][which].as_slice());
                for lane in crossings(node, inputs.as_slice(), before.as_slice()) {
                    if let Some(&(number, _)) = self.terms[row].get((lanes.start + at) * RIDERS + lane / 2) {
                        let place = number * self.columns.len() + column - self.columns.start;
                        self.answers[place].crosses_kink = true;
                    }
                }
            }
        }
    }

    /// The steps behind the rows, for as many numbers of the leaf as ride together.
    #[inline(always)]
    fn run_whole(&mut self, riders: &[usize], column: usize) {
        for (which, &(from, to)) in self.plan.gathers.iter().enumerate() {
            let width = self.plan.slots[from].width;
            self.slots[to].copy_from_slice(&self.gathered_bases[which]);
            for (seat, &number) in riders.iter().enumerate() {
                for &(row, at) in &self.reached[number] {
                    let from = &self.kept[which][(self.starts[row] + at / RIDERS) * width..][..width];
                    let to = &mut self.slots[to][row * width..][..width];
                    let pair = at % RIDERS * 2;
                    for (to, from) in to.iter_mut().zip(from) {
                        to[2 * seat] = from[pair];
                        to[2 * seat + 1] = from[pair + 1];
                    }
                }
            }
        }
        for (index, step) in self.plan.whole_steps.iter().enumerate() {
            let slot = &self.plan.slots[step.to];
            let node = self.base.graph().node(slot.node);
            let mut out = std::mem::take(&mut self.slots[step.to]);
            let input = |which: usize| match step.inputs[which] {
                Input::Slot(slot) => self.slots[slot].as_slice(),
                Input::Base(_) => self.whole_bases[index][which].as_slice(),
            };
            let inputs = Inputs::of(step.inputs.len(), input);
            evaluate(self.base, slot.node, inputs.as_slice(), None, &mut out);
            if step.watched {
                let before = Inputs::of(step.inputs.len(), |which| self.whole_bases[index][which].as_slice());
                for lane in crossings(node, inputs.as_slice(), before.as_slice()) {
                    if let Some(&number) = riders.get(lane / 2) {
                        let place = number * self.columns.len() + column - self.columns.start;
                        self.answers[place].crosses_kink = true;
                    }
                }
            }
            self.slots[step.to] = out;
        }
        let answers = self.slots[self.plan.output][0];
        for (&number, &[ahead, behind]) in riders.iter().zip(answers.as_chunks::<2>().0) {
            let answer = self.answer(number, column);
            (answer.ahead, answer.behind) = (ahead.0, behind.0);
        }
    }
}

/// The inputs of a step. Few have more than three, and those few need no list of their own.
enum Inputs<'i> {
    Few([&'i [Lanes]; 3], usize),
    Many(Vec<&'i [Lanes]>),
}

impl<'i> Inputs<'i> {
    #[inline(always)]
    fn of(count: usize, input: impl Fn(usize) -> &'i [Lanes]) -> Self {
        match count {
            0..=3 => {
                let mut few: [&[Lanes]; 3] = [&[]; 3];
                for (which, few) in few[..count].iter_mut().enumerate() {
                    *few = input(which);
                }
                Self::Few(few, count)
            }
            _ => Self::Many((0..count).map(input).collect()),
        }
    }

    #[inline(always)]
    fn as_slice(&self) -> &[&'i [Lanes]] {
        match self {
            Self::Few(few, count) => &few[..*count],
            Self::Many(many) => many,
        }
    }
}

/// Adds each of `terms` to each of the sums, one after the other.
#[inline(always)]
fn add_each<const N: usize>(sums: [&mut Lanes; N], terms: &[f64]) {
    let mut grown = [ZERO; N];
    for which in 0..N {
        grown[which] = *sums[which];
    }
    for &term in terms {
        for sum in &mut grown {
            for lane in sum {
                lane.0 += term;
            }
        }
    }
    for (sum, grown) in sums.into_iter().zip(grown) {
        *sum = grown;
    }
}

#[inline(always)]
fn column_product(sums: &Sums, left: &[Lanes], out: &mut [Lanes]) {
    let width = sums.before.len();
    let behind = sums.behind.len() / width;
    for to in 0..width {
        let (before, factor) = (sums.before[to], sums.factors[to]);
        let terms = &sums.behind[to * behind..(to + 1) * behind];
        let begun = |x: &Lanes| {
            let mut sum = *x;
            for lane in &mut sum {
                lane.0 = before + lane.0 * factor;
            }
            sum
        };
        let (chains, rest) = left.as_chunks::<CHAINS>();
        for (at, [a, b, c, d]) in chains.iter().enumerate() {
            let mut grown = [begun(a), begun(b), begun(c), begun(d)];
            add_each(grown.each_mut(), terms);
            for (group, sum) in grown.into_iter().enumerate() {
                out[(at * CHAINS + group) * width + to] = sum;
            }
        }
        for (group, lanes) in rest.iter().enumerate() {
            let mut sum = begun(lanes);
            add_each([&mut sum], terms);
            out[(chains.len() * CHAINS + group) * width + to] = sum;
        }
    }
}

#[inline(always)]
fn rows_product(right: &[f64], width: usize, left: &[Lanes], out: &mut [Lanes]) {
    let inner = right.len() / width;
    for (left, out) in left.chunks_exact(inner).zip(out.chunks_exact_mut(width)) {
        out.fill(ZERO);
        for (a, right) in left.iter().zip(right.chunks_exact(width)) {
            for (out, b) in out.iter_mut().zip(right) {
                for lane in 0..WIDTH {
                    out[lane].0 += a[lane].0 * b;
                }
            }
        }
    }
}

/// A matrix product both of whose sides are in lanes; each element adds its products in order.
fn product(left_shape: &[usize], left: &[Lanes], right_shape: &[usize], right: &[Lanes], out: &mut [Lanes]) {
    let (&[.., rows, inner], &[.., columns]) = (left_shape, right_shape) else { return };
    for (at, out) in out.iter_mut().enumerate() {
        let (row, column) = (at / columns, at % columns);
        *out = ZERO;
        for k in 0..inner {
            let (a, b) = (&left[row * inner + k], &right[(row / rows * inner + k) * columns + column]);
            for lane in 0..WIDTH {
                out[lane].0 += a[lane].0 * b[lane].0;
            }
        }
    }
}

/// The reference value of a node in lanes, of all of it or of as many rows.
#[inline(always)]
fn evaluate(base: &Values<'_, f64>, id: NodeId, inputs: &[&[Lanes]], rows: Option<usize>, out: &mut [Lanes]) {
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
            let inputs: Vec<(&[usize], &[Lanes])> =
                shapes.iter().map(Vec::as_slice).zip(inputs.iter().copied()).collect();
            layout.write(&inputs, &shape_of(base.shape(id)), ZERO, out);
        }
        Op::Index(_) | Op::Leaf(_) => unreachable!("a plan has neither"),
    }
}

/// In which lanes a kink of a node is on another side than before.
fn crossings(node: &Node, now: &[&[Lanes]], before: &[&[Lanes]]) -> Vec<usize> {
    let kinks = |inputs: &[&[Lanes]]| {
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

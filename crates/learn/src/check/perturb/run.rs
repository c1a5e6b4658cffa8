//! Running a plan: a step is added to each number of a leaf, and subtracted, for many numbers at a time.
//!
//! A network computes each row of a batch in the same way and independently, until a loss combines them. So a changed
//! weight affects some rows: those whose factor for the weight is not 0. In a row, all weights of one column affect the
//! same numbers. Therefore the perturbations of several weights of a column are packed into one [`Packed`], and go
//! through the interpreter's own ops together, up to where the rows are combined. From there on each value is computed
//! whole, for several packed perturbations at once.
//!
//! In a matrix product the sum before the changed term is kept, and the terms after it are added one after the other,
//! as in a whole run. Terms with a factor 0 leave such a sum as it is, since it never is −0. So every answer has the
//! bits of a whole run.

use std::borrow::Cow;
use std::ops::Range;

use limpid_graph::{NodeId, Values};

use super::Difference;
use super::evaluate::{Inputs, crossings, evaluate};
use super::packed::{Number, Packed, WIDTH, ZERO};
use super::plan::{Entry, Input, Kind, Plan, Reach, Slot, Step};
use super::products::{CHAINS, Sums, add_each, column_product, rows_product};

/// How many numbers of a leaf are perturbed in one [`Packed`]: one lane has the step added, the next has it subtracted.
const PAIRS: usize = WIDTH / 2;
/// How many [`Packed`] go through the row-wise steps at a time, so that the values between steps stay in the cache.
const GROUPS: usize = 16;
/// One run over the numbers of a leaf in some columns.
pub(super) struct Run<'r, 'g> {
    plan: &'r Plan,
    base: &'r Values<'g, f64>,
    step: f64,
    columns: Range<usize>,
    pub(super) answers: Vec<Difference>,
    leaf: Cow<'r, [f64]>,
    /// The leaf's numbers in the column at hand.
    weights: Vec<f64>,
    /// Their terms in the row at hand.
    products: Vec<f64>,
    /// Of each row, the numbers of a column that affect it, and the factor of each.
    terms: Vec<Vec<(usize, f64)>>,
    /// Of each number of a column, the rows that it affects, and its place among the terms of each.
    reached: Vec<Vec<(usize, usize)>>,
    /// The numbers of a column that affect a row at all.
    affecting: Vec<usize>,
    /// Where each row's perturbations begin among those of all rows.
    starts: Vec<usize>,
    /// The first product's changed column, of one row.
    entered: Vec<Packed>,
    slots: Vec<Vec<Packed>>,
    /// The values that leave the row-wise part, of all rows.
    kept: Vec<Vec<Packed>>,
    /// Of each row-wise step, its inputs where nothing changes.
    numbers: Vec<Vec<Cow<'r, [f64]>>>,
    /// The same, of one row and packed, as far as it is needed.
    row_bases: Vec<Vec<Vec<Packed>>>,
    whole_bases: Vec<Vec<Vec<Packed>>>,
    /// Each value that is gathered, where nothing changes.
    gathered_bases: Vec<Vec<Packed>>,
    /// Of each row-wise step, for products: the sums before the changed term, and the terms after it, by column.
    sums: Vec<Sums>,
}

impl Plan {
    /// Runs with each number of these columns moved by `step`, up and down; answers row by row.
    #[inline(always)]
    pub(super) fn run(&self, base: &Values<'_, f64>, step: f64, columns: Range<usize>) -> Vec<Difference> {
        let mut run = Run::new(self, base, step, columns.clone());
        for column in columns {
            run.column(column);
        }
        run.answers
    }
}

impl<'r, 'g> Run<'r, 'g> {
    fn new(plan: &'r Plan, base: &'r Values<'g, f64>, step: f64, columns: Range<usize>) -> Self {
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
            starts.push(starts[row] + terms.len().div_ceil(PAIRS));
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
        let room = |slot: &Slot| vec![ZERO; if slot.reach == Reach::Whole { 1 } else { GROUPS } * slot.width];
        let whole = base.numbers(base.graph().outputs()[0])[0];
        let untouched = Difference { plus: whole, minus: whole, crosses_kink: false };
        Self {
            answers: vec![untouched; reached.len() * columns.len()],
            whole_bases: whole_bases.collect(),
            gathered_bases: plan.gathers.iter().map(|&(from, _)| splat(plan.slots[from].node)).collect(),
            kept: plan.gathers.iter().map(|&(from, _)| vec![ZERO; total * plan.slots[from].width]).collect(),
            row_bases: plan.row_steps.iter().map(|step| vec![Vec::new(); step.inputs.len()]).collect(),
            sums: vec![Sums::default(); plan.row_steps.len()],
            slots: plan.slots.iter().map(room).collect(),
            entered: Vec::new(),
            affecting: (0..reached.len()).filter(|&number| !reached[number].is_empty()).collect(),
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
    pub(super) fn column(&mut self, column: usize) {
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
        let affecting = std::mem::take(&mut self.affecting);
        for numbers in affecting.chunks(PAIRS) {
            self.run_whole(numbers, column);
        }
        self.affecting = affecting;
    }

    fn answer(&mut self, number: usize, column: usize) -> &mut Difference {
        &mut self.answers[number * self.columns.len() + column - self.columns.start]
    }

    /// The entry's changed numbers of one row.
    #[inline(always)]
    fn enter(&mut self, row: usize) {
        let terms = &self.terms[row];
        let (out, products) = (&mut self.entered, &mut self.products);
        out.clear();
        out.resize(terms.len().div_ceil(PAIRS), ZERO);
        let moved = |number: usize| [self.weights[number] + self.step, self.weights[number] - self.step];
        if let Entry::Spread = self.plan.entry {
            let [plus, minus] = moved(0);
            out[0] = [Number(plus); WIDTH];
            out[0][1] = Number(minus);
            return;
        }
        products.clear();
        products.extend(terms.iter().map(|&(number, x)| x * self.weights[number]));
        let mut sum = 0.0;
        for (group, packed) in out.iter_mut().enumerate() {
            let start = group * PAIRS;
            *packed = [Number(sum); WIDTH];
            for at in start..terms.len().min(start + PAIRS) {
                let (number, x) = terms[at];
                let [plus, minus] = moved(number);
                // Those that joined before add this term as it is.
                for lane in &mut packed[..2 * (at - start)] {
                    lane.0 += products[at];
                }
                packed[2 * (at - start)] = Number(sum + x * plus);
                packed[2 * (at - start) + 1] = Number(sum + x * minus);
                sum += products[at];
            }
        }
        let from = |group: usize| &products[products.len().min(group * PAIRS)..];
        let (chains, rest) = out.as_chunks_mut::<CHAINS>();
        for (which, chains) in chains.iter_mut().enumerate() {
            let first = which * CHAINS;
            for (group, packed) in chains.iter_mut().enumerate() {
                let own = from(first + group + 1);
                add_each([packed], &own[..own.len() - from(first + CHAINS).len()]);
            }
            add_each(chains.each_mut(), from(first + CHAINS));
        }
        let first = products.len().div_ceil(PAIRS) - rest.len();
        for (group, packed) in rest.iter_mut().enumerate() {
            add_each([packed], from(first + group + 1));
        }
    }

    /// Prepares the inputs of the row-wise steps that do not change, for one row.
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
            let numbers = match self.plan.slots[step.to].reach {
                Reach::Column => &numbers[row * self.plan.columns + column..][..1],
                _ => &numbers[row * (numbers.len() / self.plan.rows)..][..numbers.len() / self.plan.rows],
            };
            let packed = &mut self.row_bases[index][at];
            packed.clear();
            packed.extend(numbers.iter().map(|&x| [Number(x); WIDTH]));
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
        sums.after.clear();
        for to in 0..width {
            let term = |k: usize| left[k] * right[k * width + to];
            sums.before.push((0..column).fold(0.0, |sum, k| sum + term(k)));
            sums.factors.push(right[column * width + to]);
            sums.after.extend((column + 1..left.len()).map(term));
        }
    }

    /// The row-wise steps, for some packed numbers of one row.
    #[inline(always)]
    fn run_rows(&mut self, row: usize, column: usize, packed: Range<usize>) {
        let groups = packed.len();
        self.slots[0][..groups].copy_from_slice(&self.entered[packed.clone()]);
        for (index, step) in self.plan.row_steps.iter().enumerate() {
            let width = self.plan.slots[step.to].width;
            let mut slot = std::mem::take(&mut self.slots[step.to]);
            let out = &mut slot[..groups * width];
            let read = |slot: usize| &self.slots[slot][..groups * self.plan.slots[slot].width];
            match (&step.kind, step.inputs.as_slice()) {
                (Kind::Widen, &[Input::Slot(from), _]) => {
                    for (out, &packed) in out.chunks_exact_mut(width).zip(read(from)) {
                        out.copy_from_slice(&self.row_bases[index][1]);
                        out[column] = packed;
                    }
                }
                (Kind::ColumnProduct, &[Input::Slot(from), _]) => {
                    column_product(&self.sums[index], read(from), out);
                }
                (Kind::RowsProduct, &[Input::Slot(from), _]) => {
                    rows_product(&self.numbers[index][1], width, read(from), out);
                }
                _ => self.run_op(index, row, column, packed.clone(), out),
            }
            self.slots[step.to] = slot;
        }
        let start = self.starts[row];
        for (&(from, _), kept) in self.plan.gathers.iter().zip(&mut self.kept) {
            let width = self.plan.slots[from].width;
            kept[(start + packed.start) * width..(start + packed.end) * width]
                .copy_from_slice(&self.slots[from][..groups * width]);
        }
    }

    /// A row-wise step that is its node's op.
    #[inline(always)]
    fn run_op(&mut self, index: usize, row: usize, column: usize, packed: Range<usize>, out: &mut [Packed]) {
        let step = &self.plan.row_steps[index];
        let slot = &self.plan.slots[step.to];
        let node = self.base.graph().node(slot.node);
        // Inputs that do not change are there for one group, so such steps go group by group.
        let is_alone = step.watched || step.inputs.iter().any(|input| matches!(input, Input::Base(_)));
        let groups = if is_alone { 1 } else { packed.len() };
        for (at, out) in out.chunks_exact_mut(groups * slot.width).enumerate() {
            let input = |which: usize| match step.inputs[which] {
                Input::Slot(from) => {
                    let width = self.plan.slots[from].width * groups;
                    &self.slots[from][at * width..(at + 1) * width]
                }
                Input::Base(_) => self.row_bases[index][which].as_slice(),
            };
            let inputs = Inputs::of(step.inputs.len(), input);
            evaluate(self.base, slot.node, inputs.as_slice(), (slot.reach == Reach::Rows).then_some(groups), out);
            if step.watched {
                let before = Inputs::of(step.inputs.len(), |which| self.row_bases[index][which].as_slice());
                for lane in crossings(node, inputs.as_slice(), before.as_slice()) {
                    if let Some(&(number, _)) = self.terms[row].get((packed.start + at) * PAIRS + lane / 2) {
                        let place = number * self.columns.len() + column - self.columns.start;
                        self.answers[place].crosses_kink = true;
                    }
                }
            }
        }
    }

    /// The steps after the rows, for as many numbers of the leaf as are packed together.
    #[inline(always)]
    fn run_whole(&mut self, numbers: &[usize], column: usize) {
        for (which, &(from, to)) in self.plan.gathers.iter().enumerate() {
            let width = self.plan.slots[from].width;
            self.slots[to].copy_from_slice(&self.gathered_bases[which]);
            for (pair, &number) in numbers.iter().enumerate() {
                for &(row, at) in &self.reached[number] {
                    let from = &self.kept[which][(self.starts[row] + at / PAIRS) * width..][..width];
                    let to = &mut self.slots[to][row * width..][..width];
                    let kept = at % PAIRS * 2;
                    for (to, from) in to.iter_mut().zip(from) {
                        to[2 * pair] = from[kept];
                        to[2 * pair + 1] = from[kept + 1];
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
                    if let Some(&number) = numbers.get(lane / 2) {
                        let place = number * self.columns.len() + column - self.columns.start;
                        self.answers[place].crosses_kink = true;
                    }
                }
            }
            self.slots[step.to] = out;
        }
        let answers = self.slots[self.plan.output][0];
        for (&number, &[plus, minus]) in numbers.iter().zip(answers.as_chunks::<2>().0) {
            let answer = self.answer(number, column);
            (answer.plus, answer.minus) = (plus.0, minus.0);
        }
    }
}

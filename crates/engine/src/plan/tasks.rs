//! Tasks: into how many parts each kind of step is cut, so that several threads may work on it at the same time.
//!
//! A cut follows from the kind of step and its sizes alone, never from the number of threads. It goes through the result:
//! what one task makes, no other task touches, and each number is computed as if there were one task. Only products that
//! are cut along k have partial results, in a number that their sizes give, added up in a fixed order.

use super::{Filter, Limits, ListPlan, Plan, StepKind, Value, ValueId};
use crate::kernels::convolution::winograd;
use crate::kernels::product::{self, Sizes};
use crate::kernels::{Level, arrange};
use crate::numbers::LINE;

/// How a step is cut: task t makes the units from `t · units` on, `units` of them. What a unit is depends on the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) tasks: usize,
    pub(super) units: usize,
}

impl Cut {
    /// A step that counts its tasks by itself.
    fn of(tasks: usize) -> Self {
        Self { tasks: tasks.max(1), units: usize::MAX }
    }

    /// Units of so many numbers, a multiple of `grain` of them for each task.
    fn evenly(units: usize, numbers: usize, grain: usize, (large, each, most): (usize, usize, usize)) -> Self {
        let all = units.saturating_mul(numbers);
        if all < large || units < 2 {
            return Self::of(1);
        }
        // An even number, so that two threads get as much each.
        let wanted = (all / each.max(1)).clamp(2, most.max(2)).next_multiple_of(2);
        let grain = if units < wanted * grain { 1 } else { grain };
        let units_a_task = units.div_ceil(wanted).next_multiple_of(grain);
        Self { tasks: units.div_ceil(units_a_task), units: units_a_task }
    }
}

/// How a step of this kind is cut, which writes these values.
pub(super) fn cut(
    kind: &StepKind,
    writes: &[ValueId],
    (values, lists): (&[Value], &[ListPlan]),
    (level, limits): (Level, &Limits),
) -> Cut {
    let Some(to) = writes.first().map(|&to| &values[to]) else { return Cut::of(1) };
    let moved = (limits.large_move, limits.moved, limits.most_parts);
    match kind {
        StepKind::Fusion(fusion) => Cut::of(fusion.tasks()),
        StepKind::Product(product) if product.k_a_task < product.sizes.k => Cut::of(writes.len()),
        StepKind::Product(product) => {
            let chunks = product::panels(level, product.sizes.n).div_ceil(product.panels_a_task).max(1);
            Cut::of(product.sizes.m.div_ceil(product.rows_a_task) * chunks)
        }
        // A unit is a row of any of the results.
        &StepKind::Products { batch, m, k, n, .. } => Cut::evenly(
            batch * m,
            k * n,
            1,
            (limits.large_product, limits.large_product / limits.tasks, limits.most_parts),
        ),
        // A unit is a row of places; what is made together stays so.
        StepKind::Filter { filter: Filter { convolution: of, method, .. }, .. } => {
            let (together, of_row) = (of.rows_together(*method), of.places[1] * of.window() * of.filters);
            let each = (limits.banded, limits.large_product / limits.tasks, limits.most_parts);
            let Cut { tasks, units } = Cut::evenly(of.places[0].div_ceil(together), of_row * together, 1, each);
            Cut { tasks, units: units.saturating_mul(together) }
        }
        StepKind::List { list, .. } => Cut::of(lists[*list].parts.len()),
        StepKind::SparseProduct { list, n, by_panels, .. } | StepKind::SparseGradient { list, n, by_panels, .. } => {
            Cut::of(if *by_panels { n.div_ceil(limits.sparse_panel) } else { lists[*list].parts.len() })
        }
        // A unit is a column.
        StepKind::Combine { partials, .. } => {
            Cut::evenly(to.matrix.count(), values[*partials].matrix.rows, LINE, moved)
        }
        // A unit is an index of the first axes that are kept.
        StepKind::Reduce { groups, .. } => {
            let all: usize = groups.iter().map(|(_, extent)| extent).product();
            let kept = groups.iter().find(|(is_folded, _)| !is_folded).map_or(0, |(_, extent)| *extent);
            Cut::evenly(kept, all / kept.max(1), 1, moved)
        }
        // A unit is an index of the outer axes.
        StepKind::Strided { .. } => {
            let (outer, inner) = to.shape.split_at(arrange::outer_axes(&to.shape));
            Cut::evenly(outer.iter().product(), inner.iter().product(), 1, moved)
        }
        // A unit is an index of the axes before the first that a window slides along.
        StepKind::Windows { walk, .. } => {
            let (windows, values) = walk.inner();
            Cut::evenly(walk.outer(), windows.max(values), 1, moved)
        }
        // A unit is a row.
        StepKind::Copy { .. } | StepKind::Convert { .. } => Cut::evenly(to.matrix.rows, to.matrix.columns, 1, moved),
        // A unit is a tap.
        StepKind::SumsOfWeights { sizes: [channels, filters], .. } => {
            Cut::evenly(winograd::rows(1), channels * filters, 1, moved)
        }
        // A few numbers.
        StepKind::Pair { .. } => Cut::of(1),
        StepKind::Mirror { sizes: [taps, channels, filters], .. } => Cut::evenly(*taps, channels * filters, 1, moved),
        // So many rows that whole cache lines are read.
        StepKind::Transpose { .. } => Cut::evenly(to.matrix.rows, to.matrix.columns, LINE, moved),
        // A unit is a number.
        StepKind::Pad { .. } | StepKind::Concat { .. } | StepKind::Arrange { .. } => {
            Cut::evenly(to.matrix.count(), 1, LINE, moved)
        }
        // A unit is a position.
        StepKind::Rows { positions, .. } => match to.matrix.count() >= limits.large {
            true => {
                let positions = values[positions.value].matrix.count();
                Cut { tasks: positions.div_ceil(limits.gathered).max(1), units: limits.gathered }
            }
            false => Cut::of(1),
        },
        // A unit is what stands at one index of the axis and those before it.
        StepKind::Gather { shape: along, axis, .. } => {
            let inner: usize = along[axis + 1..].iter().product();
            Cut::evenly(to.matrix.count() / inner.max(1), inner, 1, moved)
        }
        StepKind::ScatterAdd { axis, .. } => {
            let inner: usize = to.shape[axis + 1..].iter().product();
            Cut::evenly(to.matrix.count() / inner.max(1), inner, 1, moved)
        }
        StepKind::OneHot { classes, .. } => Cut::evenly(to.matrix.count() / classes.max(&1), *classes, 1, moved),
        // A unit is a number, found among so many.
        StepKind::ArgMax { shape, axes, .. } => {
            let searched = axes.iter().map(|&axis| shape[axis]).product();
            Cut::evenly(to.matrix.count(), searched, LINE, moved)
        }
    }
}

impl Plan {
    /// How many numbers are written by steps that are cut into tasks and run each time.
    pub(crate) fn moved(&self) -> u64 {
        let several = self.steps[self.first_behind_lasting()..].iter().filter(|step| step.tasks > 1);
        several.flat_map(|step| &step.writes).map(|&value| self.values[value].len() as u64).sum()
    }
}

/// How many rows, and how many panels of columns, a task of a product makes. A task makes some columns of the result, so
/// that a weight is always the same thread's; where there are too few of them, some rows.
pub(super) fn rows_and_panels(level: Level, Sizes { m, k, n }: Sizes, limits: &Limits) -> (usize, usize) {
    let Limits { large_product, large_operand, tasks, .. } = *limits;
    let panels = product::panels(level, n);
    // A large operand takes as long to read as it is multiplied with few rows: each core reads its part.
    let is_large = m * k * n >= large_product || (m > 0 && k * n >= large_operand);
    let panels_a_task = if is_large { panels.div_ceil(tasks) } else { panels }.max(1);
    let chunks = panels.div_ceil(panels_a_task).max(1);
    let rows_a_task = if is_large && chunks < tasks { m.div_ceil(tasks / chunks).next_multiple_of(12) } else { m };
    (rows_a_task.clamp(1, m.max(1)), panels_a_task)
}

/// How many numbers along k a task of a product takes: all, or a part where k is long and the result small, as for the
/// gradient of a filter.
pub(super) fn depth(Sizes { m, k, n }: Sizes, limits: &Limits) -> usize {
    if k < limits.long || m * n > limits.small_result || m * n == 0 {
        return k;
    }
    let parts = (k / limits.depth.max(1)).clamp(2, limits.most_parts.max(2)).next_multiple_of(2);
    let each = k.div_ceil(parts);
    if each < LINE { each } else { each.next_multiple_of(LINE) }
}

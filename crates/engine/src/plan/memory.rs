//! Memory: an offset in one arena for each value, from its first to its last stage.
//!
//! A pure function of those intervals: values are placed in the order of their first use, each in the lowest gap that
//! no value of the same time touches. The steps of a stage may run at the same time, so that time is counted in stages.

use super::first_fit::{LiveRange, first_fit, none_overlap};
use super::{Place, Plan, Product, StepKind, ValueId};
use crate::kernels::{Level, product};
use crate::numbers::LINE;

/// Gives every value of the arena its place, and says how much memory a run takes.
pub(super) fn placed(mut plan: Plan, level: Level) -> Plan {
    let (values, ranges): (Vec<ValueId>, Vec<LiveRange>) = live_ranges(&plan).into_iter().unzip();
    let fit = first_fit(ranges.iter().copied());
    debug_assert!(none_overlap(&ranges, &fit.starts), "the plan puts a value over one that is live");
    for (value, start) in values.into_iter().zip(fit.starts) {
        plan.values[value].place = Place::Arena(start);
    }
    plan.unshared = ranges.iter().map(|range| range.len).sum();
    plan.arena = fit.total;
    plan.scratch = plan.steps.iter().map(|step| step.kind.scratch(level)).max().unwrap_or(0);
    plan
}

impl StepKind {
    /// How many numbers of scratch memory a task needs.
    fn scratch(&self, level: Level) -> usize {
        match *self {
            Self::Fusion(ref fusion) => fusion.scratch,
            Self::Product(Product { sizes, k_a_task, .. }) => {
                // A part along k may be packed in blocks of more rows than the whole.
                let depths = [sizes.k, k_a_task, sizes.k % k_a_task.max(1)].into_iter();
                depths.map(|k| product::multiply_scratch_len(level, product::Sizes { k, ..sizes })).max().unwrap_or(0)
            }
            Self::Filter { ref filter, .. } => filter.convolution.scratch_len(filter.method),
            Self::Products { m, k, n, .. } => product::scratch_len(product::Sizes { m, k, n }),
            _ => 0,
        }
    }
}

/// When each value in the arena is first written and last read. What a run answers lives to its end, and
/// so does what lasts.
fn live_ranges(plan: &Plan) -> Vec<(ValueId, LiveRange)> {
    let mut ranges: Vec<Option<LiveRange>> = vec![None; plan.values.len()];
    let in_arena = |value: ValueId| matches!(plan.values[value].place, Place::Arena(_));
    for (stage, steps) in plan.stages.iter().enumerate() {
        for step in &plan.steps[steps.clone()] {
            for &value in step.writes.iter().chain(&step.reads).filter(|&&value| in_arena(value)) {
                // A row of single numbers may be read up to the end of its cache line.
                let len = plan.values[value].len().next_multiple_of(LINE);
                let range = ranges[value].get_or_insert(LiveRange { len, first: stage, last: stage });
                range.last = stage;
            }
        }
    }
    let unkept = plan.assigned.iter().filter_map(|&(_, value)| value);
    let lasting = plan.lasting.values.iter().copied();
    for value in plan.outputs.iter().map(|(value, _)| *value).chain(unkept).chain(lasting) {
        if let Some(range) = &mut ranges[value] {
            range.last = plan.stages.len();
        }
    }
    let mut ranges: Vec<(ValueId, LiveRange)> =
        ranges.into_iter().enumerate().filter_map(|(value, range)| Some((value, range?))).collect();
    ranges.sort_by_key(|(value, range)| (range.first, std::cmp::Reverse(range.len), *value));
    ranges
}

//! Memory: an offset in one arena for each value, from its first to its last stage.
//!
//! A pure function of those intervals: values are placed in the order of their first use, each in the lowest gap that
//! no value of the same time touches. The steps of a stage may run at the same time, so that time is counted in stages.

use super::{Place, Plan, Product, ValueId, Work};
use crate::kernels::{Level, product};
use crate::numbers::LINE;

#[derive(Clone, Copy, Debug)]
struct Life {
    value: ValueId,
    len: usize,
    first: usize,
    last: usize,
}

/// Gives every value of the arena its place, and says how much memory a run takes.
pub(super) fn placed(mut plan: Plan, level: Level) -> Plan {
    let lives = lives(&plan);
    let mut placed: Vec<(Life, usize)> = Vec::with_capacity(lives.len());
    let mut arena = 0;
    // (start, end, last stage) of each value that is live, by start: all began before.
    let mut busy: Vec<(usize, usize, usize)> = Vec::new();
    let mut stage = 0;
    for life in &lives {
        if life.first > stage {
            stage = life.first;
            busy.retain(|&(_, _, last)| last >= stage);
        }
        let mut offset = 0;
        for &(start, end, _) in &busy {
            if offset + life.len <= start {
                break;
            }
            offset = offset.max(end.next_multiple_of(LINE));
        }
        let own = (offset, offset + life.len, life.last);
        busy.insert(busy.partition_point(|other| *other <= own), own);
        placed.push((*life, offset));
        arena = arena.max(offset + life.len);
    }
    debug_assert!(no_live_values_overlap(&placed), "the plan puts a value over one that is live");
    for &(Life { value, .. }, offset) in &placed {
        plan.values[value].place = Place::Arena(offset);
    }
    plan.unshared = lives.iter().map(|life| life.len).sum();
    plan.arena = arena;
    plan.scratch = plan.steps.iter().map(|step| step.work.scratch(level)).max().unwrap_or(0);
    plan
}

impl Work {
    /// How many numbers of scratch memory a task needs.
    fn scratch(&self, level: Level) -> usize {
        match *self {
            Self::Region(ref region) => region.scratch,
            Self::Product(Product { sizes, .. }) => product::multiply_scratch_len(level, sizes),
            Self::Products { m, k, n, .. } => product::scratch_len(product::Sizes { m, k, n }),
            _ => 0,
        }
    }
}

/// When each value in the arena is first written and last read. What a run answers lives to its end.
fn lives(plan: &Plan) -> Vec<Life> {
    let mut lives: Vec<Option<Life>> = vec![None; plan.values.len()];
    let in_arena = |value: ValueId| matches!(plan.values[value].place, Place::Arena(_));
    for (stage, steps) in plan.stages.iter().enumerate() {
        for step in &plan.steps[steps.clone()] {
            for &value in step.writes.iter().chain(&step.reads).filter(|&&value| in_arena(value)) {
                // A row of single numbers may be read up to the end of its cache line.
                let len = plan.values[value].len().next_multiple_of(LINE);
                let life = lives[value].get_or_insert(Life { value, len, first: stage, last: stage });
                life.last = stage;
            }
        }
    }
    let unkept = plan.assigned.iter().filter_map(|&(_, value)| value);
    for value in plan.outputs.iter().map(|(value, _)| *value).chain(unkept) {
        if let Some(life) = &mut lives[value] {
            life.last = plan.stages.len();
        }
    }
    let mut lives: Vec<Life> = lives.into_iter().flatten().collect();
    lives.sort_by_key(|life| (life.first, std::cmp::Reverse(life.len), life.value));
    lives
}

/// Whether any two values that are needed at the same time have ranges of their own.
fn no_live_values_overlap(placed: &[(Life, usize)]) -> bool {
    let at_once = |a: &Life, b: &Life| a.first <= b.last && b.first <= a.last;
    let apart = |(a, from): &(Life, usize), (b, at): &(Life, usize)| from + a.len <= *at || at + b.len <= *from;
    let mut live: Vec<&(Life, usize)> = Vec::new();
    placed.iter().all(|a| {
        live.retain(|b| at_once(&a.0, &b.0));
        let is_apart = live.iter().all(|b| apart(a, b));
        live.push(a);
        is_apart
    })
}

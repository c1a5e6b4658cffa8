//! Whether a machine can be expected to hold what a graph computes, asked before anything is computed.

use limpid_engine::Plan;
use limpid_engine::kernels::Level;
use limpid_graph::{Graph, Leaf, Op, Sizes};

use super::TrainingError;

/// More numbers than this are not kept in memory at a time: 8 GiB of them in `f32`.
pub const MOST_NUMBERS: u64 = 1 << 31;

/// Sharing memory saves much, but not this much: a graph with more numbers is not planned to find out.
const MOST_PLANNED: u64 = 1 << 40;

/// Checks that the engine's step of `graph` keeps no more numbers than [`MOST_NUMBERS`]: what the plan shares, and the
/// parameters and states. Samples are in memory already.
///
/// # Errors
/// [`TrainingError::Memory`].
pub fn check_memory(graph: &Graph, sizes: &Sizes) -> Result<(), TrainingError> {
    // Planned memory is never more than that of all values side by side, which is quickly told.
    match all_values(graph, sizes) {
        Some(numbers) if numbers <= MOST_NUMBERS => return Ok(()),
        Some(numbers) if numbers <= MOST_PLANNED => {}
        _ => return Err(TrainingError::Memory),
    }
    let arena = Plan::new(graph, sizes, Level::of_this_machine()).map(|plan| plan.arena_bytes() / size_of::<f32>());
    let is_kept = |op: &Op| matches!(op, Op::Leaf(Leaf::Parameter | Leaf::State));
    let kept = sum(graph, sizes, is_kept);
    match (arena, kept) {
        (Ok(arena), Some(kept)) if kept.saturating_add(arena as u64) <= MOST_NUMBERS => Ok(()),
        _ => Err(TrainingError::Memory),
    }
}

/// Checks that interpreting `graph`, which keeps every value, keeps no more numbers than [`MOST_NUMBERS`].
///
/// # Errors
/// [`TrainingError::Memory`].
pub fn check_interpreted_memory(graph: &Graph, sizes: &Sizes) -> Result<(), TrainingError> {
    match all_values(graph, sizes) {
        Some(numbers) if numbers <= MOST_NUMBERS => Ok(()),
        _ => Err(TrainingError::Memory),
    }
}

/// How many numbers all values have together; none where a size is not known.
fn all_values(graph: &Graph, sizes: &Sizes) -> Option<u64> {
    sum(graph, sizes, |_| true)
}

fn sum(graph: &Graph, sizes: &Sizes, wanted: impl Fn(&Op) -> bool) -> Option<u64> {
    let count = |extents: Vec<usize>| extents.iter().fold(1u64, |n, &extent| n.saturating_mul(extent as u64));
    let mut nodes = graph.nodes().filter(|(_, node)| wanted(&node.op));
    nodes.try_fold(0u64, |sum, (_, node)| Some(sum.saturating_add(count(node.shape.resolve(sizes)?))))
}

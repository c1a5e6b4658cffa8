//! Limits: the numbers by which the planner takes one way or another, and cuts work into blocks and tasks.

/// From which sizes on the planner takes another way, and how large the parts are into which it cuts.
///
/// [`Limits::default`] suits the caches of today's processors. [`Limits::tiny`] lets graphs of a few numbers take every
/// way that large ones take: it is for tests. The number of threads is none of them: they are the same for any. Nor are the
/// blocks in which a product walks along k: these change the order of its sums, and belong to the kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A right operand of at most so many numbers is read by a fusion, block after block of its rows: it stays in the
    /// first-level cache or near it.
    pub small_operand: usize,
    /// A fusion's slots take about so many numbers: with the values that it reads they stay near the first-level cache.
    pub slots: usize,
    /// Matrices are worked on in blocks of at least so many rows.
    pub shortest_block: usize,
    /// A fusion has no more tasks than that: each has partial results of its own.
    pub most_tasks: usize,
    /// The partial results of all tasks are about so many numbers at most, where they are more than a row.
    pub partials: usize,
    /// An item of at most so many numbers, times the values at work, is near the first-level cache.
    pub near: usize,
    /// One of at most so many, in the second.
    pub not_far: usize,
    /// A node tries so many fusions, the latest first. A network of fewer large products is planned as if it tried all.
    pub tried: usize,
    /// The gradient of a convolution's filters has no more tasks than that: each has partial results as large as they are.
    pub most_filters: usize,
    /// A convolution of at least so many channels times filters is made four results at a time, where its windows allow it.
    pub squares: usize,
    /// A convolution of a single sample that takes at least so many multiplications is cut into bands of rows.
    pub banded: usize,
    /// Values of fewer numbers are near anyway; larger ones are asked for a block ahead.
    pub far: usize,
    /// Gathers, and lists of non-zeros, of at least so many numbers are cut into tasks.
    pub large: usize,
    /// Products of at least so many multiplications are cut into tasks.
    pub large_product: usize,
    /// Products with a right operand of at least so many numbers are cut into tasks, however few rows the left one has.
    pub large_operand: usize,
    /// Large products are cut into about so many tasks.
    pub tasks: usize,
    /// How many rows a task of a gather brings.
    pub gathered: usize,
    /// How many columns a task of a product from lists makes, where tasks share lists: whole cache lines.
    pub sparse_panel: usize,
    /// Products of at least so many columns gather by transposed lists in the gradient: making them pays.
    pub transposed: usize,
    /// How many rows a task lists, about.
    pub listed: usize,
    /// Steps that move, pick or fold so many numbers are cut into tasks: fewer take less time than two threads need to meet.
    pub large_move: usize,
    /// A task of such a step moves about so many numbers.
    pub moved: usize,
    /// Such steps, batches of products, and products along k, are cut into no more parts.
    pub most_parts: usize,
    /// Products of so many numbers along k are cut along k, where the result is small.
    pub long: usize,
    /// A small result has at most so many numbers.
    pub small_result: usize,
    /// A task of a product that is cut along k takes about so many numbers along it.
    pub depth: usize,
    /// Plans of fewer multiplications and additions run in the calling thread: waking another takes longer.
    pub parallel: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            small_operand: 1 << 14,
            slots: 10 * 1024,
            shortest_block: 8,
            most_tasks: 256,
            partials: 1 << 20,
            near: 1 << 12,
            not_far: 1 << 16,
            tried: 32,
            most_filters: 16,
            squares: 1 << 7,
            banded: 1 << 18,
            far: 1 << 17,
            large: 1 << 13,
            large_product: 1 << 19,
            large_operand: 1 << 18,
            tasks: 4,
            gathered: 32,
            sparse_panel: 128,
            transposed: 256,
            listed: 64,
            large_move: 1 << 15,
            moved: 1 << 14,
            most_parts: 16,
            long: 1 << 15,
            small_result: 1 << 12,
            depth: 1 << 13,
            parallel: 1 << 20,
        }
    }
}

impl Limits {
    /// So small that a graph of a few numbers has many blocks, tasks and partial results, on all threads.
    pub fn tiny() -> Self {
        Self {
            small_operand: 48,
            slots: 24,
            shortest_block: 1,
            most_tasks: 5,
            partials: 64,
            near: 4,
            not_far: 12,
            tried: 2,
            most_filters: 3,
            squares: 1,
            banded: 1,
            far: 8,
            large: 4,
            large_product: 8,
            large_operand: 6,
            tasks: 3,
            gathered: 2,
            sparse_panel: 16,
            transposed: 32,
            listed: 2,
            large_move: 4,
            moved: 2,
            most_parts: 6,
            long: 3,
            small_result: 64,
            depth: 1,
            parallel: 0,
        }
    }
}

//! A plan as text: stages, their steps with what they fuse and how they are cut, and the memory that they share.

use std::fmt;

use super::fusion::InstructionKind;
use super::{Fusion, Place, Plan, Product, Step, StepKind, Value};
use crate::kernels::product;

impl Plan {
    /// How many steps there are.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// How many bytes the values take in the arena.
    pub fn arena_bytes(&self) -> usize {
        self.arena * size_of::<f32>()
    }

    /// How many bytes the values would take if none shared memory with another.
    pub fn unshared_bytes(&self) -> usize {
        self.unshared * size_of::<f32>()
    }

    /// How many operations on single numbers the graph asks for, zeros and all.
    pub fn flops(&self) -> u64 {
        self.flops
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "stage step                                       tasks   values that it writes: %node@place")?;
        for (stage, steps) in self.stages.iter().enumerate() {
            for step in &self.steps[steps.clone()] {
                let places: Vec<_> = step.writes.iter().map(|&value| shown(self.value(value))).collect();
                let tasks = if step.tasks == 1 { String::new() } else { format!("{} tasks", step.tasks) };
                let head = format!("{stage:>3}  {:42} {tasks:9}", self.label(step));
                wrapped(f, &head, &places, " ")?;
                if let StepKind::Fusion(fusion) = &step.kind {
                    wrapped(f, "    ", &fused(fusion), ", ")?;
                }
            }
        }
        let (arena, unshared) = (self.arena_bytes(), self.unshared_bytes());
        let (steps, stages) = (self.steps.len(), self.stages.len());
        write!(f, "{steps} steps in {stages} stages; {unshared} bytes of values in an arena of {arena}; ")?;
        write!(f, "{} operations", self.flops)?;
        match self.lasting.stages {
            0 => Ok(()),
            1 => f.write_str("; stage 0 runs again only when a variable has changed"),
            stages => write!(f, "; stages 0 to {} run again only when a variable has changed", stages - 1),
        }
    }
}

/// Lines of a plan are no longer, unless a single word is.
const WIDTH: usize = 100;

/// Parts behind a head; lines after the first begin where the parts do.
fn wrapped(f: &mut fmt::Formatter<'_>, head: &str, parts: &[String], between: &str) -> fmt::Result {
    let indent = head.chars().count();
    let (mut line, mut is_first) = (head.to_string(), true);
    let mut used = indent;
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let gap = if is_first { " " } else { between };
        let length = part.chars().count();
        if !is_first && used + gap.len() + length > WIDTH {
            writeln!(f, "{}{}", line, between.trim_end())?;
            line = format!("{:indent$} {part}", "");
            used = indent + 1 + length;
        } else {
            line.extend([gap, part]);
            used += gap.len() + length;
        }
        is_first = false;
    }
    writeln!(f, "{}", line.trim_end())
}

/// A value: its node, and where it is.
fn shown(value: &Value) -> String {
    let node = value.node.map_or(String::new(), |id| format!("%{}", id.index()));
    match value.place {
        Place::Arena(_) if value.len() == 0 => String::new(),
        Place::Arena(offset) => format!("{node}@{offset}"),
        Place::Constant(_) => format!("{node} constant"),
        Place::Leaf(_) => format!("{node} in place"),
    }
}

/// What a fusion's instructions are, in order.
fn fused(fusion: &Fusion) -> Vec<String> {
    let name = |kind: &InstructionKind| match kind {
        InstructionKind::Map { op, .. } => op.info().name.to_string(),
        InstructionKind::FoldRows { monoid, .. } => format!("{} of rows", monoid.name()),
        InstructionKind::FoldItem { monoid, .. } => format!("{} of each item's rows", monoid.name()),
        InstructionKind::FoldItems { monoid, .. } => format!("{} of columns", monoid.name()),
        InstructionKind::Product { left, .. } => format!("product with {} rows", left.columns),
        InstructionKind::Sample { kind, .. } => kind.to_string(),
        InstructionKind::OneHot { .. } => "one_hot".to_string(),
        InstructionKind::ArgMax { .. } => "argmax".to_string(),
        InstructionKind::Uniform { .. } => "uniform".to_string(),
        InstructionKind::Load { .. }
        | InstructionKind::Spread { .. }
        | InstructionKind::Repeat { .. }
        | InstructionKind::Number(_) => String::new(),
    };
    let names = fusion.instructions.iter().map(|instruction| name(&instruction.kind));
    names.filter(|name| !name.is_empty()).collect()
}

impl Plan {
    fn label(&self, step: &Step) -> String {
        let update = |added: bool| if added { ", added in place" } else { "" };
        match &step.kind {
            StepKind::Fusion(fusion) => {
                let count = fusion.prologue.len() + fusion.instructions.len() + fusion.stores.len();
                let unit = if fusion.is_of_rows() { "rows" } else { "items" };
                format!("region of {count} over {} {unit}, {} at a time", fusion.items, fusion.block)
            }
            StepKind::Combine { monoid, .. } => format!("{} of the blocks", monoid.name()),
            StepKind::Product(Product { sizes, update: added, .. }) => {
                let product::Sizes { m, k, n } = sizes;
                format!("product {m}×{k} · {k}×{n}{}", update(added.is_some()))
            }
            StepKind::Products { batch, m, k, n, .. } => format!("{batch} products {m}×{k} · {k}×{n}"),
            StepKind::List { list, .. } => {
                let list = &self.lists[*list];
                format!("list non-zeros of {}×{}", list.rows, list.columns)
            }
            StepKind::SparseProduct { list, n, .. } => {
                let list = &self.lists[*list];
                format!("sparse product {}×{} · {1}×{n}", list.rows, list.columns)
            }
            StepKind::SparseGradient { list, n, update: added, .. } => {
                let list = &self.lists[*list];
                format!("sparse product {}×{} · {1}×{n}{}", list.columns, list.rows, update(added.is_some()))
            }
            StepKind::Reduce { monoid, .. } => monoid.name().to_string(),
            StepKind::Strided { .. } | StepKind::Arrange { .. } => "rearrange".to_string(),
            StepKind::Copy { .. } => "copy".to_string(),
            StepKind::Transpose { .. } => "transpose".to_string(),
            StepKind::Convert { .. } => "convert".to_string(),
            StepKind::Rows { .. } => "gather".to_string(),
            StepKind::Filter { filter, .. } => filter.to_string(),
            StepKind::SumsOfWeights { .. } => "sums of weights".to_string(),
            StepKind::Pair { .. } => "filters in pairs".to_string(),
            StepKind::Mirror { .. } => "mirrored filters".to_string(),
            StepKind::Pad { .. } => "pad".to_string(),
            StepKind::Windows { walk, .. } if walk.folds() => "sum of windows".to_string(),
            StepKind::Windows { .. } => "windows".to_string(),
            StepKind::Concat { .. } => "concat".to_string(),
            StepKind::Gather { .. } => "gather".to_string(),
            StepKind::ScatterAdd { .. } => "scatter_add".to_string(),
            StepKind::OneHot { .. } => "one_hot".to_string(),
            StepKind::ArgMax { .. } => "argmax".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use limpid_graph::{Builder, Sizes};

    use crate::kernels::Level;
    use crate::plan::Plan;

    #[test]
    fn a_plan_has_a_header_and_lines_that_fit_100_columns() {
        let b = Builder::new();
        let mut x = b.input("x", ("batch", 8));
        let mut answers = Vec::new();
        for _ in 0..40 {
            x = (x + 1.0).tanh().square();
            answers.push(x);
        }
        let graph = b.finish(answers).unwrap();
        let plan = Plan::new(&graph, &Sizes::from([("batch", 3)]), Level::highest()).unwrap();
        let text = plan.to_string();
        assert!(text.starts_with("stage step "), "{text}");
        assert!(text.lines().count() > 10, "{text}");
        let too_wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(too_wide.is_empty(), "{too_wide:#?}");
    }
}

//! Run: a plan's steps over its arena. After a runner is made, a run allocates nothing.

mod tile;

use limpid_graph::{Data, Error, Graph, Index, Layout, NodeId, Sizes, Tensor};

use crate::arena::{Arena, Around};
use crate::kernels::{Level, arrange, convert, index, product, reduce};
use crate::plan::{Place, Plan, Step, Work};

/// A plan with the memory that it runs in.
#[derive(Debug)]
pub(crate) struct Runner {
    plan: Plan,
    level: Level,
    arena: Arena,
    scratch: Vec<f32>,
}

/// The value fed to each node, if any.
pub(crate) type Feeds<'t> = [Option<&'t Tensor>];

/// What a step reads from while it writes: everything but what it writes.
#[derive(Clone, Copy)]
struct Readable<'r> {
    plan: &'r Plan,
    arena: Around<'r>,
    feeds: &'r Feeds<'r>,
}

impl<'r> Readable<'r> {
    /// The numbers of a node.
    fn numbers(&self, id: NodeId) -> &'r [f32] {
        match self.plan.places[id.index()] {
            Some(Place::Arena { offset, len }) => self.arena.read(offset, len),
            Some(Place::Constant { offset, len }) => &self.plan.constants[offset..offset + len],
            Some(Place::Fed(leaf)) => match self.fed(leaf) {
                Some(Data::F32(numbers)) => numbers,
                _ => match self.plan.converted_place(leaf) {
                    Some(Place::Arena { offset, len }) => self.arena.read(offset, len),
                    _ => &[],
                },
            },
            None => &[],
        }
    }

    fn fed(&self, leaf: NodeId) -> Option<&'r Data> {
        self.feeds[leaf.index()].map(Tensor::data)
    }
}

impl Runner {
    pub(crate) fn new(graph: &Graph, sizes: &Sizes, level: Level) -> Result<Self, Error> {
        let plan = Plan::new(graph, sizes)?;
        let together = || Error::TooLarge { what: "all values of a run, as one".into(), shape: plan.arena.into() };
        let arena = Arena::new(plan.arena).ok_or_else(together)?;
        let scratch = vec![0.0; plan.scratch];
        Ok(Self { plan, level, arena, scratch })
    }

    /// Computes every step from the values fed.
    pub(crate) fn run(&mut self, graph: &Graph, feeds: &Feeds<'_>) -> Result<(), Error> {
        for &(leaf, place) in &self.plan.converted {
            if let Some(data) = feeds[leaf.index()].map(Tensor::data) {
                read_as_floats(self.level, data, self.arena.write(place));
            }
        }
        let Self { plan, level, arena, scratch } = self;
        for step in &plan.steps {
            match &step.work {
                Work::Tile(tile) => tile::run(tile, plan, *level, arena, feeds, scratch),
                work => {
                    single(work, step, plan, *level, arena, feeds, scratch).map_err(|bad| position(graph, step, bad))?
                }
            }
        }
        Ok(())
    }

    /// The value of a node that the graph answers or assigns.
    pub(crate) fn value<'r>(&'r self, id: NodeId, feeds: &'r Feeds<'r>) -> (&'r [usize], &'r [f32]) {
        let arena = self.arena.all();
        let readable = Readable { plan: &self.plan, arena, feeds };
        (&self.plan.shapes[id.index()], readable.numbers(id))
    }
}

fn single(
    work: &Work,
    step: &Step,
    plan: &Plan,
    level: Level,
    arena: &mut Arena,
    feeds: &Feeds<'_>,
    scratch: &mut [f32],
) -> Result<(), index::BadPosition> {
    let id = step.writes[0];
    let Some(place) = plan.places[id.index()] else { return Ok(()) };
    let (out, around) = arena.around(place);
    let readable = Readable { plan, arena: around, feeds };
    let shape = |id: NodeId| plan.shapes[id.index()].as_slice();
    match work {
        Work::Product { batch, sizes, left, right } => {
            let (left_numbers, right_numbers) = (readable.numbers(step.inputs[0]), readable.numbers(step.inputs[1]));
            let (a, b) = (left.view(left_numbers), right.view(right_numbers));
            for (i, out) in out.chunks_exact_mut((sizes.m * sizes.n).max(1)).take(*batch).enumerate() {
                let (a, b) = (a.from(i * left.matrix), b.from(i * right.matrix));
                product::product(level, *sizes, (a, b), out, (1.0, false), scratch);
            }
        }
        Work::Reduce { monoid, groups } => reduce::reduce(*monoid, groups, readable.numbers(step.inputs[0]), out),
        Work::Strided { offset, strides } => {
            arrange::strided(readable.numbers(step.inputs[0]), *offset, shape(id), strides, out);
        }
        Work::Arrange(Layout::Pad { axis, before, after }) => {
            let input = step.inputs[0];
            arrange::pad(shape(input), readable.numbers(input), *axis, (*before, *after), out);
        }
        Work::Arrange(Layout::Concat { axis }) => {
            arrange::concat(step.inputs.iter().map(|&input| (shape(input), readable.numbers(input))), *axis, out);
        }
        Work::Index(Index::Gather { axis }) => {
            let (data, positions) = (step.inputs[0], readable.numbers(step.inputs[1]));
            match plan.places[data.index()].and_then(|place| place.fed(&readable)) {
                Some(Data::U8(bytes)) => {
                    index::gather(
                        shape(data),
                        *axis,
                        positions,
                        bytes,
                        |from, to| convert::bytes(level, from, to),
                        out,
                    )?;
                }
                Some(Data::F64(numbers)) => {
                    let rounded =
                        |from: &[f64], to: &mut [f32]| to.iter_mut().zip(from).for_each(|(to, &x)| *to = x as f32);
                    index::gather(shape(data), *axis, positions, numbers, rounded, out)?;
                }
                _ => {
                    let copied = |from: &[f32], to: &mut [f32]| to.copy_from_slice(from);
                    index::gather(shape(data), *axis, positions, readable.numbers(data), copied, out)?;
                }
            }
        }
        Work::Index(Index::ScatterAdd { axis, .. }) => {
            let (parts, positions) = (readable.numbers(step.inputs[0]), readable.numbers(step.inputs[1]));
            index::scatter_add(shape(id), *axis, positions, parts, out)?;
        }
        Work::Index(Index::OneHot { classes }) => index::one_hot(readable.numbers(step.inputs[0]), *classes, out)?,
        Work::Index(Index::ArgMax { axes }) => {
            let input = step.inputs[0];
            index::argmax(shape(input), readable.numbers(input), axes, out);
        }
        // Tiles run by themselves; the other layouts are strided, or read through.
        Work::Tile(_) | Work::Arrange(_) => {}
    }
    Ok(())
}

impl Place {
    /// What is fed, where that is where the value is.
    fn fed<'r>(self, readable: &Readable<'r>) -> Option<&'r Data> {
        match self {
            Self::Fed(leaf) => readable.fed(leaf),
            _ => None,
        }
    }
}

fn read_as_floats(level: Level, data: &Data, out: &mut [f32]) {
    match data {
        // Read where it is.
        Data::F32(_) => {}
        Data::F64(numbers) => out.iter_mut().zip(numbers).for_each(|(out, &x)| *out = x as f32),
        Data::U8(bytes) => convert::bytes(level, bytes, out),
    }
}

fn position(graph: &Graph, step: &Step, bad: index::BadPosition) -> Error {
    let node = graph.node(step.writes[0]);
    let of = graph.label(node.inputs.last().copied().unwrap_or(step.writes[0]));
    Error::Position { what: format!("`{}` of {of}", node.op.name()), found: f64::from(bad.found), extent: bad.extent }
}

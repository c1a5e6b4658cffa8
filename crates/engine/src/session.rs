//! A session: kept values, and graphs that run over them.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use limpid_graph::{Data, Error, Graph, Leaf, Node, NodeId, Op, Real, Tensor, interpret};
use thiserror::Error;

use crate::environment::{EnvironmentError, check_environment, interpreter_asked_for};
use crate::kernels::{Level, Supported};
use crate::plan::{Plan, Storage, Stored};
use crate::pool::{Pool, available_threads};
use crate::run::{Base, Bound, Output, Runner, storage};
use crate::store::Store;
use crate::zeros;

/// The number type that a session computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats: what training and serving use.
    #[default]
    F32,
    /// 64-bit floats: for checking gradients and for printed digits.
    F64,
}

impl Precision {
    /// How many bytes a number takes.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => size_of::<f32>(),
            Self::F64 => size_of::<f64>(),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl FromStr for Precision {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        match text {
            "f32" => Ok(Self::F32),
            "f64" => Ok(Self::F64),
            _ => Err(SessionError::UnknownPrecision { found: text.to_string() }),
        }
    }
}

/// Errors of a session.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The graph or what it was fed.
    #[error(transparent)]
    Graph(#[from] Error),
    /// A variable of the environment that sessions heed.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// An unknown precision.
    #[error("unknown precision `{found}`; use f32 or f64")]
    UnknownPrecision {
        /// What was asked for.
        found: String,
    },
    /// The parts of a plan do not fit together.
    #[error("the plan is broken: {what} (this is a defect in limpid; please report it)")]
    Broken {
        /// What does not fit.
        what: String,
    },
    /// The session keeps no value of this name.
    #[error("the session keeps no value named `{name}`")]
    NotKept {
        /// The name.
        name: String,
    },
}

/// The way in which a graph runs in `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Machine {
    Engine,
    Interpreter,
}

impl Machine {
    /// The engine, unless `LIMPID_ENGINE=interpreter` asks for the reference.
    fn of_this_process() -> Self {
        if interpreter_asked_for().unwrap_or_default() { Self::Interpreter } else { Self::Engine }
    }
}

/// A graph, and a plan with its memory for each set of sizes that it was run at.
#[derive(Debug)]
struct Prepared {
    graph: Graph,
    leaves: Vec<LeafOf>,
    /// The number of each node among the leaves.
    leaf_of: Vec<Option<usize>>,
    runners: Vec<(Vec<Found>, Runner)>,
    /// The runner of the last run: most likely the next one's too.
    last: usize,
    /// What each leaf is bound to in the run under way, and where it is at home.
    bound: Vec<Source>,
    homes: Vec<Option<(Base, bool)>>,
}

/// A leaf that is fed, or kept.
#[derive(Debug)]
struct LeafOf {
    id: NodeId,
    name: Option<String>,
    /// Whether it is learned or kept from run to run, and not a run's input.
    lasts: bool,
}

/// The value of a leaf in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    shape: Vec<usize>,
    storage: Storage,
}

/// Where a run finds a leaf's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Missing,
    /// The feed of this number.
    Fed(usize),
    /// The kept value of this number.
    Kept(usize),
}

/// A graph that a session was given. Means nothing to another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program(usize);

/// Runs graphs over values that it keeps by name. Graphs that name the same parameter share it.
///
/// ```
/// use limpid_engine::{Precision, Session};
/// use limpid_graph::{Builder, Tensor};
///
/// let b = Builder::new();
/// let (w, x) = (b.parameter("w", 2), b.input("x", 2));
/// let loss = (w - x).square().sum_all().named("loss");
/// let slope = b.grad(loss, &[w])[0];
/// b.assign(w, w - 0.25 * slope);
/// let step = b.finish([loss])?;
///
/// let mut session = Session::new(Precision::F64);
/// let step = session.load(step);
/// session.set("w", Tensor::from([0.0, 0.0]));
/// let x = Tensor::from([1.0, 2.0]);
/// assert_eq!(session.run(step, &[("x", &x)])?, [Tensor::scalar(5.0)]);
/// assert_eq!(session.get("w")?, &Tensor::from([0.5, 1.0]));
/// # Ok::<(), limpid_engine::SessionError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    precision: Precision,
    machine: Machine,
    level: Supported,
    pool: Arc<Pool>,
    kept: Store,
    programs: Vec<Prepared>,
    /// What the interpreter answered last.
    interpreted: Vec<Tensor>,
    /// What the environment asks for that cannot be.
    refused: Option<EnvironmentError>,
}

/// The threads that sessions share which do not ask for their own number.
fn shared_pool() -> Arc<Pool> {
    static POOL: OnceLock<Arc<Pool>> = OnceLock::new();
    Arc::clone(POOL.get_or_init(|| Arc::new(Pool::new(available_threads()))))
}

/// Whether it is a whole number that becomes another in 32 bits. Beyond 2⁵³ there are no positions.
fn is_rounded(number: f64) -> bool {
    const EXACT: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;
    number.abs() <= EXACT && number.fract() == 0.0 && f64::from(number as f32) != number
}

impl Session {
    /// A session that computes in this precision, in as many threads as this process may use
    /// ([`available_threads`]). Sessions made so share their threads.
    ///
    /// ```
    /// use limpid_engine::{Precision, Session};
    /// use limpid_graph::{Builder, Tensor};
    ///
    /// let b = Builder::new();
    /// let x = b.input("x", ("batch", 3));
    /// let softmax = b.finish([x.softmax(-1)])?;
    ///
    /// let mut session = Session::new(Precision::F32);
    /// let softmax = session.load(softmax);
    /// // A plan and its memory are made for each new size; later runs of the same size use them again.
    /// let shares = session.run(softmax, &[("x", &Tensor::from([[1.0, 1.0, 1.0], [0.0, 0.0, 9.0]]))])?.swap_remove(0);
    /// assert_eq!(shares.shape(), [2, 3]);
    /// assert!(shares.to_f64()[5] > 0.999);
    /// # Ok::<(), limpid_engine::SessionError>(())
    /// ```
    pub fn new(precision: Precision) -> Self {
        Self {
            precision,
            machine: Machine::of_this_process(),
            level: Supported::at_most(Level::of_this_machine()),
            pool: shared_pool(),
            kept: Store::default(),
            programs: Vec::new(),
            interpreted: Vec::new(),
            refused: check_environment().err(),
        }
    }

    /// A session that runs graphs by the reference interpreter: slower, one op at a time, in the order of evaluation
    /// that printed digits rely on. In `f64` every session does.
    pub fn reference(precision: Precision) -> Self {
        Self { machine: Machine::Interpreter, ..Self::new(precision) }
    }

    /// The same session with kernels that use no instructions above `level`.
    #[must_use]
    pub fn at_level(self, level: Level) -> Self {
        Self { level: Supported::at_most(level), ..self }
    }

    /// The same session with threads of its own, `threads` in all. How many there are changes no bit of any result.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { pool: Arc::new(Pool::new(threads)), ..self }
    }

    /// The number type that it computes in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of threads that it uses.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Takes a graph to run.
    pub fn load(&mut self, graph: Graph) -> Program {
        self.programs.push(Prepared::new(graph));
        Program(self.programs.len() - 1)
    }

    /// A session with the settings of this one, which keeps nothing and has no graphs.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let Self { precision, machine, level, .. } = *self;
        let (pool, refused) = (Arc::clone(&self.pool), self.refused.clone());
        let (kept, programs, interpreted) = (Store::default(), Vec::new(), Vec::new());
        Self { precision, machine, level, pool, kept, programs, interpreted, refused }
    }

    /// Keeps a value: a parameter, a state, or data that many runs read. Floats are stored in the session's precision,
    /// bytes stay bytes. A value with a whole number that 32 bits would round, such as a position above 2²⁴, stays in 64.
    pub fn set(&mut self, name: &str, value: Tensor) {
        let value = self.stored(value);
        self.kept.set(name, value);
    }

    fn stored(&self, value: Tensor) -> Tensor {
        match (self.precision, value.data()) {
            (_, Data::U8(_)) | (Precision::F32, Data::F32(_)) | (Precision::F64, Data::F64(_)) => value,
            (Precision::F32, Data::F64(numbers)) if numbers.iter().any(|&x| is_rounded(x)) => value,
            (Precision::F32, _) => value.to_f32_tensor(),
            (Precision::F64, _) => value.to_f64_tensor(),
        }
    }

    /// A kept value.
    ///
    /// # Errors
    /// [`SessionError::NotKept`].
    pub fn get(&self, name: &str) -> Result<&Tensor, SessionError> {
        let number = self.kept.find(name).ok_or_else(|| SessionError::NotKept { name: name.to_string() })?;
        Ok(self.kept.get(number))
    }

    /// Every kept value, by name.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.kept.iter()
    }

    /// Runs a graph: reads what it needs from `feeds` and then from what is kept, answers its outputs in order, and
    /// keeps what its assignments make. Where it fails, nothing that is kept has changed.
    ///
    /// # Errors
    /// Wrong names, shapes, sizes and positions in the feeds, as for the interpreter; and [`SessionError::Environment`].
    pub fn run(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Vec<Tensor>, SessionError> {
        let answers = self.step(program, feeds)?;
        (0..answers.len()).map(|output| answers.tensor(output)).collect()
    }

    /// As [`run`](Self::run), and lends the outputs instead of copying them: in `f32`, once a program has run with feeds
    /// of these shapes, nothing is allocated.
    ///
    /// ```
    /// use limpid_engine::{Precision, Session};
    /// use limpid_graph::{Builder, Tensor};
    ///
    /// let b = Builder::new();
    /// let x = b.input("x", ("n", 2));
    /// let graph = b.finish([x.square()])?;
    /// let mut session = Session::new(Precision::F32);
    /// let program = session.load(graph);
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// let answers = session.step(program, &[("x", &x)])?;
    /// assert_eq!((answers.shape(0), answers.floats(0)), (&[2, 2][..], Some(&[1.0, 4.0, 9.0, 16.0][..])));
    /// # Ok::<(), limpid_engine::SessionError>(())
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Answers<'_>, SessionError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone().into());
        }
        match (self.precision, self.machine) {
            (Precision::F32, Machine::Engine) => self.run_planned(program, feeds),
            (Precision::F32, Machine::Interpreter) => self.interpret::<f32>(program, feeds),
            (Precision::F64, _) => self.interpret::<f64>(program, feeds),
        }
    }

    /// Says what a program will be fed next, so that a run before that may bring rows of stored data near which the next
    /// one will gather: positions of rows, under the name of the leaf that will be fed them. It changes no result, and
    /// what does not help is ignored.
    pub fn announce(&mut self, program: Program, (name, positions): (&str, &Tensor)) {
        let prepared = &mut self.programs[program.0];
        let Some(leaf) = prepared.leaves.iter().find(|leaf| leaf.name.as_deref() == Some(name)) else { return };
        if let Some((_, runner)) = prepared.runners.get_mut(prepared.last) {
            runner.announce(leaf.id, positions);
        }
    }

    /// The plan by which a program last ran in `f32`.
    pub fn plan(&self, program: Program) -> Option<&Plan> {
        let prepared = &self.programs[program.0];
        prepared.runners.get(prepared.last).map(|(_, runner)| runner.plan())
    }

    /// By the plan for the sizes fed, which is made where there is none yet.
    fn run_planned(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Answers<'_>, SessionError> {
        let Self { kept, programs, pool, level, .. } = self;
        let prepared = &mut programs[program.0];
        if !prepared.bind(kept, feeds) || !prepared.find_runner(kept, feeds) {
            prepared.add_runner(kept, feeds, (*level, pool.threads()))?;
        }
        let Prepared { graph, leaves, leaf_of, runners, last, bound, homes } = prepared;
        let (_, runner) = &mut runners[*last];
        for ((home, source), leaf) in homes.iter_mut().zip(&*bound).zip(&*leaves) {
            *home = match *source {
                Source::Kept(number) => {
                    let is_finite = runner.asks_if_finite(leaf.id) && kept.is_finite(number);
                    kept.home(number).map(|home| (Base(home), is_finite))
                }
                _ => None,
            };
        }
        let bound_to = |id: NodeId| {
            let at = leaf_of[id.index()]?;
            Some(match bound[at] {
                Source::Fed(feed) => Bound::Fed(feeds[feed].1),
                Source::Kept(number) => match homes[at] {
                    Some((home, is_finite)) => Bound::Kept(home, is_finite),
                    None => Bound::Fed(kept.as_set(number)?),
                },
                Source::Missing => return None,
            })
        };
        // SAFETY: the runner was made for what is bound, shapes and storage compared; kept values are this session's,
        // which is borrowed for the run.
        unsafe { runner.run(graph, pool, bound_to)? };
        for &(target, value) in &runner.plan().assigned {
            let Some(at) = leaf_of[target.index()] else { continue };
            match (value, bound[at]) {
                (None, Source::Kept(number)) => kept.changed(number),
                (Some(value), _) => {
                    kept.set(&graph.label(target), tensor(runner.value(value))?);
                }
                _ => {}
            }
        }
        let (_, runner) = &self.programs[program.0].runners[self.programs[program.0].last];
        Ok(Answers { from: From::Engine(runner.outputs()) })
    }

    fn interpret<T: Real>(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Answers<'_>, SessionError> {
        let graph = &self.programs[program.0].graph;
        let all = all_feeds(graph, &self.kept, feeds)?;
        let values = interpret::<T>(graph, &all)?;
        let outputs = graph.outputs().iter().map(|&id| values.tensor(id)).collect();
        let changed: Vec<(String, Tensor)> =
            graph.assignments().iter().map(|a| (graph.label(a.target), values.tensor(a.value))).collect();
        drop(values);
        changed.into_iter().for_each(|(name, value)| self.kept.set(&name, value));
        self.interpreted = outputs;
        Ok(Answers { from: From::Interpreter(&self.interpreted) })
    }
}

impl Clone for Session {
    /// A session with the same settings, kept values and graphs. Plans and their memory are made anew, when graphs first
    /// run; threads are shared.
    fn clone(&self) -> Self {
        let mut clone = self.emptied();
        for (name, value) in self.kept.iter() {
            clone.kept.set(name, value.clone());
        }
        clone.programs = self.programs.iter().map(|prepared| Prepared::new(prepared.graph.clone())).collect();
        clone
    }
}

impl Prepared {
    /// A graph that has not run yet.
    fn new(graph: Graph) -> Self {
        let leaf = |(id, node): (NodeId, &Node)| LeafOf {
            id,
            name: node.name.as_deref().map(str::to_string),
            lasts: matches!(node.op, Op::Leaf(Leaf::Parameter | Leaf::State)),
        };
        let leaves: Vec<LeafOf> = graph.fed().map(leaf).collect();
        let mut leaf_of = vec![None; graph.nodes().len()];
        leaves.iter().enumerate().for_each(|(at, leaf)| leaf_of[leaf.id.index()] = Some(at));
        let (bound, homes) = (vec![Source::Missing; leaves.len()], vec![None; leaves.len()]);
        Self { graph, leaves, leaf_of, runners: Vec::new(), last: 0, bound, homes }
    }

    /// Says where each leaf's value is; false where one is missing, or a feed means no leaf.
    fn bind(&mut self, kept: &mut Store, feeds: &[(&str, &Tensor)]) -> bool {
        let mut matched = 0;
        for (leaf, bound) in self.leaves.iter().zip(&mut self.bound) {
            let name = leaf.name.as_deref().unwrap_or_default();
            let fed = feeds.iter().position(|(fed, _)| *fed == name);
            *bound = match (fed, *bound) {
                (Some(feed), _) => {
                    matched += 1;
                    Source::Fed(feed)
                }
                // Numbers of kept values stay.
                (None, Source::Kept(number)) => Source::Kept(number),
                (None, _) => kept.find(name).map_or(Source::Missing, Source::Kept),
            };
            if let (true, Source::Kept(number)) = (leaf.lasts, *bound) {
                kept.bring_home(number);
            }
        }
        matched == feeds.len() && !self.bound.contains(&Source::Missing)
    }

    /// Finds the runner for what is bound; false where there is none yet.
    fn find_runner(&mut self, kept: &Store, feeds: &[(&str, &Tensor)]) -> bool {
        let (bound, runners) = (&self.bound, &self.runners);
        let fits = |&at: &usize| {
            let founds = runners.get(at).map_or(&[][..], |(founds, _)| founds);
            founds.len() == bound.len()
                && at < runners.len()
                && founds.iter().zip(bound).all(|(found, &source)| {
                    let (shape, storage) = seen(kept, feeds, source);
                    found.shape == shape && found.storage == storage
                })
        };
        let found = std::iter::once(self.last).chain(0..runners.len()).find(fits);
        self.last = found.unwrap_or(self.last);
        found.is_some()
    }

    /// Makes a runner for what is bound, or says what is wrong with it.
    fn add_runner(
        &mut self,
        kept: &Store,
        feeds: &[(&str, &Tensor)],
        (level, threads): (Supported, usize),
    ) -> Result<(), SessionError> {
        let Self { graph, leaves, leaf_of, runners, last, bound, .. } = self;
        let all = all_feeds(graph, kept, feeds)?;
        let sizes = graph.sizes(&all)?;
        let of_leaf: HashMap<NodeId, &Tensor> = all.iter().copied().collect();
        if let Some((id, _)) = graph.fed().find(|(id, _)| !of_leaf.contains_key(id)) {
            return Err(graph.not_fed(id).into());
        }
        let stored = |id: NodeId| {
            let Some(at) = leaf_of[id.index()] else { return Stored::default() };
            let (_, storage) = seen(kept, feeds, bound[at]);
            let tensor = of_leaf.get(&id).copied();
            let mostly_zeros = !leaves[at].lasts && tensor.is_some_and(zeros::are_most);
            Stored { storage, mostly_zeros }
        };
        let founds = bound.iter().map(|&source| {
            let (shape, storage) = seen(kept, feeds, source);
            Found { shape: shape.to_vec(), storage }
        });
        let founds = founds.collect();
        let plan = Plan::with(graph, &sizes, *level, stored)?;
        runners.push((founds, Runner::new(graph, plan, level, threads)?));
        *last = runners.len() - 1;
        Ok(())
    }
}

/// The shape and storage of a leaf's value.
fn seen<'s>(kept: &'s Store, feeds: &'s [(&str, &Tensor)], source: Source) -> (&'s [usize], Storage) {
    match source {
        Source::Missing => (&[], Storage::Floats),
        Source::Fed(feed) => (feeds[feed].1.shape(), storage(feeds[feed].1)),
        Source::Kept(number) => (kept.shape(number), kept.as_set(number).map_or(Storage::Kept, storage)),
    }
}

/// What is fed, and what is kept for the leaves that are not.
fn all_feeds<'t>(
    graph: &Graph,
    kept: &'t Store,
    feeds: &[(&str, &'t Tensor)],
) -> Result<Vec<(NodeId, &'t Tensor)>, SessionError> {
    let mut all = graph.named_feeds(feeds)?;
    let is_fed = |node: &Node| feeds.iter().any(|&(name, _)| node.name.as_deref() == Some(name));
    let from_kept = |(id, node): (NodeId, &Node)| match is_fed(node) {
        true => None,
        false => Some((id, kept.get(kept.find(node.name.as_deref()?)?))),
    };
    all.extend(graph.fed().filter_map(from_kept));
    Ok(all)
}

fn tensor(Output { shape, numbers }: Output) -> Result<Tensor, SessionError> {
    Tensor::new(shape, numbers).map_err(|error| SessionError::Broken { what: error.to_string() })
}

/// The outputs of a run, borrowed from the session.
#[derive(Debug)]
pub struct Answers<'s> {
    from: From<'s>,
}

#[derive(Debug)]
enum From<'s> {
    Engine(&'s [Output]),
    Interpreter(&'s [Tensor]),
}

impl Answers<'_> {
    /// How many outputs there are.
    pub fn len(&self) -> usize {
        match self.from {
            From::Engine(outputs) => outputs.len(),
            From::Interpreter(tensors) => tensors.len(),
        }
    }

    /// Whether the graph answers nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An output's shape.
    ///
    /// # Panics
    /// Where there is no such output; so do the methods below.
    pub fn shape(&self, output: usize) -> &[usize] {
        match self.from {
            From::Engine(outputs) => &outputs[output].shape,
            From::Interpreter(tensors) => tensors[output].shape(),
        }
    }

    /// An output's numbers in row-major order, where the session computes in `f32`.
    pub fn floats(&self, output: usize) -> Option<&[f32]> {
        match self.from {
            From::Engine(outputs) => Some(&outputs[output].numbers),
            From::Interpreter(tensors) => tensors[output].as_slice(),
        }
    }

    /// The number of an output that is one.
    pub fn item(&self, output: usize) -> Option<f64> {
        match self.from {
            From::Engine(outputs) => match outputs[output].numbers[..] {
                [number] => Some(f64::from(number)),
                _ => None,
            },
            From::Interpreter(tensors) => tensors[output].item(),
        }
    }

    /// A copy of an output.
    ///
    /// # Errors
    /// [`SessionError::Broken`], which would be a defect of the engine.
    pub fn tensor(&self, output: usize) -> Result<Tensor, SessionError> {
        match self.from {
            From::Engine(outputs) => tensor(outputs[output].clone()),
            From::Interpreter(tensors) => Ok(tensors[output].clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use limpid_graph::Builder;

    #[test]
    fn assignments_happen_at_once_after_everything_is_computed() {
        let b = Builder::new();
        let (x, y) = (b.state("x", ()), b.state("y", ()));
        b.assign(x, y);
        b.assign(y, x);
        let swap = b.finish([]).unwrap();
        let mut session = Session::new(Precision::F64);
        let swap = session.load(swap);
        session.set("x", Tensor::scalar(1.0));
        session.set("y", Tensor::scalar(2.0));
        session.run(swap, &[]).unwrap();
        assert_eq!((session.get("x").unwrap().item(), session.get("y").unwrap().item()), (Some(2.0), Some(1.0)));
    }

    #[test]
    fn a_failed_run_changes_nothing() {
        let b = Builder::new();
        let (w, labels) = (b.parameter("w", (2, 3)), b.input("labels", 2));
        b.assign(w, w + labels.one_hot(3));
        let step = b.finish([]).unwrap();
        let mut session = Session::new(Precision::F32);
        let step = session.load(step);
        session.set("w", Tensor::zeros([2, 3]));
        let error = session.run(step, &[("labels", &Tensor::from([1.0, 3.0]))]).unwrap_err();
        assert_eq!(error.to_string(), "`one_hot` of labels: 3 is not a position; use a whole number from 0 to 2");
        assert_eq!(session.get("w").unwrap().to_f64(), [0.0; 6]);
    }

    #[test]
    fn bytes_stay_bytes_and_are_read_where_a_gather_wants_them() {
        let b = Builder::new();
        let (images, rows) = (b.input("images", ("n", 2)), b.input("rows", "batch"));
        let graph = b.finish([images.gather(0, rows) / 255.0]).unwrap();
        let mut session = Session::new(Precision::F32);
        let program = session.load(graph);
        session.set("images", Tensor::new([3, 2], vec![0u8, 51, 102, 153, 204, 255]).unwrap());
        let out = session.run(program, &[("rows", &Tensor::from([2.0, 0.0]))]).unwrap();
        assert_eq!(out[0], Tensor::new([2, 2], vec![0.8f32, 1.0, 0.0, 0.2]).unwrap());
        assert!(session.get("images").unwrap().as_slice::<u8>().is_some());
    }
}

//! A session: variables, and graphs that run over them.

mod answers;
mod binding;
mod error;
mod precision;

use std::sync::{Arc, OnceLock};

use limpid_graph::{Data, Graph, NodeId, Real, Tensor, interpret};

pub use self::answers::Answers;
use self::answers::{From, tensor};
use self::binding::{Prepared, Source, all_feeds};
pub use self::error::SessionError;
pub use self::precision::Precision;
use crate::environment::{EnvironmentError, check_environment, interpreter_asked_for};
use crate::kernels::{Level, Supported};
use crate::plan::{Limits, Plan, sunk};
use crate::pool::{Pool, available_threads};
use crate::run::{Base, Bound};
use crate::store::Store;

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
    limits: Limits,
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
            limits: Limits::default(),
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

    /// The same session with plans of other limits: for tests, where a few numbers shall be cut as many are.
    #[doc(hidden)]
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The number type that it computes in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Number of threads that it uses.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The threads that it uses, for work between its runs.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Takes a graph to run. The engine runs it with its permutations of axes moved to where the fewest numbers have to
    /// be written.
    pub fn load(&mut self, graph: Graph) -> Program {
        let is_planned = (self.precision, self.machine) == (Precision::F32, Machine::Engine);
        let sunk = if is_planned { sunk(&graph) } else { Ok(None) };
        // A defect of the rewrite leaves the graph as it is; builds with debug assertions say so.
        debug_assert!(sunk.is_ok(), "{sunk:?}");
        let graph = sunk.ok().flatten().unwrap_or(graph);
        self.programs.push(Prepared::new(graph));
        Program(self.programs.len() - 1)
    }

    /// A session with the settings of this one, which keeps nothing and has no graphs.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let Self { precision, machine, level, .. } = *self;
        let (pool, limits, refused) = (Arc::clone(&self.pool), self.limits.clone(), self.refused.clone());
        let (kept, programs, interpreted) = (Store::default(), Vec::new(), Vec::new());
        Self { precision, machine, level, limits, pool, kept, programs, interpreted, refused }
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

    /// The graph of a program.
    pub fn graph(&self, program: Program) -> &Graph {
        &self.programs[program.0].graph
    }

    /// The plan by which a program last ran in `f32`.
    pub fn plan(&self, program: Program) -> Option<&Plan> {
        let prepared = &self.programs[program.0];
        prepared.runners.get(prepared.last).map(|(_, runner)| runner.plan())
    }

    /// By the plan for the sizes fed, which is made where there is none yet.
    fn run_planned(&mut self, program: Program, feeds: &[(&str, &Tensor)]) -> Result<Answers<'_>, SessionError> {
        let Self { kept, programs, pool, level, limits, .. } = self;
        let prepared = &mut programs[program.0];
        if !prepared.bind(kept, feeds) || !prepared.find_runner(kept, feeds) {
            prepared.add_runner(kept, feeds, (*level, limits, pool.threads()))?;
        }
        let Prepared { graph, leaves, leaf_of, runners, last, bound, addresses } = prepared;
        let (_, runner) = &mut runners[*last];
        for ((address, source), leaf) in addresses.iter_mut().zip(&*bound).zip(&*leaves) {
            *address = match *source {
                Source::Variable(number) => {
                    let is_finite = runner.asks_if_finite(leaf.id) && kept.is_finite(number);
                    kept.padded(number).map(|address| (Base(address), is_finite))
                }
                _ => None,
            };
        }
        let bound_to = |id: NodeId| {
            let at = leaf_of[id.index()]?;
            Some(match bound[at] {
                Source::Fed(feed) => Bound::Fed(feeds[feed].1),
                Source::Variable(number) => match addresses[at] {
                    Some((base, is_finite)) => Bound::Variable { base, is_finite, changes: kept.changes(number) },
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
                (None, Source::Variable(number)) => kept.changed(number),
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

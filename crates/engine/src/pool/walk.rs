//! A walk over stages of tasks, by any number of threads.
//!
//! Each thread has a share of each stage: a range of its tasks, of which one word says how many are taken, by whomever.
//! The thread that completes a stage opens the next by writing every share's word anew, the turn in its upper half. So
//! a thread waits for a stage at the word from which it will take its first task, and a late one, which still means an
//! earlier turn, takes nothing.
//!
//! Stages with a single task are no concern of other threads: the one that completes the stage before them runs them
//! on its way, and opens the next stage that has more.

use std::ops::Range;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use super::{Backoff, CachePadded, Pool};
use crate::sync::{AtomicBool, AtomicU64, AtomicUsize, Mutex};

/// A list of stages, each with a number of tasks, to be walked again and again. Made once; a run allocates nothing.
#[derive(Debug)]
pub struct Walk {
    /// How many tasks each stage has.
    stages: Box<[usize]>,
    /// The stages that threads share.
    shared: Box<[Stage]>,
    /// One for each thread: the turn (upper half) and the next task that nobody has taken (lower half).
    shares: Box<[CachePadded<AtomicU64>]>,
    /// How many tasks of the open stage are done.
    done: CachePadded<AtomicUsize>,
    /// Whether some task said no.
    refused: AtomicBool,
    /// Whether no further stage will be opened, though there is one.
    stopped: AtomicBool,
    /// The turn of the last stage of the last run. Turns go on from run to run, so that a run needs to reset nothing.
    turn: u32,
}

/// A stage with more than one task.
#[derive(Debug)]
struct Stage {
    number: usize,
    tasks: usize,
    /// The stages from the one behind it to the next that threads share: those that one thread walks alone.
    then: Range<usize>,
}

/// Of the thread, the stage and the task: whether the walk goes on.
type Work<'a> = dyn Fn(usize, usize, usize) -> bool + Sync + 'a;

impl Walk {
    /// A walk over stages with these numbers of tasks, cut for so many threads.
    ///
    /// Task t of n belongs to thread ⌊t · threads / n⌋: a thread finds what it works on in its own cache, from stage to
    /// stage and from run to run, unless another was faster and helped.
    pub fn new(stages: &[usize], threads: usize) -> Self {
        // A task's number must fit into half a word.
        let several = |stage: &usize| (2..=u32::MAX as usize).contains(&stages[*stage]);
        let numbers: Vec<usize> = (0..stages.len()).filter(several).collect();
        let ends = numbers.iter().skip(1).copied().chain([stages.len()]);
        let stage = |(&number, end)| Stage { number, tasks: stages[number], then: number + 1..end };
        Self {
            stages: stages.into(),
            shared: numbers.iter().zip(ends).map(stage).collect(),
            shares: (0..threads.max(1)).map(|_| CachePadded::default()).collect(),
            done: CachePadded::default(),
            refused: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            turn: 0,
        }
    }

    /// Calls `work(stage, task)` once for every task of every stage, in the threads of the pool. All tasks of a stage
    /// are done before one of the next begins, and what they wrote is there to be read.
    ///
    /// # Panics
    /// Where `work` panics, the panic goes on here. No further stage is begun then.
    ///
    /// ```
    /// use limpid_engine::{Pool, internals::Walk};
    /// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    ///
    /// let (squares, sum) = ([const { AtomicUsize::new(0) }; 8], AtomicUsize::new(0));
    /// Walk::new(&[8, 1], 2).run(&Pool::new(2), &|stage, task| match stage {
    ///     0 => squares[task].store(task * task, Relaxed),
    ///     _ => sum.store(squares.iter().map(|square| square.load(Relaxed)).sum(), Relaxed),
    /// });
    /// assert_eq!(sum.into_inner(), 140);
    /// ```
    pub fn run(&mut self, pool: &Pool, work: &(dyn Fn(usize, usize) + Sync)) {
        self.run_by(pool, &|_, stage, task| work(stage, task));
    }

    /// As [`run`](Self::run), and tells the work which thread runs it: a number below that which the walk was cut for,
    /// and no other thread's at the same time.
    pub fn run_by(&mut self, pool: &Pool, work: &(dyn Fn(usize, usize, usize) + Sync)) {
        self.walk(pool, &|worker, stage, task| {
            work(worker, stage, task);
            true
        });
    }

    /// As [`run`](Self::run), in this thread alone, so that what it works with may be its own.
    pub fn run_alone(&self, mut work: impl FnMut(usize, usize)) {
        for (stage, &tasks) in self.stages.iter().enumerate() {
            (0..tasks).for_each(|task| work(stage, task));
        }
    }

    /// As [`run`](Self::run), and ends with the first stage in which a task fails.
    ///
    /// # Errors
    /// That of the first task in the order of the list that fails; since the other tasks of its stage are run all the
    /// same, it is the same one for any number of threads.
    pub fn try_run<E: Send>(
        &mut self,
        pool: &Pool,
        work: &(dyn Fn(usize, usize) -> Result<(), E> + Sync),
    ) -> Result<(), E> {
        let first: Mutex<Option<(usize, E)>> = Mutex::new(None);
        self.walk(pool, &|_, stage, task| {
            let Err(error) = work(stage, task) else { return true };
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|(other, _)| task < *other) {
                *first = Some((task, error));
            }
            false
        });
        first.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), |(_, error)| Err(error))
    }

    fn walk(&mut self, pool: &Pool, work: &Work<'_>) {
        let Some(first) = self.shared.first().filter(|_| pool.threads().min(self.shares.len()) > 1) else {
            self.alone(0, 0..self.stages.len(), work);
            return;
        };
        if !self.alone(0, 0..first.number, work) {
            return;
        }
        // Nobody but this thread is here, and the pool publishes what it writes.
        self.done.store(0, Relaxed);
        self.refused.store(false, Relaxed);
        self.stopped.store(false, Relaxed);
        let turn = self.turn.wrapping_add(1);
        self.turn = self.turn.wrapping_add(self.shared.len() as u32);
        self.open(0, turn, 0);
        let this = &*self;
        pool.run(&|worker| this.take_part(worker % this.shares.len(), turn, work));
    }

    /// Walks stages in this thread; false where one of them ended the walk.
    fn alone(&self, own: usize, mut stages: Range<usize>, work: &Work<'_>) -> bool {
        stages.all(|stage| (0..self.stages[stage]).filter(|&task| !work(own, stage, task)).count() == 0)
    }

    /// Walks the stages that threads share, from the one that is open to the last or the one that ends the walk.
    /// `first` is the turn of the first of them.
    fn take_part(&self, own: usize, first: u32, work: &Work<'_>) {
        let early = Stop(&self.stopped);
        let mut at = 0;
        while let Some(index) = self.wait(own, first, at) {
            let (stage, turn) = (&self.shared[index], first.wrapping_add(index as u32));
            at = index + 1;
            let taken = self.take(own, stage, turn, work);
            // What each thread did is released here, and acquired by the one that completes the stage.
            if taken > 0 && self.done.fetch_add(taken, AcqRel) + taken == stage.tasks {
                if self.refused.load(Relaxed) || !self.alone(own, stage.then.clone(), work) {
                    break;
                }
                if at < self.shared.len() {
                    self.done.store(0, Relaxed);
                    self.open(at, first.wrapping_add(at as u32), own);
                }
            }
            // Behind the last stage there is nothing to wait for: the section ends when all that took a task have left.
            if at == self.shared.len() {
                std::mem::forget(early);
                return;
            }
        }
    }

    /// Opens a stage to all, the thread that does so last.
    fn open(&self, index: usize, turn: u32, own: usize) {
        let threads = self.shares.len();
        for share in (own + 1..threads).chain(0..=own) {
            let word = u64::from(turn) << 32 | self.shared[index].start(share, threads) as u64;
            self.shares[share].store(word, Release);
        }
    }

    /// Waits until the stage `at`, or one behind it, is open; `None` where none will be.
    fn wait(&self, own: usize, first: u32, at: usize) -> Option<usize> {
        let mut backoff = Backoff::default();
        loop {
            // Acquires what was done in all stages before.
            let ahead = turn_of(self.shares[own].load(Acquire)).wrapping_sub(first) as i32;
            if let Ok(index) = usize::try_from(ahead)
                && index >= at
            {
                return Some(index);
            }
            if self.stopped.load(Relaxed) {
                return None;
            }
            backoff.wait();
        }
    }

    /// Runs the tasks of this thread's share, then those that are left of others'; returns how many.
    fn take(&self, own: usize, stage: &Stage, turn: u32, work: &Work<'_>) -> usize {
        let threads = self.shares.len();
        let mut taken = 0;
        for share in (own..threads).chain(0..own) {
            let end = stage.start(share + 1, threads);
            while let Some(task) = self.next(share, end, turn) {
                taken += 1;
                if !work(own, stage.number, task) {
                    self.refused.store(true, Relaxed);
                }
            }
        }
        taken
    }

    /// Takes the next task of a share; `None` where there is none, or the turn is over.
    fn next(&self, share: usize, end: usize, turn: u32) -> Option<usize> {
        let word = &self.shares[share];
        let mut backoff = Backoff::default();
        let mut seen = word.load(Acquire);
        loop {
            let task = seen as u32 as usize;
            match turn_of(seen).wrapping_sub(turn) as i32 {
                0 if task < end => match word.compare_exchange_weak(seen, seen + 1, Acquire, Acquire) {
                    Ok(_) => return Some(task),
                    Err(now) => seen = now,
                },
                // The thread that opens the stage has not come to this share yet.
                ..0 => {
                    backoff.wait();
                    seen = word.load(Acquire);
                }
                _ => return None,
            }
        }
    }
}

impl Stage {
    /// The first task of a share: the first that is its thread's, see [`Walk::new`].
    fn start(&self, share: usize, threads: usize) -> usize {
        (share as u64 * self.tasks as u64).div_ceil(threads as u64) as usize
    }
}

/// The turn that a share's word is of.
fn turn_of(word: u64) -> u32 {
    (word >> 32) as u32
}

/// Dropped where a thread leaves the walk before its end, by a panic too: the others must not wait for what will not
/// come.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::*;

    const STAGES: [usize; 12] = [1, 8, 1, 0, 1, 3, 17, 2, 1, 1, 100, 1];

    /// How often a test runs a thing; an interpreter of the program looks at more in each.
    const TIMES: usize = if cfg!(miri) { 3 } else { 500 };

    /// How often each task ran, and how many tasks are done.
    struct Log {
        runs: Vec<Vec<AtomicUsize>>,
        done: AtomicUsize,
    }

    impl Log {
        fn new(stages: &[usize]) -> Self {
            let stage = |&tasks: &usize| (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            Self { runs: stages.iter().map(stage).collect(), done: AtomicUsize::new(0) }
        }

        /// Notes a task; panics unless all of the stages before it are done, and none of those behind.
        fn note(&self, stage: usize, task: usize) {
            let before: usize = self.runs[..stage].iter().map(Vec::len).sum();
            let done = self.done.load(Relaxed);
            assert!((before..before + self.runs[stage].len()).contains(&done), "stage {stage} when {done} were done");
            self.runs[stage][task].fetch_add(1, Relaxed);
            self.done.fetch_add(1, Relaxed);
        }

        fn each(&self, times: usize) -> bool {
            self.runs.iter().flatten().all(|count| count.load(Relaxed) == times)
        }
    }

    #[test]
    fn every_task_runs_once_a_run_and_stages_keep_their_order() {
        for (threads, cut) in [(1, 1), (2, 2), (3, 3), (7, 7), (2, 5), (5, 2), (1, 4)] {
            let (pool, mut walk, log) = (Pool::new(threads), Walk::new(&STAGES, cut), Log::new(&STAGES));
            for run in 1..=TIMES {
                log.done.store(0, Relaxed);
                walk.run(&pool, &|stage, task| log.note(stage, task));
                assert!(log.each(run), "{threads} threads, run {run}");
            }
            let log = Log::new(&STAGES);
            walk.run_alone(|stage, task| log.note(stage, task));
            assert!(log.each(1));
        }
    }

    #[test]
    fn lists_without_stages_or_tasks_are_walked() {
        for stages in [&[] as &[usize], &[0], &[0, 0, 0], &[1], &[2], &[0, 2, 0], &[1, 1, 1]] {
            for threads in [1, 2, 3] {
                let log = Log::new(stages);
                Walk::new(stages, threads).run(&Pool::new(threads), &|stage, task| log.note(stage, task));
                assert!(log.each(1), "{stages:?}");
            }
        }
    }

    #[test]
    fn what_a_stage_writes_is_read_by_the_next() {
        // Plain memory, in which a race would be one.
        struct Shared(std::cell::UnsafeCell<[u64; 16]>);
        #[allow(unsafe_code)]
        // SAFETY: the stages below write disjoint elements, and read those that the stage before wrote.
        unsafe impl Sync for Shared {}
        impl Shared {
            fn at(&self, index: usize) -> *mut u64 {
                self.0.get().cast::<u64>().wrapping_add(index)
            }
        }

        let (pool, mut walk) = (Pool::new(3), Walk::new(&[8, 8, 1, 8], 3));
        let numbers = Shared(std::cell::UnsafeCell::new([0; 16]));
        for run in 1..=TIMES as u64 {
            #[allow(unsafe_code)]
            // SAFETY: indices are below 16; no other task of the same stage touches what one writes.
            walk.run(&pool, &|stage, task| unsafe {
                match stage {
                    0 => *numbers.at(task) = run + task as u64,
                    1 => *numbers.at(8 + task) = *numbers.at(7 - task) * 2,
                    2 => *numbers.at(0) = (8..16).map(|index| *numbers.at(index)).sum(),
                    _ => *numbers.at(8 + task) = *numbers.at(0),
                }
            });
            #[allow(unsafe_code)]
            // SAFETY: the run is over.
            let found = unsafe { *numbers.0.get() };
            assert_eq!(found[8..], [2 * (8 * run + 28); 8]);
        }
    }

    #[test]
    fn a_thread_begins_with_its_own_share() {
        let stage = Stage { number: 0, tasks: 10, then: 1..1 };
        for threads in 1..20 {
            for task in 0..10 {
                let owner = task * threads / 10;
                assert!((stage.start(owner, threads)..stage.start(owner + 1, threads)).contains(&task));
            }
        }
    }

    #[test]
    fn the_first_error_in_the_order_of_the_list_ends_the_walk_behind_its_stage() {
        for threads in [1, 2, 3, 7] {
            let (pool, mut walk) = (Pool::new(threads), Walk::new(&STAGES, threads));
            for failing in [0, 1, 2, 5, 6, 10, 11] {
                for _ in 0..TIMES / 3 {
                    let log = Log::new(&STAGES);
                    let found = walk.try_run(&pool, &|stage, task| {
                        log.note(stage, task);
                        if stage == failing && task >= STAGES[stage] / 2 { Err((stage, task)) } else { Ok(()) }
                    });
                    assert_eq!(found, Err((failing, STAGES[failing] / 2)));
                    assert_eq!(log.done.into_inner(), STAGES[..=failing].iter().sum::<usize>());
                }
                assert_eq!(walk.try_run(&pool, &|_, _| Ok::<(), ()>(())), Ok(()));
            }
        }
    }

    #[test]
    fn a_panic_in_a_task_comes_out_and_the_walk_can_be_run_again() {
        for threads in [1, 2, 3, 7] {
            let (pool, mut walk) = (Pool::new(threads), Walk::new(&STAGES, threads));
            for failing in [(0, 0), (1, 0), (1, 7), (4, 0), (6, 9), (10, 99), (11, 0)] {
                let log = Log::new(&STAGES);
                let run = AssertUnwindSafe(|| {
                    walk.run(&pool, &|stage, task| {
                        log.note(stage, task);
                        if (stage, task) == failing {
                            std::panic::panic_any(failing);
                        }
                    });
                });
                let panic = catch_unwind(run).unwrap_err();
                assert_eq!(panic.downcast_ref(), Some(&failing));
                assert!(log.runs[failing.0 + 1..].iter().flatten().all(|count| count.load(Relaxed) == 0));
                let log = Log::new(&STAGES);
                walk.run(&pool, &|stage, task| log.note(stage, task));
                assert!(log.each(1));
            }
        }
    }

    #[test]
    fn a_thread_that_is_held_up_delays_only_what_it_took() {
        let (pool, mut walk, log) = (Pool::new(2), Walk::new(&[8, 8], 2), Log::new(&[8, 8]));
        let slow = std::sync::Mutex::new(None);
        for _ in 0..3 {
            log.done.store(0, Relaxed);
            *slow.lock().unwrap() = None;
            walk.run(&pool, &|stage, task| {
                log.note(stage, task);
                let thread = std::thread::current().id();
                let held_up = *slow.lock().unwrap().get_or_insert(thread) == thread;
                std::thread::sleep(Duration::from_millis(if held_up { 20 } else { 1 }));
            });
        }
        assert!(log.each(3));
    }

    #[test]
    fn turns_come_round() {
        let (pool, mut walk) = (Pool::new(3), Walk::new(&STAGES, 3));
        walk.turn = u32::MAX - 20;
        let log = Log::new(&STAGES);
        for share in &walk.shares {
            share.store(u64::from(walk.turn) << 32, Relaxed);
        }
        for run in 1..=20 {
            log.done.store(0, Relaxed);
            walk.run(&pool, &|stage, task| log.note(stage, task));
            assert!(log.each(run));
        }
        assert!(walk.turn < 1000);
    }
}

//! Fork and join.
//!
//! One word, the gate, says everything that threads must agree on: which section it is, whether it is open, and how many
//! workers are inside. A worker may enter only while the section is open, by counting itself in; the caller closes it
//! and then waits for the count to be zero. From that moment until it opens the next section, no worker touches what the
//! caller lent, nor will.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::{OnceLock, PoisonError};
use std::time::Duration;

use super::{Backoff, CachePadded, MOST_THREADS};
use crate::sync::{Arc, AtomicBool, AtomicUsize, Builder, Instant, JoinHandle, Mutex, UnsafeCell, fence, park};

/// How long a worker looks out for the next section before it sleeps. Shorter, and it falls asleep in each serial
/// stretch of a training step, which costs the caller a system call and itself some 50 µs to wake.
const AWAKE: Duration = Duration::from_micros(50);

/// Threads that run a closure together with the one that calls.
///
/// Workers start with the first [`run`](Self::run), sleep where there is nothing to do, and end with the pool.
pub struct Pool {
    threads: usize,
    shared: Arc<Shared>,
    workers: OnceLock<Vec<JoinHandle<()>>>,
    /// Whether a section is under way.
    busy: AtomicBool,
}

impl Pool {
    /// A pool of so many threads, the caller among them: at least 1, at most [`MOST_THREADS`]. Where there are no
    /// threads, as in a browser, it is 1.
    pub fn new(threads: usize) -> Self {
        let most = if cfg!(target_family = "wasm") { 1 } else { MOST_THREADS };
        let threads = threads.clamp(1, most);
        let shared = Arc::new(Shared::new(threads - 1));
        Self { threads, shared, workers: OnceLock::new(), busy: AtomicBool::new(false) }
    }

    /// How many threads take part at most, the caller among them.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Runs the closure in the calling thread, as worker 0, and in those workers that come before it returns there, each
    /// under its own number below [`threads`](Self::threads); returns when all that came have left.
    ///
    /// **Which workers come is a matter of luck**, so the closure must be one that any of them, and worker 0 alone,
    /// complete: typically it takes tasks from a common list until there are none.
    ///
    /// Where a section of this pool is under way already (called from inside one, or from two threads), the closure runs
    /// in the calling thread alone, as worker 0.
    ///
    /// # Panics
    /// Where the closure panics in some thread, the panic goes on here, after all have left; the pool stays usable.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// let pool = limpid_engine::Pool::new(2);
    /// let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
    /// pool.run(&|_worker| {
    ///     loop {
    ///         let task = next.fetch_add(1, Ordering::Relaxed);
    ///         if task >= 100 {
    ///             break;
    ///         }
    ///         sum.fetch_add(task, Ordering::Relaxed);
    ///     }
    /// });
    /// assert_eq!(sum.into_inner(), 4950);
    /// ```
    pub fn run(&self, task: &(dyn Fn(usize) + Sync)) {
        if self.threads == 1 || self.busy.compare_exchange(false, true, Acquire, Relaxed).is_err() {
            return task(0);
        }
        let workers = self.workers.get_or_init(|| self.start());
        // SAFETY: `busy` admits one thread at a time, and it is cleared only behind `close`.
        unsafe { self.shared.open(task) };
        for (worker, asleep) in workers.iter().zip(&self.shared.asleep) {
            if asleep.load(Relaxed) {
                worker.thread().unpark();
            }
        }
        let own = catch_unwind(AssertUnwindSafe(|| task(0)));
        let others = self.shared.close();
        self.busy.store(false, Release);
        if let Some(panic) = own.err().or(others) {
            resume_unwind(panic);
        }
    }

    /// Starts the workers; fewer where the system gives no more, which any section bears.
    fn start(&self) -> Vec<JoinHandle<()>> {
        let start = |worker: usize| {
            let shared = Arc::clone(&self.shared);
            Builder::new().name(format!("limpid-{worker}")).spawn(move || shared.work(worker)).ok()
        };
        (1..self.threads).map_while(start).collect()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let Some(workers) = self.workers.take() else { return };
        self.shared.gate.fetch_or(END, Release);
        for worker in workers {
            worker.thread().unpark();
            // A worker catches its panics, so there is none to report.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// The bits of the gate: how many workers are inside, ...
const INSIDE: usize = OPEN - 1;
/// ... whether more may enter, ...
const OPEN: usize = 1 << 14;
/// ... whether the pool ends, and from here on a number for each section. (Where numbers come round again, on 32 bits, a
/// worker that slept through all of them leaves one section to the others.)
const END: usize = 1 << 15;
const SECTION: usize = 1 << 16;

const _: () = assert!(MOST_THREADS <= INSIDE, "as many may be inside as there are threads");

type Task = dyn Fn(usize) + Sync;
type Panic = Box<dyn Any + Send>;

/// What the caller and the workers share.
struct Shared {
    gate: CachePadded<AtomicUsize>,
    /// What the open section runs; written while nobody is inside, read from inside.
    task: UnsafeCell<Option<*const Task>>,
    /// Whether worker i + 1 sleeps or is about to.
    asleep: Box<[AtomicBool]>,
    /// The first panic of a worker in this section, and whether there is one.
    panicked: AtomicBool,
    panic: Mutex<Option<Panic>>,
}

// SAFETY: what is not Send and Sync already is `task`. It points to a closure that is Sync, so any thread may call it;
// and access to the cell is ordered by the gate: `open` writes it while no worker is inside or may enter, and a worker
// reads it between its entry (an acquire of what `open` released) and its leaving (released to `close`).
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    fn new(workers: usize) -> Self {
        Self {
            gate: CachePadded(AtomicUsize::new(0)),
            task: UnsafeCell::new(None),
            asleep: (0..workers).map(|_| AtomicBool::new(false)).collect(),
            panicked: AtomicBool::new(false),
            panic: Mutex::new(None),
        }
    }

    /// Opens the next section.
    ///
    /// # Safety
    /// No other section may be under way, and before `task` ends its life, this thread must call `close`.
    unsafe fn open(&self, task: &(dyn Fn(usize) + Sync)) {
        let task: *const (dyn Fn(usize) + Sync + '_) = task;
        // SAFETY: both are pointers to the same trait; they differ in the lifetime that the compiler knows of, and it
        // is called only by workers inside, none of which is left behind `close`.
        let task = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Task>(task) };
        // SAFETY: no section is under way: the gate is closed and its count zero, so no worker reads this.
        self.task.with_mut(|cell| unsafe { *cell = Some(task) });
        // Nobody else changes a closed gate with nobody inside; `Drop`, which does, has the pool to itself. This releases
        // the task, and the fence stands between it and the look at who sleeps: see `enter`.
        let next = (self.gate.load(Relaxed) & !(SECTION - 1)).wrapping_add(SECTION) | OPEN;
        self.gate.store(next, Release);
        fence(SeqCst);
    }

    /// Closes the section, waits until it is empty, and returns the first panic of those that came.
    fn close(&self) -> Option<Panic> {
        // Leaving is a chain of changes to the gate that each release what the worker did, so to acquire the last is
        // to acquire all.
        let mut gate = self.gate.fetch_and(!OPEN, AcqRel);
        let mut backoff = Backoff::default();
        while gate & INSIDE != 0 {
            backoff.wait();
            gate = self.gate.load(Acquire);
        }
        if !self.panicked.load(Relaxed) {
            return None;
        }
        self.panicked.store(false, Relaxed);
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// A worker's life.
    fn work(&self, worker: usize) {
        let mut last = 0;
        while let Some(section) = self.enter(worker, last) {
            last = section;
            // SAFETY: this worker is inside until `fetch_sub` below: nobody writes the cell before, and what the caller
            // lent lives, since the caller gets no further than `close`.
            let task = self.task.with(|cell| unsafe { (*cell).map(|task| &*task) });
            if let Some(task) = task
                && let Err(panic) = catch_unwind(AssertUnwindSafe(|| task(worker)))
            {
                self.keep(panic);
            }
            self.gate.fetch_sub(1, Release);
        }
    }

    /// Waits for a section other than the last, and enters it; `None` where the pool ends.
    fn enter(&self, worker: usize, last: usize) -> Option<usize> {
        let asleep = &self.asleep[worker - 1];
        let mut backoff = Backoff::default();
        // The clock is asked only once the thread has offered its core: the next section is mostly there before.
        let (mut seen, mut since) = (last, None);
        loop {
            let gate = self.gate.load(Acquire);
            if gate & END != 0 {
                return None;
            }
            let section = gate / SECTION;
            if gate & OPEN != 0 && section != last {
                // To enter is to change a gate that is open: it cannot be closed in between. Acquires the task.
                if self.gate.compare_exchange_weak(gate, gate + 1, AcqRel, Relaxed).is_ok() {
                    return Some(section);
                }
                continue;
            }
            if section != seen {
                // Too late for that one, but there may be more.
                (seen, since) = (section, None);
            }
            if backoff.wait() && since.get_or_insert_with(Instant::now).elapsed() > AWAKE {
                // Either `open` sees the flag and wakes this thread, or this sees the gate that `open` wrote before it
                // looked: each has a fence between what it writes and what it looks at, and one fence is the first.
                asleep.store(true, Relaxed);
                fence(SeqCst);
                if self.gate.load(Relaxed) == gate {
                    park();
                }
                asleep.store(false, Relaxed);
                since = None;
            }
        }
    }

    fn keep(&self, panic: Panic) {
        let mut kept = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            None => *kept = Some(panic),
            // It may panic again where it is dropped, and there would be no one to catch that.
            Some(_) => std::mem::forget(panic),
        }
        self.panicked.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{current, sleep};

    use super::*;

    const TIMES: usize = if cfg!(miri) { 5 } else { 2000 };

    /// Runs sections until every worker has been in one, and checks each: every thread at most once, the caller always.
    fn until_all_came(pool: &Pool) {
        let came: Vec<_> = (0..pool.threads()).map(|_| AtomicUsize::new(0)).collect();
        let begun = Instant::now();
        while came.iter().any(|count| count.load(Relaxed) == 0) {
            assert!(begun.elapsed() < Duration::from_secs(60), "some worker never came");
            let before: Vec<_> = came.iter().map(|count| count.load(Relaxed)).collect();
            pool.run(&|worker| {
                came[worker].fetch_add(1, Relaxed);
                if worker == 0 {
                    sleep(Duration::from_micros(200));
                }
            });
            let after: Vec<_> = came.iter().map(|count| count.load(Relaxed)).collect();
            assert_eq!(after[0], before[0] + 1);
            assert!(after.iter().zip(before).all(|(after, before)| after - before <= 1));
        }
    }

    #[test]
    fn every_worker_comes_spinning_and_parked_under_its_own_name() {
        for threads in [1, 2, 3, 7] {
            let pool = Pool::new(threads);
            until_all_came(&pool);
            sleep(Duration::from_millis(20));
            until_all_came(&pool);
            pool.run(&|worker| {
                if worker > 0 {
                    assert_eq!(current().name(), Some(&*format!("limpid-{worker}")));
                }
            });
        }
    }

    #[test]
    fn what_the_closure_borrows_is_whole_until_all_have_left() {
        for threads in [2, 3, 7] {
            let pool = Pool::new(threads);
            for run in 0..TIMES {
                let (next, sum) = (AtomicUsize::new(0), Mutex::new(vec![run]));
                pool.run(&|_| {
                    while next.fetch_add(1, Relaxed) < 20 {
                        sum.lock().unwrap().push(run);
                    }
                });
                assert_eq!(sum.into_inner().unwrap(), vec![run; 21]);
            }
        }
    }

    #[test]
    fn a_panic_comes_out_behind_the_section_and_the_pool_stays_usable() {
        let pool = Pool::new(3);
        until_all_came(&pool);
        for thrower in 0..3 {
            let begun = Instant::now();
            loop {
                assert!(begun.elapsed() < Duration::from_secs(60), "worker {thrower} never came");
                let run = || {
                    pool.run(&|worker| {
                        if worker == 0 {
                            sleep(Duration::from_micros(200));
                        }
                        if worker >= thrower {
                            std::panic::panic_any(worker);
                        }
                    });
                };
                match catch_unwind(AssertUnwindSafe(run)) {
                    Ok(()) => continue,
                    Err(panic) => assert!(*panic.downcast::<usize>().unwrap() >= thrower),
                }
                break;
            }
            until_all_came(&pool);
        }
    }

    #[test]
    fn inside_a_section_another_runs_alone() {
        let pool = Pool::new(3);
        let (outer, inner) = (AtomicUsize::new(0), AtomicUsize::new(0));
        for _ in 0..TIMES {
            pool.run(&|_| {
                outer.fetch_add(1, Relaxed);
                pool.run(&|worker| {
                    assert_eq!(worker, 0);
                    inner.fetch_add(1, Relaxed);
                });
            });
        }
        assert_eq!(outer.into_inner(), inner.into_inner());
    }

    #[test]
    fn many_threads_call_one_pool() {
        let pool = Pool::new(3);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..TIMES {
                        let next = AtomicUsize::new(0);
                        let done = AtomicUsize::new(0);
                        pool.run(&|_| {
                            while next.fetch_add(1, Relaxed) < 10 {
                                done.fetch_add(1, Relaxed);
                            }
                        });
                        assert_eq!(done.into_inner(), 10);
                    }
                });
            }
        });
    }

    #[test]
    fn a_pool_ends_before_it_began_while_it_spins_and_while_it_sleeps() {
        for threads in [1, 2, 7] {
            drop(Pool::new(threads));
            for pause in [0, 30, 60, 5000] {
                for _ in 0..TIMES / 100 + 1 {
                    let pool = Pool::new(threads);
                    pool.run(&|_| {});
                    sleep(Duration::from_micros(pause));
                    drop(pool);
                }
            }
        }
    }

    #[test]
    fn sections_come_round_the_moment_a_worker_falls_asleep() {
        let pool = Pool::new(2);
        for run in 0..TIMES as u32 / 4 {
            let begun = Instant::now();
            while begun.elapsed() < AWAKE + Duration::from_nanos(u64::from(run) * 37 % 20_000) {
                std::hint::spin_loop();
            }
            pool.run(&|_| {});
        }
        until_all_came(&pool);
    }

    #[test]
    fn a_pool_has_at_least_one_thread_and_can_be_shared() {
        fn shared(_: &(impl Send + Sync + fmt::Debug)) {}
        for (asked, given) in [(0, 1), (1, 1), (5, 5), (usize::MAX, MOST_THREADS)] {
            let pool = Pool::new(asked);
            shared(&pool);
            assert_eq!(pool.threads(), given);
        }
        assert_eq!(format!("{:?}", Pool::new(2)), "Pool { threads: 2, .. }");
    }
}

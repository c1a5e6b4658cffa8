//! Each test runs a small piece of work in every order that loom finds, up to a number of times that a thread is
//! interrupted, and on the way wants to have seen each thing that can happen.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{self as real};

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use pool_under_loom::pool::{Pool, Walk};

/// Runs the model in every order in which threads are interrupted so many times.
fn every_order(interruptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.max_branches = 20_000;
    let orders = Arc::new(real::AtomicUsize::new(0));
    let count = Arc::clone(&orders);
    builder.check(move || {
        count.fetch_add(1, Relaxed);
        model();
    });
    println!("{} orders", orders.load(Relaxed));
}

/// What happened in some order, kept from one to the next.
#[derive(Clone, Default)]
struct Seen(Arc<real::AtomicUsize>);

impl Seen {
    fn note(&self, what: usize) {
        self.0.fetch_or(1 << what, Relaxed);
    }

    /// Panics unless each of so many things was seen.
    fn all(&self, things: usize) {
        assert_eq!(self.0.load(Relaxed), (1 << things) - 1, "the bits of what was seen");
    }
}

/// Plain numbers, each access to which must be ordered by something else: where it is not, loom panics.
struct Numbers<const N: usize>([UnsafeCell<usize>; N]);

// SAFETY: loom panics at an access that another thread's access is not ordered with.
unsafe impl<const N: usize> Sync for Numbers<N> {}

impl<const N: usize> Numbers<N> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| UnsafeCell::new(0)))
    }

    fn set(&self, index: usize, value: usize) {
        // SAFETY: as above.
        self.0[index].with_mut(|number| unsafe { *number = value });
    }

    fn get(&self, index: usize) -> usize {
        // SAFETY: as above.
        self.0[index].with(|number| unsafe { *number })
    }

    fn all(&self) -> [usize; N] {
        std::array::from_fn(|index| self.get(index))
    }
}

/// Two sections, in each of which the threads share three tasks.
fn sections(threads: usize, interruptions: usize) {
    let seen = Seen::default();
    let noted = seen.clone();
    every_order(interruptions, move || {
        let pool = Pool::new(threads);
        for section in 1..=2 {
            let (next, numbers) = (AtomicUsize::new(0), Numbers::<3>::new());
            pool.run(&|worker| {
                noted.note(worker);
                while let task @ ..3 = next.fetch_add(1, Relaxed) {
                    numbers.set(task, 10 * section + task);
                }
            });
            assert_eq!(numbers.all(), [0, 1, 2].map(|task| 10 * section + task));
        }
    });
    seen.all(threads);
}

#[test]
fn what_a_worker_wrote_is_the_callers_behind_the_section() {
    sections(2, 4);
}

#[test]
fn what_two_workers_wrote_is_the_callers_behind_the_section() {
    sections(3, 1);
}

#[test]
fn a_worker_that_falls_asleep_while_a_section_opens_is_woken() {
    every_order(3, || {
        let pool = Pool::new(2);
        pool.run(&|_| {});
        // The caller waits for the worker: nobody else would wake it.
        let came = AtomicBool::new(false);
        pool.run(&|worker| match worker {
            0 => {
                while !came.load(Acquire) {
                    loom::hint::spin_loop();
                }
            }
            _ => came.store(true, Release),
        });
    });
}

#[test]
fn a_panic_of_any_thread_comes_out_and_the_pool_stays_usable() {
    let seen = Seen::default();
    let noted = seen.clone();
    every_order(4, move || {
        let pool = Pool::new(2);
        let numbers = Numbers::<2>::new();
        let run = AssertUnwindSafe(|| {
            pool.run(&|worker| {
                numbers.set(worker, 1);
                if worker == 1 {
                    std::panic::resume_unwind(Box::new(worker));
                }
            });
        });
        match catch_unwind(run) {
            Ok(()) => noted.note(0),
            Err(panic) => {
                assert_eq!(panic.downcast_ref(), Some(&1_usize));
                noted.note(1);
            }
        }
        assert_eq!(numbers.get(0), 1);
        let next = AtomicUsize::new(0);
        pool.run(&|_| while next.fetch_add(1, Relaxed) < 2 {});
        assert!(next.load(Relaxed) > 2);
    });
    seen.all(2);
}

#[test]
fn two_threads_may_call_one_pool() {
    let seen = Seen::default();
    let noted = seen.clone();
    every_order(3, move || {
        let pool = loom::sync::Arc::new(Pool::new(2));
        let call = |pool: &Pool, noted: &Seen| {
            let (next, numbers) = (AtomicUsize::new(0), Numbers::<2>::new());
            pool.run(&|worker| {
                noted.note(worker);
                while let task @ ..2 = next.fetch_add(1, Relaxed) {
                    numbers.set(task, task + 1);
                }
            });
            assert_eq!(numbers.all(), [1, 2]);
        };
        let other = {
            let (pool, noted) = (loom::sync::Arc::clone(&pool), noted.clone());
            loom::thread::spawn(move || call(&pool, &noted))
        };
        call(&pool, &noted);
        other.join().unwrap();
    });
    seen.all(2);
}

/// A walk over stages, each of which reads what the one before wrote.
fn stages<const N: usize>(stages: [usize; N], threads: usize, interruptions: usize, runs: usize) {
    let seen = Seen::default();
    let noted = seen.clone();
    every_order(interruptions, move || {
        let (pool, mut walk, numbers) = (Pool::new(threads), Walk::new(&stages, threads), Numbers::<8>::new());
        let first = |stage: usize| stages[..stage].iter().sum::<usize>();
        for run in 1..=runs {
            walk.run_by(&pool, &|worker, stage, task| {
                noted.note(worker);
                let before = if stage == 0 { 0..0 } else { first(stage - 1)..first(stage) };
                numbers.set(first(stage) + task, before.map(|index| numbers.get(index)).sum::<usize>() + run + task);
            });
            let mut sum = 0;
            for (stage, &tasks) in stages.iter().enumerate() {
                let wanted: Vec<_> = (0..tasks).map(|task| sum + run + task).collect();
                let found: Vec<_> = (0..tasks).map(|task| numbers.get(first(stage) + task)).collect();
                assert_eq!(found, wanted, "stage {stage} of run {run}");
                sum = wanted.iter().sum();
            }
        }
    });
    seen.all(threads);
}

#[test]
fn a_stage_reads_what_the_stage_before_wrote() {
    stages([2, 2], 2, 2, 1);
}

#[test]
fn a_stage_reads_what_one_thread_wrote_alone() {
    stages([2, 1, 2], 2, 2, 1);
}

#[test]
fn a_walk_is_walked_again() {
    stages([2, 2], 2, 1, 2);
}

#[test]
fn a_walk_of_three_threads_keeps_its_order() {
    stages([3, 2], 3, 1, 1);
}

#[test]
fn an_error_ends_the_walk_behind_its_stage() {
    every_order(3, || {
        let (pool, mut walk) = (Pool::new(2), Walk::new(&[2, 2], 2));
        let done = AtomicUsize::new(0);
        let found = walk.try_run(&pool, &|stage, task| {
            done.fetch_add(1, AcqRel);
            if stage == 0 { Err((stage, task)) } else { Ok(()) }
        });
        assert_eq!(found, Err((0, 0)));
        assert_eq!(done.load(Relaxed), 2);
    });
}

#[test]
fn nobody_waits_for_a_thread_that_panicked() {
    let seen = Seen::default();
    let noted = seen.clone();
    every_order(4, move || {
        let (pool, mut walk) = (Pool::new(2), Walk::new(&[2, 2], 2));
        let run = AssertUnwindSafe(|| {
            walk.run_by(&pool, &|worker, stage, task| {
                assert_eq!(stage, 0, "no stage begins behind the panic");
                if task == 1 {
                    noted.note(worker);
                    std::panic::resume_unwind(Box::new(task));
                }
            });
        });
        assert_eq!(catch_unwind(run).unwrap_err().downcast_ref(), Some(&1_usize));
    });
    seen.all(2);
}

//! What it costs to fork, join and walk: `cargo bench -p limpid-engine --bench pool`.
//!
//! Medians in nanoseconds; each figure is measured in rounds that take turns with the others', because the second core
//! of a shared machine comes and goes. Two threads cost what their time is above half of one thread's.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use limpid_engine::Pool;
use limpid_engine::internals::Walk;

/// Ten small stages between two that are cut in eight, and as many stages all cut in eight.
const SMALL: [usize; 12] = [8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8];
const CUT: [usize; 12] = [8; 12];
/// About that many steps of [`arithmetic`].
const HALF_MICROSECOND: usize = 180;
const ROUNDS: usize = 40;
const TIMES: usize = 250;

fn main() {
    let pools = [Pool::new(1), Pool::new(2)];
    let [one, two] = &pools;
    let mut small = [1, 2].map(|threads| Walk::new(&SMALL, threads));
    let mut cut = [1, 2].map(|threads| Walk::new(&CUT, threads));
    let empty = |_: usize, _: usize| {};
    let half = |stage: usize, _: usize| arithmetic(if SMALL[stage] > 1 { HALF_MICROSECOND } else { 0 });
    let all_half = |_: usize, _: usize| arithmetic(HALF_MICROSECOND);
    let park = || std::thread::sleep(Duration::from_micros(300));

    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut note = |name, numbers: Vec<f64>| match figures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.extend(numbers),
            None => figures.push((name, numbers)),
        };
        note("the clock itself", times(TIMES, || {}, || {}));
        note("section, 1 thread", times(TIMES, || {}, || one.run(&|_| {})));
        note("section, 2 threads, nothing to do", times(TIMES, || {}, || two.run(&|_| {})));
        note("section, 2 threads, parked, nothing to do", times(TIMES / 10, park, || two.run(&|_| {})));
        note("section, 2 threads that both came", times(TIMES, || {}, || meet(two)));
        note("  after a serial stretch of 40 µs", times(TIMES / 10, || busy(40), || meet(two)));
        note("  parked", times(TIMES / 10, park, || meet(two)));
        let mut walked = |names: [&'static str; 2], walks: &mut [Walk; 2], work: &(dyn Fn(usize, usize) + Sync)| {
            for ((name, walk), pool) in names.into_iter().zip(walks).zip(&pools) {
                note(name, times(TIMES, || {}, || walk.run(pool, work)));
            }
        };
        walked(["8, 10 × 1, 8 empty tasks; 1 thread", "8, 10 × 1, 8 empty tasks; 2 threads"], &mut small, &empty);
        walked(
            ["8, 10 × 1 empty, 8 half microseconds; 1 thread", "8, 10 × 1 empty, 8 half microseconds; 2 threads"],
            &mut small,
            &half,
        );
        walked(["12 × 8 empty tasks; 1 thread", "12 × 8 empty tasks; 2 threads"], &mut cut, &empty);
        walked(["12 × 8 half microseconds; 1 thread", "12 × 8 half microseconds; 2 threads"], &mut cut, &all_half);
    }
    println!("{:46} {:>9} {:>9} {:>9}", "", "best", "median", "p90");
    for (name, mut all) in figures {
        all.sort_by(f64::total_cmp);
        println!("{name:46} {:9.1} {:9.1} {:9.1}", all[0], all[all.len() / 2], all[all.len() * 9 / 10]);
    }
}

/// Nanoseconds of each call of `run`, with `before` in front of each.
fn times(count: usize, mut before: impl FnMut(), mut run: impl FnMut()) -> Vec<f64> {
    (0..count)
        .map(|_| {
            before();
            let start = Instant::now();
            run();
            start.elapsed().as_nanos() as f64
        })
        .collect()
}

/// A section that the caller does not leave before the worker has come: what others call fork and join.
fn meet(pool: &Pool) {
    let came = AtomicBool::new(false);
    pool.run(&|worker| {
        if worker == 1 {
            came.store(true, Ordering::Relaxed);
        }
        while !came.load(Ordering::Relaxed) {
            // Now and then the core is for another, or two threads on one would measure the system's time slices.
            for _ in 0..64 {
                std::hint::spin_loop();
                if came.load(Ordering::Relaxed) {
                    return;
                }
            }
            std::thread::yield_now();
        }
    });
}

fn busy(micros: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(micros) {}
}

/// A chain of additions and multiplications, each of which waits for the one before.
fn arithmetic(steps: usize) {
    black_box((0..steps).fold(black_box(1.0f32), |sum, _| sum * 0.999 + 0.5));
}

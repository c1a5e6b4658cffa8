//! What it costs to fork, join and walk: `cargo bench -p limpid-engine --bench pool`.
//!
//! Medians in nanoseconds; each figure is measured in rounds that take turns with the others', because the second core
//! of a shared machine comes and goes. `2 cores` is how much faster two threads of plain arithmetic were in the same
//! rounds: where it is not near 2, believe no line for two threads.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use limpid_engine::Pool;
use limpid_engine::doors::Walk;

/// Ten small stages between two that are cut in eight, and the same stages all cut in eight.
const SMALL: [usize; 12] = [8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8];
const CUT: [usize; 12] = [8; 12];
const ROUNDS: usize = 20;
const TIMES: usize = 500;

fn main() {
    let (one, two) = (Pool::new(1), Pool::new(2));
    let mut walks = [Walk::new(&SMALL, 1), Walk::new(&SMALL, 2), Walk::new(&CUT, 1), Walk::new(&CUT, 2)];
    let mut tasks = Walk::new(&[2], 2);
    let nothing = |_: usize| {};
    let idle = |_: usize, _: usize| {};

    let mut figures: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..ROUNDS {
        let mut note = |name, numbers: Vec<f64>| match figures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.extend(numbers),
            None => figures.push((name, numbers)),
        };
        note("the clock itself", times(TIMES, || {}, || {}));
        note("region, 1 thread", times(TIMES, || {}, || one.run(&nothing)));
        note("region, 2 threads, spinning", times(TIMES, || {}, || two.run(&nothing)));
        note("  after a serial stretch of 40 µs", times(TIMES / 10, || busy(40), || two.run(&nothing)));
        note("  parked", times(TIMES / 10, || std::thread::sleep(Duration::from_micros(300)), || two.run(&nothing)));
        let names = ["walk 8, 10 × 1, 8; 1 thread", "  2 threads", "walk 12 × 8; 1 thread", "  2 threads "];
        for (index, (walk, name)) in walks.iter_mut().zip(names).enumerate() {
            let pool = [&one, &two][index % 2];
            note(name, times(TIMES, || {}, || walk.run(pool, &idle)));
        }
        let alone = times(20, || {}, || (0..2).for_each(|_| arithmetic()));
        let both = times(20, || {}, || tasks.run(&two, &|_, _| arithmetic()));
        note("2 cores (ratio)", alone.iter().zip(both).map(|(alone, both)| alone / both).collect());
    }
    println!("{:36} {:>9} {:>9} {:>9}", "", "best", "median", "p90");
    for (name, mut all) in figures {
        all.sort_by(f64::total_cmp);
        println!("{name:36} {:9.1} {:9.1} {:9.1}", all[0], all[all.len() / 2], all[all.len() * 9 / 10]);
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

fn busy(micros: u64) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(micros) {}
}

/// Some 50 µs of it.
fn arithmetic() {
    let sum = (0..40_000).fold(black_box(1.0f32), |sum, _| sum * 0.999 + 0.5);
    black_box(sum);
}

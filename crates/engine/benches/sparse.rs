//! Products of MNIST's images by lists of non-zeros, beside the dense product: `cargo bench -p limpid-engine --bench
//! sparse [levels]`.
//!
//! Each step takes another random batch of all 60,000 images, lists it, multiplies and adds the gradient. Rounds of
//! such steps alternate between the ways, so that what else the machine does meets each of them; medians of the rounds
//! are printed, and their quartiles as the spread.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use limpid_engine::kernels::Level;
use limpid_engine::kernels::internals::sparse::{Lists, dense, dense_gradient};
use limpid_files::{Mnist, locate_mnist};

const K: usize = 784;
const ROUNDS: usize = 15;
const PHASES: [&str; 3] = ["list / convert", "forward", "gradient"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = Mnist::load(&locate_mnist(None)?)?.train_images;
    let data = images.as_slice::<u8>().ok_or("MNIST's images are bytes")?;
    let asked: Vec<Level> = std::env::args().skip(1).filter_map(|level| level.parse().ok()).collect();
    println!("µs a batch; median (quartiles) of {ROUNDS} rounds");
    for level in Level::available().collect::<Vec<_>>().into_iter().rev() {
        if asked.is_empty() || asked.contains(&level) {
            for (m, n) in [(100, 50), (128, 512), (100, 10), (32, 128)] {
                compare(level, data, m, n);
            }
        }
    }
    Ok(())
}

fn compare(level: Level, data: &[u8], m: usize, n: usize) {
    let mut random = Random(88_172_645_463_325_252);
    let steps = (20_000_000 / (m * K * n)).clamp(5, 500);
    let batches: Vec<Vec<u32>> =
        (0..=steps).map(|_| (0..m).map(|_| (random.next() * (data.len() / K) as f32) as u32).collect()).collect();
    let table: [f32; 256] = std::array::from_fn(|b| b as f32 / 255.0);
    let pitch = n.next_multiple_of(16);
    let mut numbers = |count: usize| -> Vec<f32> { (0..count + 16).map(|_| random.next() - 0.5).collect() };
    let (mut w, mut z, mut d) = (numbers(K * pitch), numbers(m * pitch), numbers(m * pitch));
    let [w, z, d] = [&mut w, &mut z, &mut d].map(|numbers| aligned(numbers));
    let (mut x, mut lists) = (vec![0.0; m * K], Lists::new(m, K));
    let ways =
        [("lists", Way::Lists { turns: false }), ("lists, turned", Way::Lists { turns: true }), ("dense", Way::Dense)];
    let mut times = [[[0.0f64; ROUNDS]; PHASES.len()]; 3];
    for round in 0..ROUNDS {
        for ((_, way), times) in ways.iter().zip(&mut times) {
            let mut sums = [Duration::ZERO; PHASES.len()];
            for pair in batches.windows(2) {
                let (batch, next) = (&pair[0], &pair[1]);
                let mut last = Instant::now();
                let mut lap = |phase: usize| {
                    let now = Instant::now();
                    sums[phase] += now - last;
                    last = now;
                };
                match *way {
                    Way::Lists { turns } => {
                        lists.list_bytes(level, data, batch, &table);
                        lap(0);
                        lists.forward(level, w, n, z, pitch, (data, next));
                        lap(1);
                        lists.gradient(level, turns, d, n, w, pitch);
                        lap(2);
                    }
                    Way::Dense => {
                        for (x, &position) in x.chunks_exact_mut(K).zip(batch) {
                            let image = &data[position as usize * K..][..K];
                            x.iter_mut().zip(image).for_each(|(x, &b)| *x = f32::from(b) * (1.0 / 255.0));
                        }
                        lap(0);
                        dense(level, (m, K, n), &x, w, z);
                        lap(1);
                        dense_gradient(level, (m, K, n), &x, d, w);
                        lap(2);
                    }
                }
            }
            for (times, sum) in times.iter_mut().zip(sums) {
                times[round] = sum.as_secs_f64() * 1e6 / steps as f64;
            }
        }
    }
    println!("{level}, {m}×{K}×{n}");
    let mut dense_medians = [0.0; PHASES.len()];
    for ((name, _), times) in ways.iter().zip(&mut times).rev() {
        print!("  {name:14}");
        for ((phase, times), dense) in PHASES.iter().zip(times).zip(&mut dense_medians) {
            times.sort_by(f64::total_cmp);
            let [low, median, high] = [ROUNDS / 4, ROUNDS / 2, ROUNDS - 1 - ROUNDS / 4].map(|at| times[at]);
            if *name == "dense" {
                *dense = median;
            }
            print!("  {phase} {median:6.1} ({low:.1}–{high:.1}) {:4.2}×", *dense / median);
        }
        println!();
    }
}

/// From a multiple of 64 bytes on, as the engine's arena places its values.
fn aligned(numbers: &mut [f32]) -> &mut [f32] {
    let skipped = numbers.as_ptr().align_offset(64);
    &mut numbers[skipped..]
}

#[derive(Clone, Copy)]
enum Way {
    Lists { turns: bool },
    Dense,
}

/// xorshift64: numbers from 0 up to 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

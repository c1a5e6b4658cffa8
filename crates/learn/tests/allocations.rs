//! Once each size has been seen, neither training nor inference allocates: counted by the allocator, over all threads.
#![allow(unsafe_code, reason = "an allocator is one")]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

#[path = "support/training.rs"]
mod training;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use limpid_engine::kernels::Level;
use limpid_graph::Tensor;
use limpid_learn::{Augmentation, Event, FitOptions, Mode, Model, Network, optimizer, optimizer_names};
use training::{Recipe, Stored, Training, engine, samples};

/// The system's allocator, which counts.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: it hands on what it was handed.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.realloc(start, layout, size) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often anything was allocated meanwhile, by any thread.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

// One test: another that ran beside it would be counted.
#[test]
fn nothing_is_allocated_once_every_size_has_been_seen() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1]))), 1);
    for name in optimizer_names() {
        for data in [
            Stored::Bytes { zeros: 81 },
            Stored::Bytes { zeros: 0 },
            Stored::Floats { zeros: 81 },
            Stored::Floats { zeros: 0 },
        ] {
            for threads in [1, 2] {
                training_allocates_nothing(name, data, threads);
            }
        }
    }
    for stored in [Stored::Floats { zeros: 0 }, Stored::Floats { zeros: 81 }, Stored::Bytes { zeros: 81 }] {
        for threads in [1, 2] {
            inference_allocates_nothing(stored, threads);
        }
    }
    fitting_allocates_nothing_from_step_to_step();
}

/// How often `work` allocates once all threads have begun. A thread allocates where it begins, which on a busy machine may be
/// long behind the first run that it was started for; `work` that allocates by itself does so each time.
fn allocations_by(threads: usize, mut work: impl FnMut()) -> u64 {
    let mut counted = allocations(&mut work);
    for _ in 0..if threads > 1 { 200 } else { 0 } {
        if counted == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
        counted = allocations(&mut work);
    }
    counted
}

fn training_allocates_nothing(optimizer: &'static str, data: Stored, threads: usize) {
    for network in [
        "784, affine 50, relu, affine 10",
        "64, affine 200, sigmoid, affine 200, tanh, affine 7",
        "64, noise 0.1, affine 200, relu, dropout 0.5, affine 7",
        "1x8x8, conv 6 3x3 pad=1, batch-norm, relu, max-pool 2, residual(conv 6 3x3 pad=1), average-pool 2, affine 7",
    ] {
        let recipe = Recipe { network, optimizer, batch: 100, data };
        for announces in [false, true] {
            let mut training = Training::new(engine(Level::highest(), threads), &recipe);
            training.announces = announces;
            // The second step takes over the other tensor of rows.
            training.steps(2);
            let counted = allocations_by(threads, || (0..10).for_each(|_| _ = training.step()));
            assert_eq!(counted, 0, "{recipe:?}, {threads} threads, announced: {announces}");
        }
    }
}

fn inference_allocates_nothing(stored: Stored, threads: usize) {
    let network: Network = "784, affine 50, sigmoid, affine 100, sigmoid, affine 10, softmax".parse().unwrap();
    let batches: Vec<Tensor> = [1, 7, 100, 2000].map(|count| samples(stored, count, 784, 1)).to_vec();
    let mut session = engine(Level::highest(), threads);
    for (name, value) in Model::new(&network, 1).unwrap().parameters().unwrap() {
        session.set(&name, value);
    }
    let program = session.load(network.graph(Mode::Inference).unwrap().simplified().unwrap());
    let mut ask_each = || {
        let sum = |x| session.step(program, &[("x", x)]).unwrap().floats(0).unwrap().iter().sum::<f32>();
        batches.iter().map(sum).sum::<f32>()
    };
    ask_each();
    let mut sum = 0.0;
    let counted = allocations_by(threads, || (0..3).for_each(|_| sum += ask_each()));
    assert!(sum.is_finite());
    assert_eq!(counted, 0, "{stored:?}, {threads} threads");
}

/// Of 200 steps, four draw an epoch's order, some double the list of losses, and one may see a thread begin.
fn fitting_allocates_nothing_from_step_to_step() {
    let recipe = Recipe {
        network: "784, affine 50, relu, affine 10",
        optimizer: "sgd",
        batch: 10,
        data: Stored::Bytes { zeros: 81 },
    };
    let data = recipe.data();
    let plain =
        FitOptions { epochs: 4, batch_size: 10, optimizer: optimizer("adam").unwrap(), ..FitOptions::default() };
    let changes: Augmentation = "shift 2, elastic 8 3, noise 0.05".parse().unwrap();
    let all = FitOptions {
        schedule: "one-cycle".parse().unwrap(),
        weight_decay: 0.01,
        label_smoothing: 0.1,
        average_weights: Some(0.99),
        augmentation: Some(changes.of_pictures([1, 28, 28])),
        ..plain.clone()
    };
    for fit in [plain, all] {
        let mut model = Model::new(&recipe.network(), 1).unwrap();
        let mut last = None;
        let mut each = Vec::with_capacity(200);
        model
            .fit_watched(&data, None, &fit, |event| {
                let now = ALLOCATIONS.load(Ordering::Relaxed);
                if let (Event::Step { .. }, Some(before)) = (event, last) {
                    each.push(now - before);
                }
                last = matches!(event, Event::Step { .. }).then_some(now);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(each.iter().sum::<u64>() <= 12, "{}: {each:?}", fit.schedule);
    }
}

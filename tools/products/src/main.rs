//! Matrix products of limpid beside those of the `gemm` crate, one thread, interleaved in one process:
//!
//! ```console
//! $ cd tools/products
//! $ cargo run --release                                      # all sizes
//! $ LIMPID_SIMD=avx2 cargo run --release -- 784x512x2048
//! ```
//!
//! Times of limpid contain the packing. The `gemm` crate picks its own instructions, so a lower level is compared to
//! AVX-512 where the processor has that.

#[cfg(not(target_arch = "x86_64"))]
fn main() {}

#[cfg(target_arch = "x86_64")]
fn main() {
    comparison::main();
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, clippy::print_stdout)]
mod comparison {
    use std::time::Duration;

    use limpid_engine::kernels::{Level, bench_support};

    const REPEATS: usize = 15;

    /// How a factor lies in memory.
    #[derive(Clone, Copy, PartialEq)]
    enum Lies {
        Plain,
        Turned,
    }
    use Lies::{Plain, Turned};

    const CASES: &[(usize, usize, usize, Lies, Lies, bool)] = &[
        (128, 784, 512, Plain, Plain, false),
        (128, 512, 512, Plain, Plain, false),
        (128, 512, 10, Plain, Plain, false),
        (784, 128, 512, Turned, Plain, false),
        (512, 128, 512, Turned, Plain, false),
        (128, 512, 512, Plain, Turned, false),
        (512, 784, 2048, Plain, Plain, false),
        (512, 2048, 2048, Plain, Plain, false),
        (784, 512, 2048, Turned, Plain, false),
        (2048, 512, 2048, Turned, Plain, false),
        (512, 2048, 2048, Plain, Turned, false),
        (100, 784, 50, Plain, Plain, false),
        (784, 100, 50, Turned, Plain, true),
        (100, 50, 10, Plain, Plain, false),
        (100, 10, 50, Plain, Plain, false),
        (100, 10, 50, Plain, Turned, false),
        (50, 100, 10, Turned, Plain, false),
        (1, 784, 50, Plain, Plain, false),
        (1, 50, 10, Plain, Plain, false),
        (2000, 784, 50, Plain, Plain, false),
        (2000, 50, 100, Plain, Plain, false),
        (2000, 100, 10, Plain, Plain, false),
    ];

    /// A matrix whose rows are padded and begin at a multiple of 64 bytes, as values of the engine do.
    struct Matrix {
        numbers: Vec<f32>,
        offset: usize,
        pitch: usize,
        lies: Lies,
    }

    impl Matrix {
        fn new(rows: usize, columns: usize, lies: Lies) -> Self {
            let (rows, columns) = if lies == Turned { (columns, rows) } else { (rows, columns) };
            let pitch = if columns < 8 { columns } else { columns.next_multiple_of(16) };
            let numbers: Vec<f32> = (0..rows * pitch + 16).map(|i| (i * 7919 % 2003) as f32 / 1001.0 - 1.0).collect();
            let offset = numbers.as_ptr().align_offset(64);
            Self { numbers, offset, pitch, lies }
        }

        fn strides(&self) -> (usize, usize) {
            if self.lies == Turned { (1, self.pitch) } else { (self.pitch, 1) }
        }

        fn strided(&self) -> (&[f32], usize, usize) {
            let (row, column) = self.strides();
            (&self.numbers[self.offset..], row, column)
        }
    }

    pub(crate) fn main() {
        let level = Level::of_this_machine();
        let only: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
        println!("{level}; GFLOP/s: limpid, gemm, and their ratio: median (least to most) of {REPEATS}");
        for &(m, k, n, a_lies, b_lies, accumulate) in CASES {
            let turned = |lies| if lies == Turned { "ᵀ" } else { "" };
            let name = format!("{m}x{k}x{n}");
            if !only.is_empty() && !only.contains(&name) {
                continue;
            }
            let name =
                format!("{m}×{k}{}·{k}×{n}{}{}", turned(a_lies), turned(b_lies), if accumulate { " +=" } else { "" });
            let (a, b, mut c) = (Matrix::new(m, k, a_lies), Matrix::new(k, n, b_lies), Matrix::new(m, n, Plain));
            let mut scratch = Matrix::new(1, bench_support::product_scratch((m, k, n)), Plain);
            let scratch = &mut scratch.numbers[scratch.offset..];
            let pitch = c.pitch;
            let mut ours = |c: &mut Matrix| {
                let c = (&mut c.numbers[c.offset..], pitch);
                bench_support::product(level, (m, k, n), (a.strided(), b.strided()), c, accumulate, scratch);
            };
            let theirs = |c: &mut Matrix| {
                let ((a, a_row, a_column), (b, b_row, b_column)) = (a.strided(), b.strided());
                // SAFETY: the matrices are as large as the sizes and strides say.
                unsafe {
                    gemm::gemm(
                        m,
                        n,
                        k,
                        c.numbers[c.offset..].as_mut_ptr(),
                        1,
                        pitch as isize,
                        accumulate,
                        a.as_ptr(),
                        a_column as isize,
                        a_row as isize,
                        b.as_ptr(),
                        b_column as isize,
                        b_row as isize,
                        1.0f32,
                        1.0,
                        false,
                        false,
                        false,
                        gemm::Parallelism::None,
                    );
                }
            };
            let flops = 2.0 * (m * k * n) as f64;
            // A measurement lasts about two milliseconds.
            let count = ((2e-3 * 150e9 / flops) as usize).clamp(1, 20_000);
            let (mut rates, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
            for repeat in 0..=REPEATS {
                let ours = time(count, || ours(&mut c));
                let theirs = time(count, || theirs(&mut c));
                if repeat > 0 {
                    let rate = |time: Duration| flops * count as f64 / time.as_secs_f64() / 1e9;
                    rates[0].push(rate(ours));
                    rates[1].push(rate(theirs));
                    ratios.push(rate(ours) / rate(theirs));
                }
            }
            let [ours, theirs, ratio] = [&mut rates[0].clone(), &mut rates[1].clone(), &mut ratios].map(|x| {
                x.sort_by(f64::total_cmp);
                (x[0], x[x.len() / 2], x[x.len() - 1])
            });
            let micros = flops / ours.1 / 1e3;
            println!(
                "{name:26} {:6.1} {:6.1}  {:.2} ({:.2} to {:.2})  {micros:9.2} µs",
                ours.1, theirs.1, ratio.1, ratio.0, ratio.2
            );
        }
    }

    fn time(count: usize, mut work: impl FnMut()) -> Duration {
        let start = now();
        (0..count).for_each(|_| work());
        now() - start
    }

    /// The time that this thread has run, so that others on the machine disturb less.
    #[cfg(target_os = "linux")]
    fn now() -> Duration {
        unsafe extern "C" {
            fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
        }
        const THREAD_CPU_TIME: i32 = 3;
        let mut time = [0; 2];
        // SAFETY: on 64-bit Linux, a `timespec` is two 64-bit integers, seconds and nanoseconds.
        let status = unsafe { clock_gettime(THREAD_CPU_TIME, &mut time) };
        assert_eq!(status, 0, "the system has a clock for each thread");
        Duration::new(time[0] as u64, time[1] as u32)
    }

    #[cfg(not(target_os = "linux"))]
    fn now() -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

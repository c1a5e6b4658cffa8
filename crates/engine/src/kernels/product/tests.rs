use super::super::bench_support;
use super::*;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
}

#[test]
fn every_level_stride_and_size_agrees_with_the_definition() {
    let sizes = [(1, 1, 1), (2, 3, 5), (7, 13, 17), (100, 84, 50), (31, 515, 65), (5, 1030, 130), (3, 0, 4), (0, 2, 2)];
    for (m, k, n) in sizes {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let start = numbers(m * n, 3);
        let wanted =
            |i: usize, j: usize| -> f64 { (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j])).sum() };
        let transposed = |x: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            (0..rows * columns).map(|i| x[i % rows * columns + i / rows]).collect()
        };
        let (a_transposed, b_transposed) = (transposed(&a, m, k), transposed(&b, k, n));
        let a_views = [View { numbers: &a, row: k, column: 1 }, View { numbers: &a_transposed, row: 1, column: m }];
        let b_views = [View { numbers: &b, row: n, column: 1 }, View { numbers: &b_transposed, row: 1, column: k }];
        for level in Supported::each() {
            for (a, b) in a_views.iter().flat_map(|&a| b_views.iter().map(move |&b| (a, b))) {
                for (alpha, accumulate) in [(1.0, false), (-0.5, true)] {
                    let mut c = start.clone();
                    let sizes = Sizes { m, k, n };
                    let mut scratch = vec![f32::NAN; scratch_len(sizes)];
                    product(level, sizes, (a, b), &mut c, (alpha, accumulate), &mut scratch);
                    for i in 0..m * n {
                        let before = if accumulate { f64::from(start[i]) } else { 0.0 };
                        let wanted = f64::from(alpha) * wanted(i / n, i % n) + before;
                        let bound = 1e-5 * (k as f64).sqrt().max(1.0);
                        assert!((f64::from(c[i]) - wanted).abs() <= bound, "{level} {m}×{k}×{n} at {i}");
                    }
                }
            }
        }
    }
}

#[test]
fn levels_that_fuse_give_the_same_bits() {
    for (m, k, n) in [(1, 1, 1), (7, 13, 17), (100, 784, 50), (31, 515, 65), (5, 1030, 130)] {
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let bits = |level: Supported| -> Vec<u32> {
            let (mut c, sizes) = (numbers(m * n, 3), Sizes { m, k, n });
            let views = (View { numbers: &a, row: k, column: 1 }, View { numbers: &b, row: n, column: 1 });
            product(level, sizes, views, &mut c, (-0.5, true), &mut vec![0.0; scratch_len(sizes)]);
            c.into_iter().map(f32::to_bits).collect()
        };
        let wanted = bits(Supported::at_most(Level::Avx512));
        for level in Supported::each().filter(|level| **level >= Level::Avx2) {
            assert_eq!(bits(level), wanted, "{m}×{k}×{n} at {level}");
        }
    }
}

/// However the rows and panels are split, and wherever `b` is read from, the bits are the same.
#[test]
fn parts_and_places_do_not_change_the_bits() {
    for (m, k, n) in [(1, 1, 1usize), (1, 784, 50), (3, 130, 129), (7, 0, 17), (53, 515, 200), (600, 20, 131)] {
        let (a, pitch) = (numbers(m * k, 1), n.next_multiple_of(PAD));
        let b_padded = numbers(k * pitch, 2);
        let b_transposed: Vec<f32> = (0..n * k).map(|i| b_padded[i % k * pitch + i / k]).collect();
        let (a, sizes) = ((&a[..], k, 1), (m, k, n));
        for level in Supported::each() {
            let bits =
                |c: &[f32], row: usize| -> Vec<u32> { (0..m * n).map(|i| c[i / n * row + i % n].to_bits()).collect() };
            let mut scratch = vec![f32::NAN; scratch_len(Sizes { m, k, n })];
            let mut whole = |b, c_row: usize| {
                let mut c = vec![f32::NAN; m * c_row];
                bench_support::product(*level, sizes, (a, b), (&mut c, c_row), false, &mut scratch);
                bits(&c, c_row)
            };
            let wanted = whole((&b_padded, pitch, 1), pitch);
            assert_eq!(whole((&b_transposed, 1, k), n), wanted, "{level} {sizes:?}: b transposed");
            for b in [(&b_padded[..], pitch, 1), (&b_transposed[..], 1, k)] {
                for part in [(1, 1), (5, 2), (16, 1), (30, 4), (m, usize::MAX / 2)] {
                    let (mut c, mut packed) = (vec![f32::NAN; m * n], vec![f32::NAN; packed_len(*level, k, n)]);
                    let memory = (&mut packed[..], &mut scratch[..]);
                    bench_support::product_of_parts(*level, sizes, (a, b), (&mut c, n), part, memory);
                    assert_eq!(bits(&c, n), wanted, "{level} {sizes:?} in parts of {part:?}");
                }
            }
        }
    }
}

//! Convolutions against sums written out, and their gradients against differences.

use limpid_graph::{Builder, Sliding};

use crate::support::draws::Draws;

/// Σ over a group's channels and the kernel of image × kernel, at each place; zeros around the image.
#[allow(clippy::needless_range_loop)]
fn by_hand(
    (x, [n, c, h, w]): (&[f64], [usize; 4]),
    (k, [o, own, kh, kw]): (&[f64], [usize; 4]),
    (stride, dilation, pad): (usize, usize, usize),
) -> Vec<f64> {
    let places = |extent: usize, kernel: usize| (extent + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    let (oh, ow, groups) = (places(h, kh), places(w, kw), c / own);
    let mut out = Vec::new();
    for i in 0..n {
        for f in 0..o {
            let first = f / (o / groups) * own;
            for (y, z) in (0..oh).flat_map(|y| (0..ow).map(move |z| (y, z))) {
                let mut sum = 0.0;
                for (j, a, b) in (0..own).flat_map(|j| (0..kh).flat_map(move |a| (0..kw).map(move |b| (j, a, b)))) {
                    let at = |place: usize, k: usize| (place * stride + k * dilation).checked_sub(pad);
                    if let (Some(row), Some(column)) = (at(y, a), at(z, b))
                        && row < h
                        && column < w
                    {
                        let pixel = x[((i * c + first + j) * h + row) * w + column];
                        sum += pixel * k[((f * own + j) * kh + a) * kw + b];
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

#[test]
fn a_convolution_is_the_sum_written_out_and_a_transposed_one_its_transpose() {
    let settings = [((1, 1, 0), 1), ((1, 1, 1), 1), ((2, 1, 1), 1), ((1, 2, 2), 1), ((2, 2, 0), 2), ((1, 1, 1), 4)];
    for (seed, &((stride, dilation, pad), groups)) in settings.iter().enumerate() {
        let draws = Draws::new(seed as u64, "convolution");
        let (images, kernels) = ([2, 4, 7, 6], [8, 4 / groups, 3, 2]);
        let (x, k) = (draws.tensor(&images, -1.0, 1.0), draws.tensor(&kernels, -1.0, 1.0));
        let sliding = |size: usize| Sliding::new(size).stride(stride).dilation(dilation).pad(pad, pad);
        let windows = [sliding(3), sliding(2)];
        let b = Builder::new();
        let (vx, vk) = (b.input("x", ("batch", 4, 7, 6)), b.input("k", kernels));
        let y = vx.convolve(vk, windows, groups);
        // ⟨y, u⟩ = ⟨x, transposed convolution of u⟩.
        let u = b.input("u", y.shape());
        let transposed = u.convolve_transposed(vk, windows, [7, 6], groups);
        let graph = b.finish([y, transposed]).unwrap();
        let wanted = by_hand((&x.to_f64(), images), (&k.to_f64(), kernels), (stride, dilation, pad));
        let shape = [2, 8, (7 + 2 * pad - 2 * dilation - 1) / stride + 1, (6 + 2 * pad - dilation - 1) / stride + 1];
        let up = draws.tensor(&shape, -1.0, 1.0);
        let answers = graph.run(&[("x", &x), ("k", &k), ("u", &up)]).unwrap();
        assert_eq!(answers[0].shape(), shape);
        let found = answers[0].to_f64();
        assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{stride} {dilation} {pad} {groups}");
        let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (left, right) = (inner(&found, &up.to_f64()), inner(&x.to_f64(), &answers[1].to_f64()));
        assert!((left - right).abs() < 1e-10, "{left} and {right}");
    }
}

#[test]
fn kernels_that_do_not_fit_are_said_with_what_would() {
    let b = Builder::new();
    let (x, k) = (b.input("x", ("batch", 3, 8, 8)), b.parameter("k", (4, 2, 3, 3)));
    let mistakes = b.finish([x.convolve(k, [Sliding::new(3); 2], 1)]).unwrap_err().to_string();
    assert!(mistakes.contains("the kernels do not fit the images"), "{mistakes}");
    assert!(mistakes.contains("(filters, 3 / groups, height, width)"), "{mistakes}");
    let b = Builder::new();
    let (x, k) = (b.input("x", ("batch", 3, 2, 8)), b.parameter("k", (4, 3, 3, 3)));
    let mistakes = b.finish([x.convolve(k, [Sliding::new(3); 2], 1)]).unwrap_err().to_string();
    assert!(mistakes.contains("a window that reaches over 3 does not fit into axis 1, which has 2"), "{mistakes}");
}

//! Layers of images: what they compute, how they are written, and what is said where they do not fit.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::Precision;
use limpid_graph::{Stream, Tensor};
use limpid_learn::{Dataset, FitOptions, Initializer, Mode, Model, Network, Variable};

fn shape_of(text: &str) -> String {
    let network: Network = text.parse().unwrap();
    assert_eq!(network.to_string(), text);
    let graph = network.graph(Mode::Inference).unwrap();
    graph.node(graph.outputs()[0]).shape.to_string()
}

fn told(text: &str) -> String {
    text.parse::<Network>().and_then(|network| network.variables()).unwrap_err().to_string()
}

/// What a model answers of an image whose pixels are these, where every weight is this and every bias 0.
fn answer(text: &str, weight: f64, pixels: &[f64]) -> Vec<f64> {
    let network: Network = text.parse().unwrap();
    let mut model = Model::in_precision(&network, 1, Precision::F64).unwrap();
    let parameters = model.parameters().unwrap().into_iter().map(|(name, value)| {
        let number = if name.ends_with("/w") { weight } else { 0.0 };
        let numbers = Tensor::from(vec![number; value.len()]).reshaped(value.shape()).unwrap();
        (name, numbers)
    });
    model.set_parameters(&parameters.collect::<Vec<_>>()).unwrap();
    model.predict(&Tensor::from(pixels.to_vec())).unwrap().to_f64()
}

#[test]
fn extents_follow_from_kernel_stride_padding_and_dilation() {
    let table = [
        ("1x28x28, conv 30 5x5", "(batch, 30, 24, 24)"),
        ("3x8x9, conv 4 3x2", "(batch, 4, 6, 8)"),
        ("3x8x9, conv 4 3x3 pad=1", "(batch, 4, 8, 9)"),
        ("3x8x9, conv 4 3x3 stride=2 pad=1x0", "(batch, 4, 4, 4)"),
        ("3x8x9, conv 4 3x3 pad=same", "(batch, 4, 8, 9)"),
        ("3x8x9, conv 4 2x4 stride=2x3 pad=same", "(batch, 4, 4, 3)"),
        ("3x8x9, conv 4 3x3 dilation=2x3", "(batch, 4, 4, 3)"),
        ("4x8x9, conv 6 3x3 groups=2 no-bias", "(batch, 6, 6, 7)"),
        ("1x28x28, max-pool 2", "(batch, 1, 14, 14)"),
        ("1x7x7, max-pool 2", "(batch, 1, 3, 3)"),
        ("1x7x7, max-pool 2 pad=same", "(batch, 1, 4, 4)"),
        ("1x7x7, max-pool 3 stride=2 pad=1", "(batch, 1, 4, 4)"),
        ("2x6x4, average-pool 3x2", "(batch, 2, 2, 2)"),
        ("2x6x4, average-pool 3 stride=1", "(batch, 2, 4, 2)"),
        ("2x6x4, global-average-pool", "(batch, 2)"),
        ("8x7x7, conv-transpose 4 2x2 stride=2", "(batch, 4, 14, 14)"),
        ("8x7x7, conv-transpose 4 3x3 stride=2", "(batch, 4, 15, 15)"),
        ("8x7x7, conv-transpose 4 3x3 stride=2 pad=1", "(batch, 4, 13, 13)"),
        ("8x7x7, conv-transpose 4 4x3 stride=2 pad=same", "(batch, 4, 14, 14)"),
        ("8x7x7, conv-transpose 4 1x1 stride=3 pad=same", "(batch, 4, 21, 21)"),
        ("8x7x7, conv-transpose 4 3x3 stride=2 pad=1 output-padding=1", "(batch, 4, 14, 14)"),
        ("8x7x7, conv-transpose 4 3x3 pad=same dilation=2 groups=4", "(batch, 4, 7, 7)"),
        ("8x7x7, conv-transpose 4 3x3 stride=1x3 output-padding=2x0 dilation=3x1", "(batch, 4, 15, 21)"),
        ("8x7x7, conv 8 3x3 pad=1 groups=8", "(batch, 8, 7, 7)"),
        ("8x7x7, conv 16 3x3 pad=1 groups=8", "(batch, 16, 7, 7)"),
        ("1x28x28, conv 16 3x3 pad=1, relu, max-pool 2, affine 10", "(batch, 10)"),
    ];
    for (text, wanted) in table {
        assert_eq!(shape_of(text), wanted, "{text}");
    }
}

#[test]
fn every_way_to_write_a_layer_of_images_is_read() {
    let table = [
        ("1 28 28, conv 16 3 pad=1", "1x28x28, conv 16 3x3 pad=1"),
        ("1x28x28, Conv2d 16 3x3 padding", ""),
        ("1x28x28, Conv2d 16 3x3 padding=1 initializer=xavier", "1x28x28, conv 16 3x3 pad=1 init=xavier"),
        ("1x28x28, convolution 16 kernel=3x3 pad=1x1", "1x28x28, conv 16 3x3 pad=1"),
        ("1x28x28, conv filters=16 kernel=3 stride=1x2", "1x28x28, conv 16 3x3 stride=1x2"),
        ("1x28x28, maxpool 2x2, avg-pool 2 stride=2", "1x28x28, max-pool 2, average-pool 2 stride=2"),
        ("1x28x28, conv 8 3×3 no-bias init=xavier", "1x28x28, conv 8 3x3 no-bias init=xavier"),
    ];
    for (text, wanted) in table {
        match text.parse::<Network>() {
            Ok(network) => assert_eq!(network.to_string(), wanted, "{text}"),
            Err(error) => assert!(wanted.is_empty(), "{text}: {error}"),
        }
    }
}

#[test]
fn pools_fold_the_windows_that_they_say() {
    let pixels: Vec<f64> = (1..=16).map(|i| f64::from(i) - 20.0).collect();
    // All pixels are below 0: padding must not be the largest.
    let table: &[(&str, &[f64])] = &[
        ("1x4x4, max-pool 2", &[-14.0, -12.0, -6.0, -4.0]),
        ("1x4x4, max-pool 3", &[-9.0]),
        ("1x4x4, max-pool 2 stride=2 pad=1", &[-19.0, -17.0, -16.0, -11.0, -9.0, -8.0, -7.0, -5.0, -4.0]),
        ("1x4x4, max-pool 3 pad=same", &[-14.0, -12.0, -6.0, -4.0]),
        ("1x4x4, average-pool 2", &[-16.5, -14.5, -8.5, -6.5]),
        (
            "1x4x4, average-pool 2 stride=2 pad=1",
            &[-19.0 / 4.0, -35.0 / 4.0, -4.0, -26.0 / 4.0, -46.0 / 4.0 + 1.0, -5.0, -7.0 / 4.0, -11.0 / 4.0, -1.0],
        ),
        ("1x4x4, global-average-pool", &[-11.5]),
    ];
    for (text, wanted) in table {
        let wanted = match *text {
            "1x4x4, max-pool 3 pad=same" => by_hand_max(&pixels, 3),
            "1x4x4, average-pool 2 stride=2 pad=1" => by_hand_padded_mean(&pixels),
            _ => wanted.to_vec(),
        };
        assert_eq!(answer(text, 1.0, &pixels), wanted, "{text}");
    }
}

/// The largest pixel of windows of `size` at every `size`-th place, with padding so that ⌈4 / size⌉ places see all.
fn by_hand_max(pixels: &[f64], size: usize) -> Vec<f64> {
    let places = 4usize.div_ceil(size);
    let before = (places * size - 4) / 2;
    let mut out = Vec::new();
    for (row, column) in (0..places).flat_map(|row| (0..places).map(move |column| (row, column))) {
        let sees = |place: usize, at: usize| (place * size..(place + 1) * size).contains(&(at + before));
        let own = (0..16).filter(|at| sees(row, at / 4) && sees(column, at % 4)).map(|at| pixels[at]);
        out.push(own.fold(f64::NEG_INFINITY, f64::max));
    }
    out
}

/// The mean of windows of 2 at every second place of an image with a zero all around it.
fn by_hand_padded_mean(pixels: &[f64]) -> Vec<f64> {
    let at = |row: usize, column: usize| match (1..5).contains(&row) && (1..5).contains(&column) {
        true => pixels[(row - 1) * 4 + column - 1],
        false => 0.0,
    };
    let places = (0..3).flat_map(|row| (0..3).map(move |column| (2 * row, 2 * column)));
    places.map(|(r, c)| (at(r, c) + at(r, c + 1) + at(r + 1, c) + at(r + 1, c + 1)) / 4.0).collect()
}

#[test]
fn a_convolution_sums_what_its_kernels_see() {
    let pixels: Vec<f64> = (1..=9).map(f64::from).collect();
    assert_eq!(answer("1x3x3, conv 1 2x2", 1.0, &pixels), [12.0, 16.0, 24.0, 28.0]);
    assert_eq!(answer("1x3x3, conv 1 3x3 stride=2 pad=1", 0.5, &pixels), [6.0, 8.0, 12.0, 14.0]);
    // `same` puts the one more behind: the last windows see zeros, the first do not.
    assert_eq!(answer("1x3x3, conv 1 2x1 pad=same", 1.0, &pixels), [5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 7.0, 8.0, 9.0]);
    // Each group of filters sees its own channels alone.
    assert_eq!(answer("2x1x1, conv 2 1x1 groups=2", 1.0, &[3.0, 5.0]), [3.0, 5.0]);
    assert_eq!(answer("2x1x1, conv 2 1x1", 1.0, &[3.0, 5.0]), [8.0, 8.0]);
    let doubled = answer("1x2x2, conv-transpose 1 2x2", 1.0, &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(doubled, [1.0, 3.0, 2.0, 4.0, 10.0, 6.0, 3.0, 7.0, 4.0]);
    let apart = answer("1x1x2, conv-transpose 1 1x1 stride=2", 1.0, &[1.0, 2.0]);
    assert_eq!(apart, [1.0, 0.0, 2.0]);
}

/// A convolution backwards as PyTorch defines it: each pixel puts a kernel, times its value, at its place.
struct Transposed {
    channels: usize,
    extents: [usize; 2],
    filters: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    pad: [usize; 2],
    dilation: [usize; 2],
    output_padding: [usize; 2],
    groups: usize,
}

impl Transposed {
    fn text(&self) -> String {
        let by = |[a, b]: [usize; 2]| format!("{a}x{b}");
        format!(
            "{}x{}, conv-transpose {} {} stride={} pad={} dilation={} output-padding={} groups={}",
            self.channels,
            by(self.extents),
            self.filters,
            by(self.kernel),
            by(self.stride),
            by(self.pad),
            by(self.dilation),
            by(self.output_padding),
            self.groups
        )
    }

    fn by_hand(&self, x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
        let made = [0, 1].map(|a| {
            (self.extents[a] - 1) * self.stride[a]
                + self.dilation[a] * (self.kernel[a] - 1)
                + self.output_padding[a]
                + 1
                - 2 * self.pad[a]
        });
        let (own, of_group) = (self.channels / self.groups, self.filters / self.groups);
        let mut out: Vec<f64> = (0..self.filters * made[0] * made[1]).map(|at| b[at / (made[0] * made[1])]).collect();
        let ([height, width], [down, across]) = (self.extents, self.kernel);
        for (channel, f) in (0..self.channels).flat_map(|c| (0..of_group).map(move |f| (c, f))) {
            for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
                for (k, l) in (0..down).flat_map(|k| (0..across).map(move |l| (k, l))) {
                    let to =
                        [row * self.stride[0] + k * self.dilation[0], column * self.stride[1] + l * self.dilation[1]];
                    let [Some(y), Some(x_at)] =
                        [0, 1].map(|a| to[a].checked_sub(self.pad[a]).filter(|&at| at < made[a]))
                    else {
                        continue;
                    };
                    let filter = channel / own * of_group + f;
                    let weight = w[((channel * of_group + f) * down + k) * across + l];
                    out[(filter * made[0] + y) * made[1] + x_at] +=
                        weight * x[(channel * height + row) * width + column];
                }
            }
        }
        out
    }
}

#[test]
fn a_transposed_convolution_is_what_pytorch_defines() {
    let usual = || Transposed {
        channels: 4,
        extents: [3, 4],
        filters: 6,
        kernel: [3, 2],
        stride: [2, 3],
        pad: [0, 0],
        dilation: [1, 1],
        output_padding: [0, 0],
        groups: 1,
    };
    let table = [
        usual(),
        Transposed { groups: 2, pad: [1, 0], ..usual() },
        Transposed { filters: 4, groups: 4, dilation: [2, 1], output_padding: [1, 2], ..usual() },
        // Positions that no kernel reaches: the output padding goes beyond what the padding cut off.
        Transposed { stride: [1, 1], dilation: [3, 4], output_padding: [2, 3], pad: [1, 0], ..usual() },
        Transposed { groups: 2, stride: [3, 1], dilation: [1, 2], output_padding: [2, 1], pad: [1, 2], ..usual() },
    ];
    for (seed, case) in table.iter().enumerate() {
        let network: Network = case.text().parse().unwrap();
        let mut model = Model::in_precision(&network, seed as u64, Precision::F64).unwrap();
        let stream = Stream::new(seed as u64, "transposed");
        let draw =
            |step: u64, count: usize| -> Vec<f64> { (0..count as u64).map(|i| stream.normal(step, i)).collect() };
        let parameters: Vec<(String, Tensor)> = model
            .parameters()
            .unwrap()
            .into_iter()
            .enumerate()
            .map(|(i, (name, value))| {
                let drawn = Tensor::from(draw(i as u64, value.len())).reshaped(value.shape()).unwrap();
                (name, drawn)
            })
            .collect();
        model.set_parameters(&parameters).unwrap();
        let x = draw(9, case.channels * case.extents[0] * case.extents[1]);
        let found = model.predict(&Tensor::from(x.clone())).unwrap().to_f64();
        let wanted = case.by_hand(&x, &parameters[0].1.to_f64(), &parameters[1].1.to_f64());
        assert_eq!(found.len(), wanted.len(), "{}", case.text());
        let worst = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-12, "{}: {worst}", case.text());
    }
}

#[test]
fn a_depthwise_convolution_filters_each_channel_alone() {
    let network: Network = "3x2x2, conv 6 2x1 groups=3".parse().unwrap();
    let shapes: Vec<Vec<usize>> = network.parameters().unwrap().into_iter().map(|p| p.shape).collect();
    assert_eq!(shapes, [vec![6, 1, 2, 1], vec![6]]);
    let pixels: Vec<f64> = (0..12).map(f64::from).collect();
    let sums = [[2.0, 4.0], [10.0, 12.0], [18.0, 20.0]];
    let twice: Vec<f64> = sums.iter().flat_map(|sum| [*sum, *sum].concat()).collect();
    assert_eq!(answer("3x2x2, conv 6 2x1 groups=3", 1.0, &pixels), twice);
}

#[test]
fn a_mean_can_leave_the_padding_out() {
    let pixels: Vec<f64> = (1..=9).map(f64::from).collect();
    let by_hand = |size: usize, stride: usize, before: usize, places: usize| {
        let inside = |place: usize| {
            (place * stride..place * stride + size).filter_map(move |at| at.checked_sub(before)).filter(|at| *at < 3)
        };
        let mut means = Vec::new();
        for (row, column) in (0..places).flat_map(|row| (0..places).map(move |column| (row, column))) {
            let seen: Vec<f64> =
                inside(row).flat_map(|r| inside(column).map(move |c| 3 * r + c)).map(|at| pixels[at]).collect();
            means.push(seen.iter().sum::<f64>() / seen.len() as f64);
        }
        means
    };
    let table = [
        ("average-pool 3 stride=1 pad=1 exclude-padding", by_hand(3, 1, 1, 3)),
        ("average-pool 2 stride=2 pad=1 exclude-padding", by_hand(2, 2, 1, 2)),
        ("average-pool 2 pad=same exclude-padding", by_hand(2, 2, 0, 2)),
        ("average-pool 3 exclude-padding", vec![5.0]),
    ];
    for (layer, wanted) in table {
        let text = format!("1x3x3, {layer}");
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        assert_eq!(answer(&text, 1.0, &pixels), wanted, "{layer}");
    }
    assert_ne!(answer("1x3x3, average-pool 3 stride=1 pad=1", 1.0, &pixels), by_hand(3, 1, 1, 3));
}

#[test]
fn equal_maxima_share_the_derivative() {
    use limpid_learn::{MaxPool, SingleLayer};
    let x = Tensor::new([1, 1, 2, 2], vec![1.0, 3.0, 3.0, 2.0]).unwrap();
    for pool in [MaxPool::new([2, 2]), MaxPool { padding: limpid_learn::Padding::Same, ..MaxPool::new([2, 2]) }] {
        let mut layer = SingleLayer::layer(pool, 0);
        layer.forward(&x).unwrap();
        let upstream = Tensor::new([1, 1, 1, 1], vec![4.0]).unwrap();
        assert_eq!(layer.backward(&upstream).unwrap().inputs[0].to_f64(), [0.0, 2.0, 2.0, 0.0]);
    }
}

#[test]
fn kernels_are_drawn_by_how_many_numbers_they_see() {
    let network: Network =
        "32x8x8, conv 64 3x3 init=he, conv 64 3x3 groups=4 init=xavier, conv-transpose 32 4x4 stride=2"
            .parse()
            .unwrap();
    let declared = network.parameters().unwrap();
    let deviation = |variable: &Variable| {
        let values = variable.initial_value(1).to_f64();
        (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
    };
    let wanted = [
        (2.0 / (32.0 * 9.0f64)).sqrt(),
        (2.0 / (16.0 * 9.0 + 16.0 * 9.0f64)).sqrt(),
        // Of a kernel of 4 that moves by 2, each pixel sees 2 by 2 numbers.
        (2.0 / (64.0 * 4.0f64)).sqrt(),
    ];
    for (variable, wanted) in declared.iter().filter(|variable| variable.name.ends_with("/w")).zip(wanted) {
        assert!((deviation(variable) - wanted).abs() < 0.03 * wanted, "{}: {}", variable.name, deviation(variable));
    }
    // As PyTorch begins: biases, too, by how many numbers an output is computed from.
    let fan_in: Network = "400, affine 300 init=fan-in, affine 3".parse().unwrap();
    for (variable, limit) in fan_in.parameters().unwrap().iter().zip([0.05, 0.05, 0.0, 0.0]) {
        let values = variable.initial_value(1).to_f64();
        let largest = values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        assert!(limit == 0.0 || (largest <= limit && largest > 0.95 * limit), "{}: {largest}", variable.name);
    }
    let conv: Network = "4x8x8, conv 300 5x5 init=fan-in".parse().unwrap();
    let b = conv.parameters().unwrap()[1].initial_value(1).to_f64();
    assert!(b.iter().any(|x| x.abs() > 0.09) && b.iter().all(|x| x.abs() <= 0.1));
    let shapes: Vec<_> = declared.iter().map(|variable| (variable.name.as_str(), &variable.shape[..])).collect();
    assert_eq!(shapes[0], ("0/w", &[64, 32, 3, 3][..]));
    assert_eq!(shapes[2], ("1/w", &[64, 16, 3, 3][..]));
    assert_eq!(shapes[4], ("2/w", &[64, 32, 4, 4][..]));
    assert_eq!(Initializer::He.draw(&[4, 2], 3, "1/w").shape(), [4, 2]);
}

#[test]
fn rows_of_pixels_are_images_where_the_network_takes_images() {
    let stream = Stream::new(3, "pixels");
    let pixels: Vec<f64> = (0..20 * 64).map(|i| stream.uniform(0, i)).collect();
    let labels: Vec<u8> = (0..20).map(|i| i % 3).collect();
    let of = |shape: &[usize]| {
        let inputs = Tensor::from(pixels.clone()).reshaped(shape).unwrap();
        Dataset::new(inputs, Tensor::from(labels.clone())).unwrap()
    };
    let network: Network = "1 8 8, conv 4 3x3 pad=1, batch-norm, relu, max-pool 2, affine 3".parse().unwrap();
    let fit = FitOptions { epochs: 4, batch_size: 5, ..FitOptions::default() };
    let [flat, shaped] = [&[20, 64][..], &[20, 1, 8, 8]].map(|shape| {
        let mut model = Model::new(&network, 1).unwrap();
        let losses = model.fit(&of(shape), &fit).unwrap().losses;
        (losses, model.evaluate(&of(shape)).unwrap(), model.predict(of(shape).inputs()).unwrap())
    });
    assert_eq!(flat, shaped);
    assert!(flat.0.last() < flat.0.first());
}

#[test]
fn everything_that_does_not_fit_is_told_at_once_with_its_place_and_what_would() {
    let text =
        "3x6x6, conv 4 9x9 pad=1, conv 6 3x3 groups=4, max-pool 8, group-norm 4, conv 2 3x3 dilation=4,\n  affine 3";
    insta::assert_snapshot!(told(text));
    insta::assert_snapshot!(told(
        "1x8x8, conv 0 3x3, conv 4 0x3, conf 4 3x3, max-pool, conv 4 3x3 pad=some stride=x, conv 3x3"
    ));
}

#[test]
fn what_is_no_image_is_refused() {
    let table = [
        ("784, conv 4 3x3", "the layer takes images (batch, channels, height, width), but is given (batch, 784)"),
        (
            "1x8x8, affine 4, max-pool 2",
            "the layer takes images (batch, channels, height, width), but is given (batch, 4)",
        ),
        (
            "1x8x8, max-pool 2 pad=2",
            "a window of 2x2 sees nothing but a padding of 2x2; expected: a padding smaller than",
        ),
        (
            "1x8x8, conv-transpose 4 2x2 stride=2x3 output-padding=2",
            "an output padding of 2x2 is not smaller than the stride or the dilation; expected: at most 1x2",
        ),
        (
            "1x8x8, conv-transpose 4 2x2 stride=2 pad=same output-padding=1",
            "an output padding of 1x1 beside `pad=same`, which tells the extents already; expected: one of the two",
        ),
        (
            "6x8x8, conv-transpose 4 2x2 groups=3 output-padding=1, affine 3, conv 1 2x2",
            "3 mistakes:\n3 groups do not divide 6 channels and 4 filters; expected: 1 or 2 groups (line 1, column 8)",
        ),
        ("6x8x8, conv 8 3x3 groups=6", "6 groups do not divide 6 channels and 8 filters; expected: 1 or 2 groups"),
        ("1x8x8, conv-transpose 4 2x2 pad=5", "the padding leaves nothing of what the kernels make of 8x8"),
        ("1x8x8, conv 4 16777217x1", "the size of the kernels is 16777217x1; more than 16777216 is not supported"),
        ("1x8x8, conv 16777216 16777216x16777216 pad=16777216", "at least one kernel of at least 1x1, and fewer"),
    ];
    for (text, wanted) in table {
        let message = told(text);
        assert!(message.contains(wanted), "{text:?} gives: {message}");
    }
}

#[test]
fn a_pool_that_leaves_pixels_out_is_remarked_and_no_mistake() {
    let notes = |text: &str| text.parse::<Network>().unwrap().notes().unwrap();
    assert_eq!(
        notes("1x7x9, max-pool 2x3, tanh, average-pool 2, affine 3"),
        [
            "`max-pool 2x3` leaves out the last 1 of 7 rows; `pad=same`, or windows that fit, would use all (line 1, column 8)",
            "`average-pool 2` leaves out the last 1 of 3 rows and the last 1 of 3 columns; `pad=same`, or windows that fit, \
             would use all (line 1, column 28)",
        ]
    );
    assert_eq!(notes("1x8x9, max-pool 2x3, affine 3"), [""; 0]);
    assert_eq!(notes("1x7x9, max-pool 2x3 pad=same, affine 3"), [""; 0]);
}

#[test]
fn the_first_layers_of_a_model_answer_what_they_answer_within_it() {
    let text = "1x6x6, conv 3 3x3, batch-norm, relu, residual(conv 3 3x3 pad=1), max-pool 2, affine 2";
    let mut model = Model::new(&text.parse().unwrap(), 1).unwrap();
    let x = Initializer::Normal(1.0).draw(&[4, 1, 6, 6], 3, "x");
    let answers = |layers: usize| model.first_layers(layers).unwrap().predict(&x).unwrap();
    let (normed, rectified) = (answers(2), answers(3));
    assert_eq!(rectified.to_f64(), normed.to_f64().iter().map(|&x| x.max(0.0)).collect::<Vec<_>>());
    assert_eq!((answers(0), answers(4).shape().to_vec()), (x.to_f32_tensor(), vec![4, 3, 4, 4]));
    assert_eq!([answers(6), answers(60)], [(); 2].map(|()| model.predict(&x).unwrap()));
    assert_eq!(model.network().first_layers(4).to_string(), text.split(", max-pool").next().unwrap());
}

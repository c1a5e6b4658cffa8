use super::*;

#[test]
fn a_convolution_and_its_gradients_are_the_sums_written_out() {
    let window = |size, stride, dilation, before| Window { size, stride, dilation, before };
    let settings = [
        ([7, 6], 1, [window(3, 1, 1, 0), window(3, 1, 1, 0)], 5),
        ([9, 30], 3, [window(3, 1, 1, 1), window(2, 1, 1, 1)], 30),
        ([8, 8], 16, [window(3, 1, 1, 1), window(3, 1, 1, 1)], 70),
        ([9, 8], 2, [window(2, 3, 2, 1), window(3, 2, 2, 2)], 17),
        ([5, 5], 4, [window(1, 2, 1, 0), window(1, 2, 1, 0)], 3),
        ([9, 8], 3, [window(2, 1, 1, 0), window(4, 2, 1, 1)], 6),
        ([12, 13], 2, [window(5, 1, 1, 2), window(5, 1, 1, 1)], 8),
        ([7, 8], 5, [window(3, 1, 1, 0), window(3, 1, 1, 2)], 20),
        ([6, 5], 17, [window(3, 1, 1, 2), window(3, 1, 1, 1)], 3),
        ([28, 28], 16, [window(3, 1, 1, 1), window(3, 1, 1, 1)], 16),
    ];
    for (extents, channels, windows, filters) in settings {
        let around = windows.map(|w: Window| w.before);
        let places = [0, 1].map(|i| {
            let reach: usize = windows[i].dilation * (windows[i].size - 1) + 1;
            (extents[i] + 2 * around[i] - reach) / windows[i].stride + 1
        });
        let convolution = Convolution { samples: 1, extents, channels, windows, places, filters };
        check(&convolution);
    }
}

fn check(convolution: &Convolution) {
    let Convolution { extents: [height, width], channels, windows: [down, across], places, filters, .. } = *convolution;
    let numbers = |count: usize, seed: usize| -> Vec<f32> {
        (0..count).map(|i| ((i * 37 + seed * 11) % 23) as f32 - 11.0).collect()
    };
    let (image, matrix) = (numbers(height * width * channels, 1), numbers(convolution.window() * filters, 2));
    let up = numbers(convolution.places() * filters + product::PAD, 3);
    // Whole numbers, so that any order gives the same sums.
    let mut out = vec![0.0f32; convolution.places() * filters];
    let (mut slopes, mut back) = (vec![0.0f32; matrix.len()], vec![0.0f32; image.len()]);
    for (y, x) in (0..places[0]).flat_map(|y| (0..places[1]).map(move |x| (y, x))) {
        for (ky, kx) in (0..down.size).flat_map(|ky| (0..across.size).map(move |kx| (ky, kx))) {
            let row = (y * down.stride + ky * down.dilation).checked_sub(down.before).filter(|&row| row < height);
            let column = (x * across.stride + kx * across.dilation).checked_sub(across.before);
            let (Some(row), Some(column)) = (row, column.filter(|&column| column < width)) else { continue };
            for (c, f) in (0..channels).flat_map(|c| (0..filters).map(move |f| (c, f))) {
                let (pixel, place) = ((row * width + column) * channels + c, (y * places[1] + x) * filters + f);
                let weight = ((ky * across.size + kx) * channels + c) * filters + f;
                out[place] += image[pixel] * matrix[weight];
                slopes[weight] += image[pixel] * up[place];
                back[pixel] += matrix[weight] * up[place];
            }
        }
    }
    let pitch = filters.next_multiple_of(product::PAD);
    let mut padded = vec![f32::NAN; convolution.window() * pitch];
    matrix
        .chunks_exact(filters)
        .zip(padded.chunks_exact_mut(pitch))
        .for_each(|(from, to)| to[..filters].copy_from_slice(from));
    let back_pitch = channels.next_multiple_of(product::PAD);
    let mut mirrored = vec![f32::NAN; convolution.taps() * filters * back_pitch];
    let sizes = [convolution.taps(), channels, filters];
    mirror((&padded, pitch, false), (sizes, 0..convolution.taps()), (&mut mirrored, back_pitch));
    let window_pitch = convolution.window().next_multiple_of(product::PAD);
    let mut by_filters = vec![f32::NAN; filters * window_pitch];
    for (row, numbers) in matrix.chunks_exact(filters).enumerate() {
        numbers.iter().enumerate().for_each(|(filter, &x)| by_filters[filter * window_pitch + row] = x);
    }
    // Four or two results at a time, where that is possible.
    let sums = |from: &[f32], pitch: usize, [channels, filters]: [usize; 2]| {
        let mut sums = vec![f32::NAN; winograd::rows(channels) * pitch];
        winograd::of_weights((from, pitch), [channels, filters], 0..winograd::rows(1), (&mut sums, pitch));
        sums
    };
    let in_pairs = |of: &Convolution, from: &[f32], pitch: usize| {
        let out_pitch = (2 * of.filters).next_multiple_of(product::PAD);
        let mut pairs = vec![f32::NAN; of.rows_of_pairs() * out_pitch];
        paired(of, (from, pitch), (&mut pairs, out_pitch));
        (pairs, out_pitch)
    };
    let back_of = convolution.back();
    let mut ways = vec![(Method::Windows, padded.clone(), pitch)];
    if winograd::pays(convolution, 1) {
        ways.push((Method::Squares, sums(&padded, pitch, [channels, filters]), pitch));
    }
    if convolution.can_pair() {
        let (matrix, pitch) = in_pairs(convolution, &padded, pitch);
        ways.push((Method::Pairs, matrix, pitch));
    }
    let mut ways_back = vec![(Method::Windows, mirrored.clone(), back_pitch)];
    ways_back.push((Method::Adding, by_filters.clone(), window_pitch));
    if winograd::pays(&back_of, 1) {
        ways_back.push((Method::Squares, sums(&mirrored, back_pitch, [filters, channels]), back_pitch));
    }
    if back_of.can_pair() {
        let (matrix, pitch) = in_pairs(&back_of, &mirrored, back_pitch);
        ways_back.push((Method::Pairs, matrix, pitch));
    }
    let ways = ways.iter().flat_map(|way| ways_back.iter().map(move |back| (way, back)));
    for (level, ((method, matrix, pitch), (method_back, matrix_back, pitch_back))) in
        Supported::each().flat_map(|level| ways.clone().map(move |way| (level, way)))
    {
        let (method, pitch, method_back, pitch_back) = (*method, *pitch, *method_back, *pitch_back);
        let case = format!("{convolution:?} at {level}, {method:?} and {method_back:?}");
        let scratch_len = convolution.scratch_len(method).max(convolution.scratch_len(method_back));
        let mut scratch = vec![f32::NAN; scratch_len.max(convolution.scratch_len(Method::Windows))];
        let of_filters_by = if method == Method::Squares { Method::Windows } else { method };
        let (bias, mut finished) = (numbers(filters, 4), vec![f32::NAN; out.len()]);
        let (mut found, mut found_slopes, mut found_back) =
            (vec![f32::NAN; out.len()], vec![f32::NAN; slopes.len()], vec![f32::NAN; back.len()]);
        // SAFETY: the matrices' rows are padded, and what `up` is read beyond its end.
        unsafe {
            let matrix = (matrix.as_ptr(), pitch);
            let tail = Tail { bias: Some(&bias), relu: true };
            filtered(
                level,
                (convolution, method, convolution.rows()),
                &image,
                matrix,
                tail,
                &mut finished,
                &mut scratch,
            );
            // In bands of some rows.
            let each = 3usize.next_multiple_of(convolution.rows_together(method));
            let bands = found.chunks_mut(each * places[1] * filters).enumerate();
            for (at, out) in bands {
                let of = (convolution, method, at * each..places[0].min((at + 1) * each));
                filtered(level, of, &image, matrix, Tail::default(), out, &mut scratch);
            }
            for accumulate in [false, true] {
                of_filters(
                    level,
                    (convolution, of_filters_by),
                    &image,
                    &up,
                    (&mut found_slopes, accumulate),
                    &mut scratch,
                );
            }
            let matrix = (matrix_back.as_ptr(), pitch_back);
            of_images(level, (convolution, method_back), &up, matrix, &mut found_back, &mut scratch);
        }
        assert_eq!(found, out, "{case}");
        let tailed = |(i, x): (usize, &f32)| (x + bias[i % filters]).max(0.0);
        assert_eq!(finished, out.iter().enumerate().map(tailed).collect::<Vec<_>>(), "{case}");
        assert!(found_slopes.iter().zip(&slopes).all(|(a, b)| *a == 2.0 * b), "{case}");
        assert_eq!(found_back, back, "{case}");
    }
}

#[test]
fn four_results_at_a_time_round_little_more_than_windows_one_by_one() {
    let window = Window { size: 3, stride: 1, dilation: 1, before: 1 };
    let (side, channels, filters) = (12, 48, 32);
    let (extents, places) = ([side; 2], [side; 2]);
    let of = Convolution { samples: 1, extents, channels, windows: [window; 2], places, filters };
    let numbers = |count: usize, seed: usize| -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
    };
    let (image, matrix) = (numbers(of.pixels() * channels, 1), numbers(of.window() * filters, 2));
    let mut sums = vec![0.0f32; winograd::rows(channels) * filters];
    winograd::of_weights((&matrix, filters), [channels, filters], 0..winograd::rows(1), (&mut sums, filters));
    let mut exact = vec![0.0f64; of.places() * filters];
    for (place, exact) in exact.chunks_exact_mut(filters).enumerate() {
        for tap in 0..9 {
            let (y, x) = ((place / side + tap / 3).wrapping_sub(1), (place % side + tap % 3).wrapping_sub(1));
            if y >= side || x >= side {
                continue;
            }
            for channel in 0..channels {
                let pixel = f64::from(image[(y * side + x) * channels + channel]);
                let weights = &matrix[(tap * channels + channel) * filters..][..filters];
                exact.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += pixel * f64::from(*weight));
            }
        }
    }
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    for level in Supported::each() {
        let error = |method: Method, matrix: &[f32]| {
            let (mut out, mut scratch) = (vec![f32::NAN; exact.len()], vec![f32::NAN; of.scratch_len(method)]);
            let matrix = (matrix.as_ptr(), filters);
            // SAFETY: the matrices have rows of whole vectors.
            unsafe {
                filtered(level, (&of, method, of.rows()), &image, matrix, Tail::default(), &mut out, &mut scratch)
            };
            let apart = norm(&mut out.iter().zip(&exact).map(|(found, exact)| f64::from(*found) - exact));
            apart / norm(&mut exact.iter().copied())
        };
        let (windows, squares) = (error(Method::Windows, &matrix), error(Method::Squares, &sums));
        println!("{level}: relative errors {windows:.1e} and {squares:.1e}");
        assert!(windows < 1e-6 && squares < 1e-6 && squares < 3.0 * windows, "{level}: {windows} and {squares}");
    }
}

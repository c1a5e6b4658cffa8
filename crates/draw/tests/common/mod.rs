//! One picture of each kind, for the gallery and for the snapshots.

use limpid_draw::*;

/// A picture and the name of its file.
pub(crate) type Sample = (&'static str, Box<dyn Picture>);

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn bowl(points: usize) -> Result<Grid, Error> {
    Grid::of([-5.0, 5.0], [-5.0, 5.0], points, points, |x, y| x * x + y * y)
}

/// Numbers between 0 and 1 that look random and are the same everywhere (Numerical Recipes' quick generator).
pub(crate) fn noise(count: usize, seed: u32) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1u32 << 24)
    };
    (0..count).map(|_| next()).collect()
}

/// A digit as MNIST would have it: a seven drawn by two strokes.
pub(crate) fn digit() -> Result<Raster, Error> {
    let value = |x: f64, y: f64| {
        let bar = (y - 7.0).abs() < 1.6 && (7.0..21.0).contains(&x);
        let stem = (x - (21.0 - (y - 7.0) * 0.5)).abs() < 1.7 && (7.0..23.0).contains(&y);
        if bar || stem { 1.0 } else { 0.0 }
    };
    let values: Vec<f64> = (0..784).map(|k| value(f64::from(k % 28), f64::from(k / 28))).collect();
    Raster::mapped(28, 28, &values, ColourMap::Grey, [0.0, 1.0])
}

fn descent() -> (Vec<f64>, Vec<f64>) {
    let (mut x, mut y) = (-7.0, 2.0);
    let mut path = (vec![x], vec![y]);
    for _ in 0..20 {
        (x, y) = (x - 0.9 * x / 10.0, y - 0.9 * 2.0 * y);
        path.0.push(x);
        path.1.push(y);
    }
    path
}

fn lines() -> Vec<Sample> {
    let waves = Plot::new()
        .title("sin and cos")
        .labels("x", "y")
        .y_limits(-1.1, 1.1)
        .zero_axes(true)
        .add(Line::of(0.0, 6.0, 61, f64::sin).label("sin"))
        .add(Line::of(0.0, 6.0, 61, f64::cos).label("cos").dashed());
    let steps = Plot::new()
        .title("step and sigmoid")
        .labels("x", "y")
        .y_limits(-0.1, 1.1)
        .add(Line::of(-5.0, 5.0, 1001, |x| if x > 0.0 { 1.0 } else { 0.0 }).label("step").dashed())
        .add(Line::of(-5.0, 5.0, 101, sigmoid).label("sigmoid"));
    let relu = Plot::new().title("ReLU").labels("x", "y").zero_axes(true).add(Line::of(-6.0, 6.0, 121, |x| x.max(0.0)));
    let log = Plot::new()
        .title("−log x: what a probability costs")
        .labels("x", "−log x")
        .add(Line::of(0.0, 1.0, 201, |x| -x.ln()))
        .y_limits(0.0, 5.0);
    let tangent = Plot::new()
        .title("f(x) = 0.01x² + 0.1x and its tangent at 5")
        .labels("x", "f(x)")
        .add(Line::of(0.0, 20.0, 201, |x| 0.01 * x * x + 0.1 * x).label("f"))
        .add(Line::of(0.0, 20.0, 2, |x| 0.2 * x - 0.25).label("tangent").dashed())
        .add(Points::new([5.0], [0.75]))
        .add(Note::new(5.0, 0.75, "slope 0.2"));
    let jitter = noise(600, 1);
    let loss: Vec<f64> =
        (0..600).map(|k| 0.1 + 2.2 * (-f64::from(k) / 90.0).exp() + 0.25 * (jitter[k as usize] - 0.5)).collect();
    let loss = Plot::new().title("training loss").labels("iteration", "loss").add(Line::counted(loss).width(1.25));
    let epochs: Vec<f64> = (0..17).map(f64::from).collect();
    let curve = |top: f64| -> Vec<f64> { epochs.iter().map(|e| top - (top - 0.1) * (-e / 2.5).exp()).collect() };
    let accuracy = Plot::new()
        .title("accuracy")
        .labels("epoch", "accuracy")
        .y_limits(0.0, 1.0)
        .add(Line::new(epochs.clone(), curve(0.985)).label("train").marked())
        .add(Line::new(epochs.clone(), curve(0.962)).label("test").marked().dashed());
    vec![
        ("waves", Box::new(waves)),
        ("steps", Box::new(steps)),
        ("relu", Box::new(relu)),
        ("log", Box::new(log)),
        ("tangent", Box::new(tangent)),
        ("loss", Box::new(loss)),
        ("accuracy", Box::new(accuracy)),
    ]
}

fn bars() -> Result<Vec<Sample>, Error> {
    let inputs = [-2.0f64, -1.0, 0.0, 1.0, 2.0];
    let sum: f64 = inputs.iter().map(|x| x.exp()).sum();
    let softmax: Vec<f64> = inputs.iter().map(|x| x.exp() / sum).collect();
    let names = inputs.map(|x| short_number(x, 3));
    let softmax = Plot::new().title("softmax").labels("input", "probability").add(Bars::new(names, softmax).numbers());
    let signed = Plot::new()
        .title("what each digit's score gained")
        .labels("", "change")
        .add(
            Bars::new((0..10).map(|d| d.to_string()), [1.2, -0.8, 0.3, 0.9, -1.4, 0.2, f64::NAN, 2.1, -0.3, 0.6])
                .label("first step"),
        )
        .add(
            Bars::new((0..10).map(|d| d.to_string()), [0.7, -0.4, 0.5, 0.1, -0.9, 0.4, 1.0, 1.6, -0.1, 0.2])
                .label("second step"),
        );
    let long =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];
    let named = Plot::new()
        .title("errors by class")
        .labels("", "errors")
        .add(Bars::new(long, [120.0, 20.0, 180.0, 95.0, 160.0, 40.0, 290.0, 45.0, 22.0, 38.0]).numbers());
    let values: Vec<f64> = noise(6000, 7).chunks(6).map(|six| six.iter().sum::<f64>() - 3.0).collect();
    let histogram = Plot::new().title("a thousand sums").labels("value", "count").add(Histogram::new(&values, 30));
    let layer = |k: usize, scale: f64| -> Result<Plot, Error> {
        let squashed: Vec<f64> = values.iter().map(|v| sigmoid(v * scale)).collect();
        let histogram = Histogram::between(&squashed, 30, 0.0, 1.0)?;
        Ok(Plot::new().title(format!("layer {k}")).labels("activation", "").add(histogram))
    };
    let mut row = Panels::new(5).title("activations through five layers, weights of scale 1").each(220.0, 220.0);
    for (k, scale) in [8.0, 12.0, 16.0, 20.0, 26.0].into_iter().enumerate() {
        row = row.add(layer(k + 1, scale)?);
    }
    Ok(vec![
        ("softmax", Box::new(softmax)),
        ("signed", Box::new(signed)),
        ("named", Box::new(named)),
        ("histogram", Box::new(histogram)),
        ("activations", Box::new(row)),
    ])
}

fn fields() -> Result<Vec<Sample>, Error> {
    let heat = Plot::new().title("x0² − x1²").labels("x0", "x1").equal(true).add(
        HeatMap::new(Grid::of([-3.0, 3.0], [-3.0, 3.0], 31, 31, |x, y| x * x - y * y)?)
            .map(ColourMap::Diverging)
            .label("f"),
    );
    let (xs, ys) = descent();
    let elongated = || Grid::of([-10.0, 10.0], [-5.0, 5.0], 81, 61, |x, y| x * x / 20.0 + y * y);
    let contour = Plot::new()
        .title("gradient descent on x0²/20 + x1², learning rate 0.9")
        .labels("x0", "x1")
        .add(Contours::new(elongated()?).levels([0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 24.0]).label("f"))
        .add(Line::new(xs.clone(), ys.clone()).label("path").marked().colour(BACKWARD).width(1.5))
        .add(Note::new(0.0, 0.0, "minimum"));
    let written = Plot::new()
        .title("the same with its levels written")
        .labels("x0", "x1")
        .add(Contours::new(elongated()?).count(6).written())
        .add(Points::new([0.0], [0.0]).label("minimum").colour(BACKWARD).shape(Shape::Diamond));
    let places: Vec<(f64, f64)> = (-4..=4).flat_map(|y| (-4..=4).map(move |x| (f64::from(x), f64::from(y)))).collect();
    let (xs, ys): (Vec<f64>, Vec<f64>) = places.into_iter().unzip();
    let (us, vs): (Vec<f64>, Vec<f64>) = xs.iter().zip(&ys).map(|(x, y)| (-2.0 * x, -2.0 * y)).unzip();
    let arrows = Plot::new()
        .title("the negative gradient of x0² + x1²")
        .labels("x0", "x1")
        .equal(true)
        .add(Arrows::new(xs, ys, us, vs));
    let surface = Surface::new(bowl(21)?).title("x0² + x1²").labels("x0", "x1", "f");
    let saddle = Surface::new(Grid::of([-1.0, 1.0], [-1.0, 1.0], 17, 17, |x, y| x * x - y * y)?)
        .title("a saddle")
        .labels("x", "y", "height")
        .map(ColourMap::Diverging);
    let xor = Grid::of([-0.5, 1.5], [-0.5, 1.5], 120, 120, |x, y| if x + y > 0.5 && x + y < 1.5 { 1.0 } else { 0.0 })?;
    let regions = Plot::new()
        .title("XOR by two layers")
        .labels("x1", "x2")
        .equal(true)
        .add(Regions::new(xor))
        .add(Points::new([0.0, 1.0], [0.0, 1.0]).label("0").colour(Role::series(0)).radius(6.0))
        .add(Points::new([0.0, 1.0], [1.0, 0.0]).label("1").colour(Role::series(1)).radius(6.0));
    Ok(vec![
        ("heat", Box::new(heat)),
        ("contour", Box::new(contour)),
        ("written", Box::new(written)),
        ("arrows", Box::new(arrows)),
        ("surface", Box::new(surface)),
        ("saddle", Box::new(saddle)),
        ("regions", Box::new(regions)),
    ])
}

fn images() -> Result<Vec<Sample>, Error> {
    let one = Images::new(1).add(digit()?, "a seven, 28 × 28");
    let weight = |seed: u32| -> Result<Raster, Error> {
        let values: Vec<f64> = noise(49, seed).iter().map(|v| v * 2.0 - 1.0).collect();
        Raster::mapped(7, 7, &values, ColourMap::Diverging, [-1.0, 1.0])
    };
    let mut grid = Images::new(6).title("misclassified digits and random weights");
    for k in 0..12 {
        grid = match k % 2 {
            0 => grid.add(digit()?, format!("7, taken for {k}")),
            _ => grid.add(weight(k)?, format!("unit {k}")),
        };
    }
    let mut counts = vec![0usize; 100];
    for digit in 0..10 {
        counts[digit * 11] = 900 + 13 * digit;
        counts[digit * 10 + (digit * 7 + 3) % 10] += digit + 1;
        counts[digit * 10 + (digit * 3 + 5) % 10] += 2 * digit;
    }
    let confusion = Matrix::confusion((0..10).map(|d| d.to_string()), &counts)?.title("10,000 test digits");
    let small =
        Matrix::new(["w", "b"], ["x0", "x1", "x2"], [0.25, -1.5, 0.0, 1e-7, 3.0, f64::NAN])?.title("a small matrix");
    Ok(vec![
        ("digit", Box::new(one)),
        ("images", Box::new(grid)),
        ("confusion", Box::new(confusion)),
        ("matrix", Box::new(small)),
    ])
}

fn edges() -> Vec<Sample> {
    let gaps = Plot::new()
        .title("gaps: NaN, infinity, overflow, and a point alone")
        .labels("x", "1/x and more")
        .add(Line::of(-2.0, 2.0, 81, |x| 1.0 / x).label("1/x"))
        .add(
            Line::new([-1.5, -1.0, -0.5, 0.5, 1.0], [5.0, f64::NAN, 5.0, f64::INFINITY, 10.0]).label("alone").marked(),
        );
    let huge = Plot::new()
        .title("huge and tiny")
        .labels("time in seconds", "energy in joules")
        .add(Line::new([0.0, 1e-300, 2e-300], [0.0, 1e300, -1e300]));
    let chinese = Plot::new()
        .title("損失の推移：学習率 0.1 で訓練した場合")
        .labels("エポック", "損失 (交差エントロピー)")
        .add(Line::counted([2.3, 1.2, 0.7, 0.5, 0.4]).label("訓練データ").marked())
        .add(Line::counted([2.3, 1.3, 0.85, 0.7, 0.65]).label("测试集").dashed());
    let empty = Plot::new().title("nothing to see").add(Line::new([f64::NAN], [1.0]));
    let same = Plot::new().title("all equal").add(Line::new([0.0, 1.0, 2.0], [5.0, 5.0, 5.0]));
    vec![
        ("gaps", Box::new(gaps)),
        ("huge", Box::new(huge)),
        ("empty", Box::new(empty)),
        ("chinese", Box::new(chinese)),
        ("same", Box::new(same)),
    ]
}

/// One picture of each kind.
pub(crate) fn samples() -> Result<Vec<Sample>, Error> {
    Ok([lines(), bars()?, fields()?, images()?, edges()].into_iter().flatten().collect())
}

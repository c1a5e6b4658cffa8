//! The rows on pictures of the system that limpid implements: B1 to B4 and B6 (B5 is the graph's own picture).

use std::io::Read;

use limpid_draw::*;

/// Whether a path is the piece of a line that a legend shows.
fn swatch(path: &Path) -> bool {
    matches!(path.points[..], [a, b] if a[1] == b[1] && (b[0] - a[0] - 23.5).abs() < 1e-9)
}

/// All paths of a scene whose stroke is in a series' colour, without the legend's.
fn series(scene: &Scene, index: usize) -> Vec<&Path> {
    let paths = scene.items.iter().filter_map(|item| match item {
        Item::Path(path) => Some(path),
        _ => None,
    });
    let own = |path: &&Path| path.stroke.as_ref().is_some_and(|s| s.colour.role() == Some(Role::series(index)));
    paths.filter(own).filter(|path| !swatch(path)).collect()
}

fn texts(scene: &Scene) -> Vec<String> {
    scene.labels().into_iter().map(|(text, _)| text.content.clone()).collect()
}

/// From pixels back to numbers, by two labelled ticks of each axis.
fn scale(scene: &Scene, one: &str, other: &str, axis: usize) -> impl Fn(f64) -> f64 + use<> {
    let number = |text: &str| text.replace('−', "-").parse::<f64>().expect("a tick is a number");
    let place = |wanted: &str| {
        let found = scene
            .labels()
            .into_iter()
            .find(|(text, _)| text.content == wanted && (text.anchor == Anchor::End) == (axis == 1));
        found.unwrap_or_else(|| panic!("no tick {wanted}")).1.centre()[axis]
    };
    let (a, b) = ((place(one), number(one)), (place(other), number(other)));
    move |pixel| a.1 + (pixel - a.0) / (b.0 - a.0) * (b.1 - a.1)
}

#[test]
fn b1_sine_and_dashed_cosine_with_labels_title_legend_limits_grid_and_zero_axes() {
    let xs: Vec<f64> = (0..60).map(|k| f64::from(k) * 0.1).collect();
    let (sine, cosine) =
        (xs.iter().map(|x| x.sin()).collect::<Vec<_>>(), xs.iter().map(|x| x.cos()).collect::<Vec<_>>());
    let plot = Plot::new()
        .title("sin & cos")
        .labels("x", "y")
        .y_limits(-1.1, 1.1)
        .zero_axes(true)
        .add(Line::new(xs.clone(), sine.clone()).label("sin"))
        .add(Line::new(xs.clone(), cosine.clone()).label("cos").dashed());
    let scene = plot.scene().unwrap();
    for text in ["sin & cos", "x", "y", "sin", "cos", "−1.0", "0.0", "1.0"] {
        assert!(texts(&scene).contains(&text.to_string()), "{text}");
    }
    let (x, y) = (scale(&scene, "0", "5", 0), scale(&scene, "−1.0", "1.0", 1));
    for (index, values) in [sine, cosine].iter().enumerate() {
        let paths = series(&scene, index);
        assert_eq!(paths.len(), 1);
        assert_eq!(paths[0].stroke.as_ref().unwrap().dashes.is_empty(), index == 0);
        assert_eq!(paths[0].points.len(), 60);
        for (point, (wanted_x, wanted_y)) in paths[0].points.iter().zip(xs.iter().zip(values)) {
            assert!((x(point[0]) - wanted_x).abs() < 1e-9 && (y(point[1]) - wanted_y).abs() < 1e-9);
        }
    }
    let of_role = |role| {
        let lines = scene.items.iter().filter(|item| match item {
            Item::Path(path) => path.stroke.as_ref().is_some_and(|s| s.colour.role() == Some(role)),
            _ => false,
        });
        lines.count()
    };
    assert_eq!(of_role(Role::Muted), 2, "zero axes");
    assert!(of_role(Role::Grid) >= 8, "grid");
}

#[test]
fn b2_the_first_training_digit_is_shown_pixel_by_pixel_and_is_a_five() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let unpacked = |name: &str| {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(folder.join(name)).unwrap();
        flate2::read::GzDecoder::new(file).take(4096).read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(unpacked("train-labels-idx1-ubyte.gz")[8], 5);
    let digit: Vec<f64> = unpacked("train-images-idx3-ubyte.gz")[16..16 + 784].iter().map(|b| f64::from(*b)).collect();
    let raster = Raster::mapped(28, 28, &digit, ColourMap::Grey, [0.0, 255.0]).unwrap();
    for (pixel, value) in raster.pixels().iter().zip(&digit) {
        assert_eq!(*pixel, [*value as u8, *value as u8, *value as u8, 255]);
    }
    let images = Images::new(1).add(raster, "5");
    insta::assert_snapshot!("first_digit", images.terminal(64, false).unwrap());
}

#[test]
fn b3_step_sigmoid_relu_and_log_go_through_their_points_and_softmax_stands_as_bars() {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let plot = Plot::new()
        .labels("x", "y")
        .y_limits(-0.1, 1.1)
        .add(Line::of(-5.0, 5.0, 101, |x| if x > 0.0 { 1.0 } else { 0.0 }).label("step").dashed())
        .add(Line::of(-5.0, 5.0, 101, sigmoid).label("sigmoid"));
    let scene = plot.scene().unwrap();
    let y = scale(&scene, "0.0", "1.0", 1);
    let heights: Vec<f64> = series(&scene, 1)[0].points.iter().map(|p| y(p[1])).collect();
    assert!((heights[50] - 0.5).abs() < 1e-9 && (heights[100] - sigmoid(5.0)).abs() < 1e-9);
    let steps: Vec<f64> = series(&scene, 0)[0].points.iter().map(|p| y(p[1])).collect();
    assert!(steps[50].abs() < 1e-9 && (steps[51] - 1.0).abs() < 1e-9);

    let relu = Plot::new().add(Line::of(-5.0, 5.0, 11, |x| x.max(0.0))).scene().unwrap();
    let y = scale(&relu, "0", "5", 1);
    let paths: Vec<f64> = series(&relu, 0)[0].points.iter().map(|p| y(p[1])).collect();
    assert!(paths.iter().enumerate().all(|(k, v)| (v - (k as f64 - 5.0).max(0.0)).abs() < 1e-9));

    // −log 0 is infinite: a gap, and the rest is drawn.
    let log = Plot::new().add(Line::of(0.0, 1.0, 11, |x| -x.ln())).scene().unwrap();
    assert_eq!(series(&log, 0)[0].points.len(), 10);

    let inputs = [-2.0f64, -1.0, 0.0, 1.0, 2.0];
    let sum: f64 = inputs.iter().map(|x| x.exp()).sum();
    let softmax: Vec<f64> = inputs.iter().map(|x| x.exp() / sum).collect();
    let bars = Plot::new().add(Bars::new(inputs.map(|x| short_number(x, 2)), softmax.clone())).scene().unwrap();
    let y = scale(&bars, "0.0", "0.6", 1);
    let tops = bars.items.iter().filter_map(|item| match item {
        Item::Box(bar) if bar.fill == Some(Role::series(0).into()) => Some(y(bar.bounds.y)),
        _ => None,
    });
    let tops: Vec<f64> = tops.collect();
    assert!(tops.len() == 5 && tops.iter().zip(&softmax).all(|(top, value)| (top - value).abs() < 1e-9), "{tops:?}");
}

#[test]
fn b4_the_bowl_as_surface_as_gradient_field_and_as_contours_under_the_path_of_descent() {
    let bowl = || Grid::of([-5.0, 5.0], [-5.0, 5.0], 21, 21, |x, y| x * x + y * y).unwrap();
    let surface = Surface::new(bowl()).title("f").labels("x0", "x1", "f(x)").scene().unwrap();
    let pieces = surface.items.iter().filter(|item| matches!(item, Item::Path(Path { fill: Some(_), .. }))).count();
    assert_eq!(pieces, 400);
    for text in ["x0", "x1", "f(x)", "0", "50", "−4", "4"] {
        assert!(texts(&surface).contains(&text.to_string()), "{text}");
    }
    assert!(surface.items.iter().any(|item| matches!(item, Item::Image(_))), "a colour bar");

    let field =
        Plot::new().equal(true).add(Arrows::new([3.0, 0.0], [0.0, -4.0], [-6.0, 0.0], [0.0, 8.0])).scene().unwrap();
    let arrows: Vec<&Path> = series(&field, 0);
    assert_eq!(arrows.len(), 2);
    let way = |path: &Path| [path.points[1][0] - path.points[0][0], path.points[1][1] - path.points[0][1]];
    let ([left, level], [upright, up]) = (way(arrows[0]), way(arrows[1]));
    assert!(left < 0.0 && level.abs() < 1e-9 && upright.abs() < 1e-9 && up < 0.0);
    assert!((left / up - 0.75).abs() < 1e-9, "lengths keep their ratio: {left} {up}");

    // From (−3, 4) at a learning rate of 0.1 every step goes to 0.8 of where it was.
    let path: Vec<[f64; 2]> = (0..20).map(|k| [-3.0, 4.0].map(|x| x * 0.8f64.powi(k))).collect();
    let (xs, ys): (Vec<f64>, Vec<f64>) = path.iter().map(|p| (p[0], p[1])).unzip();
    let contours = Plot::new().add(Contours::new(bowl()).levels([1.0, 9.0])).add(Line::new(xs, ys).marked());
    let scene = contours.scene().unwrap();
    let (x, y) = (scale(&scene, "−4", "4", 0), scale(&scene, "−4", "4", 1));
    let marks = scene.items.iter().filter(|item| matches!(item, Item::Marker(_))).count();
    assert_eq!(marks, 20);
    let circles = scene.items.iter().filter_map(|item| match item {
        Item::Path(path) if matches!(path.stroke.as_ref().map(|s| s.colour.paint), Some(Paint::Fixed(_))) => Some(path),
        _ => None,
    });
    let radii: Vec<f64> = circles.map(|path| x(path.points[0][0]).hypot(y(path.points[0][1]))).collect();
    assert!(radii.len() == 2 && (radii[0] - 1.0).abs() < 0.05 && (radii[1] - 3.0).abs() < 0.05, "{radii:?}");
}

#[test]
fn b6_loss_by_iteration_and_both_accuracies_by_epoch() {
    let loss: Vec<f64> = (0..1000).map(|k| 2.3 / (1.0 + f64::from(k) / 50.0)).collect();
    let scene = Plot::new().labels("iteration", "loss").add(Line::counted(loss)).scene().unwrap();
    assert_eq!(series(&scene, 0)[0].points.len(), 1000);
    let accuracy = Plot::new()
        .labels("epoch", "accuracy")
        .y_limits(0.0, 1.0)
        .add(Line::counted([0.1, 0.8, 0.9]).label("train").marked())
        .add(Line::counted([0.1, 0.79, 0.89]).label("test").marked().dashed());
    let scene = accuracy.scene().unwrap();
    for text in ["epoch", "accuracy", "train", "test"] {
        assert!(texts(&scene).contains(&text.to_string()), "{text}");
    }
    assert!(series(&scene, 0).len() == 1 && series(&scene, 1).len() == 1);
}

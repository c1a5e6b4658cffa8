//! What holds for every plot, whatever is in it: nothing crashes, no two labels overlap, all lies within the picture.

use limpid_draw::*;
use proptest::prelude::*;

use crate::common;

/// The cells that a text takes in a terminal's scene: its row, and its first and last column.
fn cells(text: &Text) -> (i64, i64, i64) {
    let count = text_cells(&text.content) as f64;
    let begin = match text.anchor {
        Anchor::Start => (text.at[0] / 8.0).round(),
        Anchor::Middle => (text.at[0] / 8.0 - count / 2.0 - 1e-6).round(),
        Anchor::End => (text.at[0] / 8.0 - count).round(),
    };
    ((text.at[1] / 16.0 + 1e-6).floor() as i64, begin as i64, begin as i64 + count as i64)
}

fn check_page(scene: &Scene) -> Result<(), TestCaseError> {
    let labels: Vec<_> = scene.labels().into_iter().filter(|(text, _)| !text.content.is_empty()).collect();
    let picture = Rect::new(0.0, 0.0, scene.width, scene.height).grown(1.0);
    for (place, (text, bounds)) in labels.iter().enumerate() {
        prop_assert!(
            picture.encloses(bounds),
            "{:?} at {:?} leaves {} × {}",
            text.content,
            bounds,
            scene.width,
            scene.height
        );
        for (other, other_bounds) in &labels[..place] {
            let touch = bounds.grown(-0.5).overlaps(&other_bounds.grown(-0.5));
            prop_assert!(!touch, "{:?} at {:?} and {:?} at {:?}", text.content, bounds, other.content, other_bounds);
        }
    }
    check_items(&scene.items, &picture)?;
    prop_assert!(roxmltree::Document::parse(&scene.svg()).is_ok());
    Ok(())
}

/// Everything that is not cut off by a group lies within the picture.
fn check_items(items: &[Item], picture: &Rect) -> Result<(), TestCaseError> {
    for item in items {
        match item {
            Item::Path(path) => {
                for point in &path.points {
                    // Arrows may reach beyond the area by their length.
                    prop_assert!(picture.grown(80.0).contains(*point), "{point:?}");
                }
            }
            Item::Box(rectangle) => {
                prop_assert!(picture.grown(2.0).encloses(&rectangle.bounds), "{:?}", rectangle.bounds)
            }
            Item::Marker(marker) => prop_assert!(picture.contains(marker.at), "{:?}", marker.at),
            Item::Group(Group { clip: None, items }) => check_items(items, picture)?,
            Item::Group(_) | Item::Image(_) | Item::Text(_) => {}
        }
    }
    Ok(())
}

fn check_terminal(scene: &Scene, columns: usize) -> Result<(), TestCaseError> {
    let labels: Vec<_> = scene.labels().into_iter().filter(|(text, _)| !text.content.is_empty()).collect();
    let rows = (scene.height / 16.0).round() as i64;
    for (place, (text, _)) in labels.iter().enumerate() {
        let (row, begin, end) = cells(text);
        let inside = row >= 0 && row < rows && begin >= 0 && end <= columns as i64;
        prop_assert!(inside, "{:?} in row {row} from {begin} to {end} leaves {columns} × {rows}", text.content);
        for (other, _) in &labels[..place] {
            let (other_row, other_begin, other_end) = cells(other);
            let touch = row == other_row && begin < other_end && other_begin < end;
            prop_assert!(!touch, "{:?} and {:?} in row {row}", text.content, other.content);
        }
    }
    for colour in [false, true] {
        let shown = scene.terminal(columns, colour);
        let plain: Vec<String> = shown.lines().map(without_escapes).collect();
        prop_assert_eq!(plain.len() as i64, rows);
        prop_assert!(plain.iter().all(|line| text_cells(line) <= columns));
    }
    Ok(())
}

fn without_escapes(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or("").to_string();
    parts.fold(first, |line, part| line + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// Lays a picture out for both media; a size that does not fit is an answer too.
fn check(picture: &dyn Picture, width: f64, height: f64, columns: usize) -> Result<(), TestCaseError> {
    match Medium::page(width, height).and_then(|medium| picture.layout(medium)) {
        Ok(scene) => check_page(&scene)?,
        Err(error) => prop_assert!(
            matches!(error, Error::TooSmall { .. } | Error::Limits { .. } | Error::Bounds { .. }),
            "{error}"
        ),
    }
    let rows = picture.rows(columns);
    for colour in [false, true] {
        match Medium::terminal(columns, rows, colour).and_then(|medium| picture.layout(medium)) {
            Ok(scene) => check_terminal(&scene, columns)?,
            Err(error) => prop_assert!(
                matches!(error, Error::TooSmall { .. } | Error::Limits { .. } | Error::Bounds { .. }),
                "{error}"
            ),
        }
    }
    Ok(())
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -10.0..10.0f64,
        2 => (-320i32..309, -9.99..9.99f64).prop_map(|(e, m)| format!("{m}e{e}").parse().expect("a number")),
        1 => prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MAX, f64::MIN, 5e-324, 1e16]),
    ]
}

/// Several numbers of about one size, or of any.
fn numbers(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let even = (prop::collection::vec(-1.0..1.0f64, 0..most), -300i32..300, -1e3..1e3f64);
    let even = even.prop_map(|(vs, e, offset)| {
        let unit: f64 = format!("1e{e}").parse().expect("a number");
        vs.into_iter().map(|v| (v + offset) * unit).collect()
    });
    prop_oneof![prop::collection::vec(number(), 0..most), even]
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z]{1,8}",
        "[a-zA-Z0-9 <&>\"',.]{0,60}",
        "[損失学習率あいう 一二三a-c]{1,30}",
        "\\PC{0,20}",
        ".{0,6}",
    ]
}

fn grid() -> impl Strategy<Value = Grid> {
    (2usize..9, 2usize..9, number(), number(), number(), number()).prop_flat_map(|(columns, rows, a, b, c, d)| {
        prop::collection::vec(number(), columns * rows).prop_map(move |values| {
            Grid::new([a, b], [c, d], columns, rows, values.clone())
                .unwrap_or_else(|_| Grid::new([-1.0, 1.0], [0.0, 2.0], columns, rows, values).expect("limits"))
        })
    })
}

fn series() -> impl Strategy<Value = Series> {
    let pair = || {
        (numbers(24), numbers(24)).prop_map(|(mut x, mut y)| {
            let length = x.len().min(y.len());
            x.truncate(length);
            y.truncate(length);
            (x, y)
        })
    };
    prop_oneof![
        (pair(), label(), any::<bool>(), any::<bool>()).prop_map(|((x, y), label, dashed, marked)| {
            let line = Line::new(x, y).label(label);
            let line = if dashed { line.dashed() } else { line };
            if marked { line.marked().into() } else { line.into() }
        }),
        (pair(), label()).prop_map(|((x, y), label)| Points::new(x, y).label(label).into()),
        (prop::collection::vec((label(), number()), 0..14), label()).prop_map(|(bars, label)| {
            let (names, values): (Vec<_>, Vec<_>) = bars.into_iter().unzip();
            Bars::new(names, values).label(label).numbers().into()
        }),
        (numbers(40), 1usize..40, label()).prop_map(|(v, bins, label)| Histogram::new(&v, bins).label(label).into()),
        (grid(), label()).prop_map(|(grid, label)| HeatMap::new(grid).label(label).into()),
        (grid(), label()).prop_map(|(grid, label)| Contours::new(grid).label(label).into()),
        grid().prop_map(|grid| Contours::new(grid).written().into()),
        grid().prop_map(|grid| Regions::new(grid).into()),
        (pair(), pair()).prop_map(|((mut x, mut y), (mut u, mut v))| {
            let length = x.len().min(u.len());
            [&mut x, &mut y, &mut u, &mut v].into_iter().for_each(|list| list.truncate(length));
            Arrows::new(x, y, u, v).into()
        }),
        (number(), number(), label()).prop_map(|(x, y, text)| Note::new(x, y, text).into()),
    ]
}

fn plot() -> impl Strategy<Value = Plot> {
    let limits = || prop::option::weighted(0.2, (number(), number()));
    let switches = (any::<bool>(), any::<bool>(), any::<bool>());
    (prop::collection::vec(series(), 0..4), label(), label(), label(), limits(), limits(), switches).prop_map(
        |(series, title, x, y, x_limits, y_limits, (grid, zero, equal))| {
            let mut plot = Plot::new().title(title).labels(x, y).grid(grid).zero_axes(zero).equal(equal);
            for one in series {
                plot = plot.add(one);
            }
            if let Some((low, high)) = x_limits {
                plot = plot.x_limits(low, high);
            }
            if let Some((low, high)) = y_limits {
                plot = plot.y_limits(low, high);
            }
            plot
        },
    )
}

#[test]
fn a_name_below_a_bar_stays_within_the_picture_where_limits_show_less_than_the_bar() {
    for name in ["あい三損損あ損い率三失率う二", "a name that is longer than the picture is wide, by far"]
    {
        let plot = Plot::new().add(Bars::new([name], [0.0]).numbers()).x_limits(0.0, 0.2);
        for columns in 12..60 {
            check(&plot, 60.0 + 10.0 * columns as f64, 150.0, columns).unwrap();
        }
    }
}

proptest! {
    #[test]
    fn no_two_labels_of_a_plot_overlap_and_all_lies_within(
        plot in plot(), width in 60.0..900.0f64, height in 60.0..700.0f64, columns in 12usize..130
    ) {
        check(&plot, width, height, columns)?;
    }

    #[test]
    fn no_two_labels_of_a_surface_overlap_and_all_lies_within(
        grid in grid(), title in label(), x in label(), y in label(), z in label(),
        turn in -400.0..400.0f64, lift in -10.0..100.0f64,
        width in 100.0..900.0f64, height in 100.0..700.0f64, columns in 20usize..130
    ) {
        let surface = Surface::new(grid).title(title).labels(x, y, z).seen_from(turn, lift);
        check(&surface, width, height, columns)?;
    }

    #[test]
    fn no_two_labels_of_a_matrix_overlap_and_all_lies_within(
        rows in prop::collection::vec(label(), 1..7), columns in prop::collection::vec(label(), 1..7),
        values in prop::collection::vec(number(), 49), title in label(), by in label(), across in label(),
        width in 60.0..900.0f64, height in 60.0..700.0f64, terminal in 12usize..130
    ) {
        let values = values[..rows.len() * columns.len()].to_vec();
        let matrix = Matrix::new(rows, columns, values).unwrap().title(title).labels(by, across);
        check(&matrix, width, height, terminal)?;
    }

    #[test]
    fn no_two_captions_of_images_overlap_and_all_lies_within(
        captions in prop::collection::vec(label(), 0..9), title in label(), across in 1usize..6,
        (w, h) in (1usize..12, 1usize..12),
        width in 60.0..900.0f64, height in 60.0..700.0f64, terminal in 12usize..130
    ) {
        let mut images = Images::new(across).title(title);
        for caption in captions {
            images = images.add(Raster::mapped(w, h, &vec![0.5; w * h], ColourMap::Grey, [0.0, 1.0]).unwrap(), caption);
        }
        check(&images, width, height, terminal)?;
    }

    #[test]
    fn panels_keep_their_labels_apart(
        plots in prop::collection::vec(plot(), 0..4), title in label(), across in 1usize..4,
        width in 200.0..1200.0f64, height in 150.0..900.0f64, terminal in 26usize..130
    ) {
        let mut panels = Panels::new(across).title(title);
        for plot in plots {
            panels = panels.add(plot);
        }
        check(&panels, width, height, terminal)?;
    }
}

#[test]
fn the_samples_labels_are_apart() {
    for (name, picture) in common::samples().unwrap() {
        for columns in [80, 100, 120] {
            let [width, height] = picture.size();
            check(picture.as_ref(), width, height, columns).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn what_does_not_belong_together_is_said_with_what_would_fit() {
    let messages = [
        Plot::new().add(Line::new([1.0, 2.0], [1.0])).scene().unwrap_err().to_string(),
        Plot::new().x_limits(1.0, f64::NAN).scene().unwrap_err().to_string(),
        Plot::new().y_limits(1.0, 1.0).scene().unwrap_err().to_string(),
        Plot::new().sized(80.0, 40.0).scene().unwrap_err().to_string(),
        Plot::new().terminal(4, false).unwrap_err().to_string(),
        Grid::new([0.0, 1.0], [0.0, 1.0], 2, 2, vec![0.0; 3]).unwrap_err().to_string(),
        Grid::new([0.0, 1.0], [0.0, 1.0], 1, 2, vec![0.0; 2]).unwrap_err().to_string(),
        Matrix::confusion(["a", "b"], &[1, 2, 3]).unwrap_err().to_string(),
        Raster::new(0, 3, Vec::new()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn a_size_that_an_error_names_fits() {
    let plot = Plot::new().title("a title").labels("x", "y").add(Line::counted([0.0, 1.0]));
    let Err(Error::TooSmall { least_width, least_height, .. }) = plot.layout(Medium::page(20.0, 20.0).unwrap()) else {
        panic!("20 × 20 should not fit");
    };
    let mut size = [least_width, least_height];
    for _ in 0..3 {
        match plot.layout(Medium::page(size[0], size[1]).unwrap()) {
            Ok(_) => return,
            Err(Error::TooSmall { least_width, least_height, .. }) => size = [least_width, least_height],
            Err(error) => panic!("{error}"),
        }
    }
    panic!("{size:?} does not fit");
}

//! Every bar that stands for something is seen, however small it is beside the others: as SVG, as PNG, in a terminal.
#![allow(clippy::unwrap_used)]

use limpid_draw::*;
use proptest::prelude::*;

/// The bars of a scene that are filled with a series' colour, without the legend's.
fn bars(scene: &Scene, series: usize) -> Vec<Rect> {
    fn collect(items: &[Item], wanted: Colour, found: &mut Vec<Rect>) {
        for item in items {
            match item {
                Item::Box(bar) if bar.fill == Some(wanted) => found.push(bar.bounds),
                Item::Group(group) => collect(&group.items, wanted, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&scene.items, Role::series(series).into(), &mut found);
    found
}

/// On a page each bar is at least a pixel wide and high, within the picture, and of its colour in the PNG.
fn check_page(picture: &dyn Picture, wanted: usize, size: [f64; 2]) -> Result<(), TestCaseError> {
    let Ok(scene) = picture.layout(Medium::page(size[0], size[1]).unwrap()) else { return Ok(()) };
    let found = bars(&scene, 0);
    prop_assert_eq!(found.len(), wanted);
    let page = Rect::new(0.0, 0.0, scene.width, scene.height);
    for bar in &found {
        prop_assert!(bar.width >= 0.99 && bar.height >= 0.99 && page.encloses(bar), "{bar:?}");
    }
    #[cfg(feature = "png")]
    {
        let bytes = scene.png(1.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (across, down) = (info.width as usize, info.height as usize);
        let colour = Role::series(0).rgb(Theme::Light);
        for bar in &found {
            // A pixel that lies half under a bar is half as strong as the bar.
            let rows = (bar.y.floor() as usize)..(bar.bottom().ceil() as usize).min(down);
            let columns = (bar.x.floor() as usize)..(bar.right().ceil() as usize).min(across);
            let away = rows
                .flat_map(|row| columns.clone().map(move |column| (row * across + column) * 3))
                .map(|at| (0..3).map(|i| pixels[at + i].abs_diff(colour[i])).map(u32::from).sum::<u32>());
            let white = colour.iter().map(|channel| u32::from(255 - channel)).sum::<u32>();
            prop_assert!(away.min().is_some_and(|away| away < white * 4 / 5), "{bar:?}");
        }
    }
    Ok(())
}

/// In a terminal, one of the cells that each bar reaches into shows a block.
fn check_terminal(picture: &dyn Picture, wanted: usize, columns: usize, colour: bool) -> Result<(), TestCaseError> {
    let rows = picture.rows(columns);
    let Ok(scene) = picture.layout(Medium::terminal(columns, rows, colour).unwrap()) else { return Ok(()) };
    let found = bars(&scene, 0);
    prop_assert_eq!(found.len(), wanted);
    let shown = scene.terminal(columns, colour);
    let lines: Vec<Vec<char>> = shown.lines().map(without_escapes).map(|line| line.chars().collect()).collect();
    let is_block = |row: usize, column: usize| {
        let cell = lines.get(row).and_then(|line| line.get(column)).copied().unwrap_or(' ');
        ('\u{2580}'..='\u{259f}').contains(&cell)
    };
    for bar in &found {
        let [x, y] = [(bar.centre()[0] / 8.0) as usize, ((bar.bottom() - 0.1) / 16.0) as usize];
        let top = (bar.y / 16.0) as usize;
        prop_assert!((top..=y).any(|row| is_block(row, x)), "{bar:?} at {x}, {top} to {y} in\n{}", lines_of(&lines));
    }
    Ok(())
}

fn lines_of(lines: &[Vec<char>]) -> String {
    lines.iter().map(|line| line.iter().collect::<String>() + "\n").collect()
}

fn without_escapes(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or("").to_string();
    parts.fold(first, |line, part| line + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// Counts of which some are tens of thousands of times as large as others, and many are none.
fn counts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![2 => Just(0usize), 2 => 1usize..9, 1 => 10_000usize..90_000], 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_bin_that_holds_something_is_seen(
        counts in counts(), width in 160.0..900.0f64, height in 120.0..700.0f64, columns in 24usize..150,
        logarithmic in any::<bool>(), colour in any::<bool>()
    ) {
        // As many values as a bin holds would take long to count: a bin of any count has at most nine here.
        let bins = counts.len();
        let values: Vec<f64> = counts.iter().enumerate()
            .flat_map(|(bin, count)| std::iter::repeat_n(bin as f64 + 0.5, if *count > 9 { 3000 } else { *count }))
            .collect();
        let wanted = counts.iter().filter(|count| **count > 0).count();
        let histogram = Histogram::between(&values, bins, 0.0, bins as f64).unwrap();
        let plot = Plot::new().title("bins").labels("value", "count").log_y(logarithmic).add(histogram);
        check_page(&plot, wanted, [width, height])?;
        check_terminal(&plot, wanted, columns, colour)?;
    }

    #[test]
    fn every_bar_that_is_not_0_is_seen(
        values in prop::collection::vec(
            prop_oneof![
                (-1.0..1.0f64).prop_filter("a bar of 0 has no height", |value| *value != 0.0),
                (-9i32..3, prop::sample::select(vec![-1.0, 1.0])).prop_map(|(e, s)| s * 10f64.powi(e))
            ],
            1..40
        ),
        width in 160.0..900.0f64, height in 120.0..700.0f64, columns in 24usize..150,
        positive in any::<bool>(), colour in any::<bool>()
    ) {
        let values: Vec<f64> = values.into_iter().map(|v| if positive { v.abs() } else { v }).collect();
        let names: Vec<String> = (0..values.len()).map(|k| k.to_string()).collect();
        let wanted = values.len();
        for plot in [Plot::new(), Plot::new().log_y(positive), Plot::new().zero_axes(true)] {
            let plot = plot.add(Bars::new(names.clone(), values.clone()));
            check_page(&plot, wanted, [width, height])?;
            check_terminal(&plot, wanted, columns, colour)?;
        }
    }
}

#[test]
fn a_bin_at_0_beside_the_axis_and_a_low_one_above_it_are_seen_in_panels_of_any_width() {
    let mut values = vec![0.0; 50_000];
    values.extend((0..100).map(|k| 0.03 * f64::from(k)));
    for columns in [40, 60, 80, 100, 140] {
        let mut panels = Panels::new(5).title("relu, He").each(190.0, 190.0);
        for layer in 1..=5 {
            let histogram = Histogram::between(&values, 30, 0.0, 3.0).unwrap();
            panels = panels.add(Plot::new().title(format!("layer {layer}")).add(histogram));
        }
        for colour in [false, true] {
            check_terminal(&panels, 150, columns, colour).unwrap();
        }
    }
}

#[test]
fn of_several_series_each_small_bar_is_seen_without_colours() {
    let names = ["a", "b", "c"];
    let plot = Plot::new()
        .add(Bars::new(names, [100.0, 1.0, 50.0]))
        .add(Bars::new(names, [1.0, 2.0, 100.0]))
        .add(Bars::new(names, [2.0, 1.0, 1.0]))
        .add(Bars::new(names, [3.0, 0.5, 1.0]));
    let text = plot.terminal(80, false).unwrap();
    let foot: Vec<char> = text.lines().rev().nth(2).unwrap().chars().collect();
    let groups = foot.split(|c| *c == ' ').filter(|part| part.iter().any(|c| ('\u{2580}'..='\u{259f}').contains(c)));
    assert_eq!(groups.count(), 3, "{text}");
}

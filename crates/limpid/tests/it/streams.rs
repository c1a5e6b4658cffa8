//! Tables and folders that are read while a model learns from them teach what they teach in memory, to the last bit.
#![cfg(all(feature = "tables", feature = "pictures"))]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use limpid::files::{Table, TableForm};
use limpid::learn::{Encoding, HOLDOUT_BLOCK, History, Task};
use limpid::models::Seen;
use limpid::pictures::{self, PictureSplit, PictureStream};
use limpid::prelude::*;
use limpid::tables::{self, TableOptions, TableSplit, TableStream};

use crate::shots;

fn every_row(data: &dyn DataSource) -> Dataset {
    data.read(&(0..data.len()).collect::<Vec<_>>()).unwrap()
}

/// What a training leaves and notes, in bits.
fn trained(
    train: &dyn DataSource,
    test: Option<&dyn DataSource>,
    inputs: usize,
    outputs: usize,
) -> (Vec<u64>, History) {
    let network = Network::new(inputs, (Affine::new(inputs, 6), Relu, Affine::new(6, outputs)));
    let loss = if outputs == 1 { Loss::MeanSquaredError } else { Loss::SoftmaxCrossEntropy };
    let mut model = Model::new(&network, 3).unwrap().with_loss(loss);
    let fit = FitOptions { epochs: 3, batch_size: 7, learning_rate: Some(0.1), ..FitOptions::default() };
    let history = model.fit_watched(train, test, &fit, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let evaluation = model.evaluate(train).unwrap();
    let parameters = model.parameters().unwrap();
    let mut bits: Vec<u64> = parameters.iter().flat_map(|(_, value)| value.to_f64()).map(f64::to_bits).collect();
    bits.push(evaluation.loss.to_bits());
    (bits, history)
}

/// A table of everything that columns can be, with rows that lack a target and words that only few rows have.
fn people(rows: usize) -> String {
    let mut text = ",height,town,born,same,paid,empty,kind\n".to_string();
    for row in 0..rows {
        let height =
            if row % 11 == 3 { "NA".to_string() } else { format!("{:.3}", 1.5 + (row * 7919 % 997) as f64 / 1999.0) };
        let town = match row % 97 {
            13 => format!("only-{row}"),
            other => ["Bern", "Basel", "Chur", ""][other % 4].to_string(),
        };
        let (day, paid) = (1 + row % 28, 1000 + row * 13 % 9000);
        let kind = if row % 29 == 5 { "" } else { ["a", "b", "b", "c"][(row * row) % 4] };
        writeln!(text, "{row},{height},{town},2001-02-{day:02},7,\"$ {},{:03}\",,{kind}", paid / 1000, paid % 1000)
            .unwrap();
    }
    text
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn streamed(text: &str, options: &TableOptions, window: usize) -> Result<TableStream, String> {
    let place = Place::new();
    // The file is read on after the folder is forgotten.
    let path = place.file("t.csv", text.as_bytes());
    std::mem::forget(place);
    tables::stream(&path, &TableForm::default(), options, window)
        .map_err(|error| error.to_string().replace(&format!("{}: ", path.display()), ""))
}

fn split(text: &str, options: &TableOptions) -> Result<TableSplit, String> {
    let table = Table::from_bytes(text.as_bytes()).map_err(|error| error.to_string())?;
    tables::split(&table, options).map_err(|error| error.to_string())
}

#[test]
fn a_table_in_one_window_trains_to_the_bits_of_the_table_in_memory() {
    let text = people(1500);
    let regression = TableOptions { task: Some(Task::Regression), ..TableOptions::predicting("height") };
    let whole = TableOptions { test_share: 0.0, ignored: vec!["town".to_string()], ..TableOptions::predicting("kind") };
    let in_f32 = TableOptions { precision: Precision::F32, ..TableOptions::predicting("kind") };
    for options in [TableOptions::predicting("kind"), TableOptions { seed: 7, ..regression }, whole, in_f32] {
        let (TableSplit { train, test, preparation, without_target, unknown, doubts }, stream) =
            (split(&text, &options).unwrap(), streamed(&text, &options, 5000).unwrap());
        assert_eq!((stream.rows, stream.without_target), (1500, without_target));
        assert_eq!((&stream.preparation, &stream.unknown, &stream.doubts), (&preparation, &unknown, &doubts));
        assert_eq!(every_row(&stream.train), train);
        assert_eq!(stream.test.as_ref().map(|test| every_row(test)), test);
        let (size, outputs) = (preparation.size(), preparation.target().outputs());
        let in_memory = trained(&train, test.as_ref().map(|data| data as &dyn DataSource), size, outputs);
        let read = trained(&stream.train, stream.test.as_ref().map(|data| data as &dyn DataSource), size, outputs);
        assert_eq!(read, in_memory, "{}", options.target);
    }
    let split = split(&text, &TableOptions::predicting("kind")).unwrap();
    assert!(split.without_target > 0 && !split.unknown.is_empty() && split.preparation.left_out().len() == 3);
}

#[test]
fn windows_of_any_size_hold_the_samples_of_the_table_in_memory() {
    let text = people(700);
    for precision in [Precision::F32, Precision::F64] {
        let options = TableOptions { precision, ..TableOptions::predicting("kind") };
        let whole = split(&text, &options).unwrap();
        for window in [1, 10, 333, 539, 540, 541, 100_000] {
            let stream = streamed(&text, &options, window).unwrap();
            assert_eq!(stream.preparation, whole.preparation, "{window}");
            assert_eq!(every_row(&stream.train), whole.train, "{window}");
            assert_eq!(every_row(stream.test.as_ref().unwrap()), whole.test.clone().unwrap(), "{window}");
            assert_eq!(stream.train.window(), Some(window));
        }
    }
}

#[test]
fn more_rows_than_a_block_are_held_out_block_by_block_and_prepared_as_in_memory() {
    let rows = HOLDOUT_BLOCK + HOLDOUT_BLOCK / 2;
    let text: String = (0..rows).fold("x,word,y\n".to_string(), |mut text, row| {
        writeln!(
            text,
            "{}.{:03},w{},{}",
            row % 1013,
            row % 997,
            row % 5,
            if row * 31 % 100 < 20 { "rare" } else { "usual" }
        )
        .unwrap();
        text
    });
    let options = TableOptions::predicting("y");
    let stream = streamed(&text, &options, 10_000).unwrap();
    let whole = split(&text, &options).unwrap();
    let test = stream.test.as_ref().unwrap();
    assert_eq!((stream.train.len(), test.len()), (whole.train.len(), whole.test.as_ref().unwrap().len()));
    let rare = |data: &dyn DataSource| every_row(data).targets().to_f64().iter().filter(|&&class| class == 0.0).count();
    assert!(rare(test).abs_diff(rare(whole.test.as_ref().unwrap())) <= 2);
    // The model's file says which rows of the whole table were held out.
    let labelled = tables::labelled(&Table::from_bytes(text.as_bytes()).unwrap(), &stream.preparation).unwrap();
    let Seen::Same { train: own, test: held_out } = labelled.seen else { panic!("{:?}", labelled.seen) };
    assert_eq!(labelled.data.select(&held_out).unwrap(), every_row(test));
    assert_eq!(labelled.data.select(&own).unwrap(), every_row(&stream.train));
    // Of all rows the mean and the deviation are those that are learned in memory, to the last bit.
    let all = TableOptions { test_share: 0.0, ..options };
    let (stream, whole) = (streamed(&text, &all, 10_000).unwrap(), split(&text, &all).unwrap());
    let scales = |preparation: &limpid::learn::Preparation| match preparation.inputs()[0].encoding {
        Encoding::Number { mean, deviation } => [mean, deviation].map(f64::to_bits),
        Encoding::Word { .. } => [0; 2],
    };
    assert_eq!(scales(&stream.preparation), scales(&whole.preparation));
    assert_eq!(stream.train.read(&[rows - 1]).unwrap(), whole.train.select(&[rows - 1]).unwrap());
}

#[test]
fn what_is_refused_in_memory_is_refused_with_the_same_words() {
    let options = TableOptions::predicting("kind");
    let text = people(300);
    let mut many = "x,kind\n".to_string();
    (0..600).for_each(|row| writeln!(many, "{row}.5,word{row}").unwrap());
    let table = [
        (text.clone(), TableOptions::predicting("Kind")),
        (text.clone(), TableOptions { ignored: vec!["kind".to_string()], ..options.clone() }),
        (text.clone(), TableOptions { task: Some(Task::Regression), ..options.clone() }),
        (text.clone(), TableOptions { test_share: 1.5, ..options.clone() }),
        (text.clone(), TableOptions { test_share: 0.0001, ..options.clone() }),
        (text.clone(), TableOptions::predicting("same")),
        (text.clone(), TableOptions::predicting("empty")),
        (text.replacen("1.6", "tall", 1), options.clone()),
        (many.clone(), options.clone()),
        (many, TableOptions::predicting("x")),
        ("x,kind\n1,a\n2,a\n3,a\n".to_string(), options.clone()),
        ("x,kind\n1,a\n1e999,b\n2,a\n3,b\n".to_string(), TableOptions { test_share: 0.0, ..options.clone() }),
    ];
    for (text, options) in table {
        let own = streamed(&text, &options, 50).map(|_| ()).unwrap_err();
        assert_eq!(own, split(&text, &options).map(|_| ()).unwrap_err(), "{options:?}");
    }
    let message = streamed(&text, &options, 0).unwrap_err();
    assert_eq!(message, "the number of samples in a window is 0; use 1 or more");
}

#[test]
fn a_file_that_changes_meanwhile_is_an_error_that_names_it() {
    let place = Place::new();
    let path = place.file("t.csv", people(500).as_bytes());
    let options = TableOptions::predicting("kind");
    let stream = tables::stream(&path, &TableForm::default(), &options, 50).unwrap();
    let read = |row: usize| stream.train.read(&[row]).map(|_| ()).unwrap_err().to_string();
    let last = stream.train.len() - 1;
    place.file("t.csv", people(300).as_bytes());
    assert!(read(last).contains("did their source change?"), "{}", read(last));
    place.file("t.csv", people(500).replacen("1.9", "tall", 1).as_bytes());
    let message = read(last);
    assert!(
        message.starts_with(&path.display().to_string()) && message.contains("column `height`: \"tall"),
        "{message}"
    );
    std::fs::remove_file(&path).unwrap();
    assert!(read(last).ends_with("check the path"), "{}", read(last));
    place.file("t.csv", people(500).as_bytes());
    stream.train.read(&[last]).unwrap();
}

fn png(height: usize, width: usize, channels: usize, pixel: impl Fn(usize) -> u8) -> Vec<u8> {
    shots::png(width, height, channels, &(0..height * width * channels).map(pixel).collect::<Vec<_>>())
}

/// Stripes across or down on black, most of them grey; and, where it is asked for, pictures of other sizes and a JPEG.
fn stripes(place: &Place, part: &str, each: usize, of_sizes: bool) {
    for (class, name) in ["across", "down"].into_iter().enumerate() {
        for number in 0..each {
            let side = if of_sizes && number % 3 == 1 { 24 } else { 16 };
            let channels = if number % 5 == 4 { 3 } else { 1 };
            let pixel = |at: usize| {
                let (row, column) = (at / channels / side, at / channels % side);
                let is_inner = (4..side - 4).contains(&row) && (4..side - 4).contains(&column);
                let place = if class == 0 { row } else { column };
                if is_inner && place % 2 == 0 { (120 + 7 * number + at % channels) as u8 } else { 0 }
            };
            place.file(&format!("{part}{name}/{number:02}.png"), &png(side, side, channels, pixel));
        }
    }
    place.file(&format!("{part}down/read me.txt"), b"stripes");
    if of_sizes {
        let jpeg = concat!(env!("CARGO_MANIFEST_DIR"), "/../files/tests/fixtures/colour.jpg");
        place.file(&format!("{part}down/colour.jpg"), &std::fs::read(jpeg).unwrap());
    }
}

#[test]
fn a_folder_of_pictures_trains_to_the_bits_of_the_folder_in_memory() {
    for (parts, of_sizes) in
        [(&[""][..], false), (&[""], true), (&["train/", "test/"], false), (&["train/", "test/"], true)]
    {
        let place = Place::new();
        parts.iter().enumerate().for_each(|(at, part)| stripes(&place, part, 20 - 8 * at, of_sizes));
        let (folder, size) = (place.0.path(), of_sizes.then_some((16, 16)));
        let PictureSplit { train, test, form, others, notes } = pictures::split_sized(folder, size, 0.25, 5).unwrap();
        let stream = pictures::stream(folder, size, 0.25, 5).unwrap();
        assert_eq!((&stream.form, &stream.others, &stream.notes), (&form, &others, &notes));
        assert!(form.ground.is_some() && form.channels == 3, "{form:?}");
        assert_eq!(every_row(&stream.train), train);
        assert_eq!(stream.test.as_ref().map(|test| every_row(test)), test);
        let inputs = form.channels * form.height * form.width;
        let in_memory = trained(&train, test.as_ref().map(|data| data as &dyn DataSource), inputs, 2);
        let read = trained(&stream.train, stream.test.as_ref().map(|data| data as &dyn DataSource), inputs, 2);
        assert_eq!(read, in_memory, "{parts:?} of sizes: {of_sizes}");
        assert!(stream.train.paths().all(|path| path.starts_with(folder)));
    }
}

#[test]
fn pictures_that_are_refused_in_memory_are_refused_with_the_same_words() {
    let both = |folder: &Path, size| {
        let own: Result<PictureStream, _> = pictures::stream(folder, size, 0.25, 1);
        let own = own.map(|_| ()).unwrap_err().to_string();
        assert_eq!(own, pictures::split_sized(folder, size, 0.25, 1).map(|_| ()).unwrap_err().to_string());
        own
    };
    let place = Place::new();
    let folder = place.0.path();
    both(folder, None);
    stripes(&place, "", 4, true);
    assert!(both(folder, None).contains("use pictures of one size"));
    place.file("across/00.png", b"GIF89a");
    both(folder, Some((16, 16)));
    let place = Place::new();
    stripes(&place, "train/", 4, false);
    stripes(&place, "test/", 4, false);
    for class in ["across", "down"] {
        (0..4).for_each(|at| drop(place.file(&format!("test/{class}/{at:02}.png"), &png(8, 8, 1, |_| 0))));
    }
    assert!(both(place.0.path(), None).ends_with("8 pixels wide and 8 high; expected 16 wide and 16 high"));
    let place = Place::new();
    stripes(&place, "", 4, false);
    std::fs::remove_dir_all(place.0.path().join("down")).unwrap();
    assert!(both(place.0.path(), None).contains("one class, `across`"));
    let file = place.file("t.npz", b"");
    let message = pictures::stream(&file, None, 0.25, 1).unwrap_err().to_string();
    assert!(message.ends_with("is no folder of pictures; arrays of pictures are read at once, by `pictures::split`"));
}

#[test]
fn a_picture_that_is_gone_is_an_error_where_its_sample_is_read() {
    let place = Place::new();
    stripes(&place, "", 8, false);
    let stream = pictures::stream(place.0.path(), None, 0.0, 1).unwrap();
    let gone = place.0.path().join("down/03.png");
    std::fs::remove_file(&gone).unwrap();
    let row = stream.train.paths().position(|path| path == gone).unwrap();
    let message = stream.train.read(&[0, row]).unwrap_err().to_string();
    assert!(message.starts_with(&gone.display().to_string()) && message.ends_with("check the path"), "{message}");
    place.file("down/03.png", &png(8, 16, 1, |_| 0));
    let message = stream.train.read(&[row]).unwrap_err().to_string();
    assert!(message.ends_with("16 pixels wide and 8 high; expected 16 wide and 16 high"), "{message}");
    assert!(stream.train.read(&[99]).unwrap_err().to_string().contains("there is no sample 99 among 16"));
    stream.train.read(&[0]).unwrap();
}

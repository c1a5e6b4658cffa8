//! What a saved model was trained on is known again, and what was held out gives the same figures as in the training.
#![cfg(all(feature = "tables", feature = "pictures"))]
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fmt::Write;
use std::path::Path;

use limpid::files::{ModelFile, Table, TableForm};
use limpid::learn::{Evaluation, FitOptions, Model, Preparation};
use limpid::models::{self, Samples, Saved, Seen};
use limpid::pictures;
use limpid::tables::{self, TableOptions};

use crate::shots;

/// Flowers, or whatever they are: every seventh without a target, some sizes unknown.
fn rows(count: usize) -> String {
    let mut text = "size;shade;kind;price\n".to_string();
    for row in 0..count {
        let size = row * 37 % 100;
        let size_text = if row % 11 == 3 { "-".to_string() } else { size.to_string() };
        let kind = if row % 7 == 2 { "" } else { ["small", "large"][usize::from(size > 50)] };
        let price = if row % 9 == 4 { String::new() } else { format!("{}.25", size / 2) };
        writeln!(text, "{size_text};{};{kind};{price}", ["red", "blue", "green"][row % 3]).unwrap();
    }
    text
}

fn read(text: &str) -> Table {
    let form = TableForm { missing: vec!["-".to_string()], ..TableForm::default() };
    Table::from_bytes_as(text.as_bytes().to_vec(), &form).unwrap()
}

/// A model of the table, saved, with what training says of both parts.
fn trained(text: &str, options: &TableOptions, path: &Path) -> [Option<Evaluation>; 2] {
    let split = tables::split(&read(text), options).unwrap();
    let outputs = split.preparation.target().outputs();
    let network = format!("{}, affine 8, relu, affine {outputs}", split.preparation.size());
    let mut model = Model::new(&network.parse().unwrap(), 1).unwrap();
    if outputs == 1 {
        model = model.with_loss(limpid::learn::Loss::MeanSquaredError);
    }
    model.fit(&split.train, &FitOptions { epochs: 5, batch_size: 10, ..FitOptions::default() }).unwrap();
    let figures = [Some(&split.train), split.test.as_ref()].map(|part| Some(model.evaluate(part?).unwrap()));
    models::save_with(&model, Some(&Samples::Table(split.preparation)), path).unwrap();
    figures
}

fn loaded(path: &Path) -> (Model, Preparation) {
    let Saved { model, samples } = models::load_saved(path).unwrap();
    let Some(Samples::Table(preparation)) = samples else { panic!("a model of a table") };
    (model, preparation)
}

#[test]
fn held_out_rows_are_told_again_and_give_the_figures_of_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let text = rows(120);
    // The same cells: with other separators, line ends and quotes.
    let same = text.replace(';', ",").replace('\n', "\r\n").replace("red", "\"red\"");
    for (target, seed, share) in [("kind", 1, 0.2), ("kind", 9, 0.35), ("price", 3, 0.2), ("kind", 1, 0.0)] {
        let options = TableOptions { test_share: share, seed, ..TableOptions::predicting(target) };
        let [train, test] = trained(&text, &options, &path);
        let (model, preparation) = loaded(&path);
        for text in [&text, &same] {
            let table = read(text);
            let labelled = tables::labelled(&table, &preparation).unwrap();
            let Seen::Same { train: trained_on, test: held_out } = &labelled.seen else { panic!("{target} {share}") };
            assert_eq!(trained_on.len() + held_out.len(), labelled.data.len());
            assert_eq!(held_out.is_empty(), share == 0.0);
            let again = |rows: &[usize]| model.clone().evaluate(&labelled.data.select(rows).unwrap()).unwrap();
            assert_eq!(Some(again(trained_on)), train, "{target} {share}");
            assert_eq!((!held_out.is_empty()).then(|| again(held_out)), test, "{target} {share}");
            // The rows are those of the table, those without a target not counted among the samples.
            let without = |row: &usize| table.cell(*row, table.column(target).unwrap()) != Some("");
            assert!(labelled.rows.iter().all(without) && labelled.rows.len() < table.rows());
        }
        let cell = text.replacen("red", "blue", 1);
        let name = text.replacen("shade", "shades", 1);
        let shorter: String = text.lines().take(100).map(|line| format!("{line}\n")).collect();
        let longer = format!("{text}1;red;small;2.25\n");
        let header = text.lines().next().unwrap();
        let turned = text.lines().skip(1).collect::<Vec<_>>().into_iter().rev().map(|line| format!("\n{line}"));
        let turned = format!("{header}{}\n", turned.collect::<String>());
        for other in [cell, shorter, longer, turned] {
            assert_eq!(tables::labelled(&read(&other), &preparation).unwrap().seen, Seen::Other, "{other}");
        }
        assert_ne!(read(&name).checksum(), read(&text).checksum());
    }
}

#[test]
fn a_model_that_does_not_say_what_it_was_trained_on_is_read_and_a_changed_one_claims_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let text = rows(60);
    trained(&text, &TableOptions::predicting("kind"), &path);
    let whole = ModelFile::read(&path).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&whole.metadata["samples.table"]).unwrap();
    let seen = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut entry = entry.clone();
        change(entry.as_object_mut().unwrap());
        let mut changed = whole.clone();
        changed.metadata.insert("samples.table".to_string(), entry.to_string());
        changed.write(&path).unwrap();
        tables::labelled(&read(&text), &loaded(&path).1).unwrap().seen
    };
    assert!(matches!(seen(&|_| {}), Seen::Same { .. }));
    // As earlier versions wrote it.
    assert_eq!(seen(&|entry| drop(entry.remove("split"))), Seen::Unsaid);
    for (key, value) in [
        ("share", serde_json::json!(2.5)),
        ("share", serde_json::json!(-0.1)),
        ("train", serde_json::json!(u64::MAX)),
        ("test", serde_json::json!(0)),
        ("checksum", serde_json::json!("")),
    ] {
        let seen = seen(&|entry| drop(entry["split"].as_object_mut().unwrap().insert(key.to_string(), value.clone())));
        assert_eq!(seen, Seen::Other, "{key} {value}");
    }
}

#[test]
fn held_out_pictures_are_told_again_and_give_the_figures_of_the_training() {
    let folder = tempfile::tempdir().unwrap();
    for (class, bright_left) in [("left", true), ("right", false)] {
        std::fs::create_dir_all(folder.path().join("shots").join(class)).unwrap();
        for shade in 0..20 {
            let path = folder.path().join(format!("shots/{class}/{shade:02}.png"));
            std::fs::write(path, shots::side(bright_left, shade)).unwrap();
        }
    }
    let shots = folder.path().join("shots");
    // Brought to another size or not, the pictures are the same.
    for size in [None, Some((6, 6))] {
        let split = pictures::split_sized(&shots, size, 0.25, 5).unwrap();
        let inputs = split.form.sample_size().unwrap();
        let mut model = Model::new(&format!("{inputs}, affine 2").parse().unwrap(), 1).unwrap();
        model.fit(&split.train, &FitOptions { epochs: 1, batch_size: 10, ..FitOptions::default() }).unwrap();
        let asked = pictures::for_evaluation(&shots, &split.form, true, false).unwrap();
        let Seen::Same { train, test } = &asked.seen else { panic!("the same pictures") };
        assert_eq!((train.len(), test.len(), asked.held_out), (30, 10, None));
        let mut again = |rows: &[usize]| model.evaluate(&asked.data.select(rows).unwrap()).unwrap();
        let found = [again(train), again(test)];
        assert_eq!(found, [&split.train, &split.test.unwrap()].map(|part| model.evaluate(part).unwrap()));
        let added = shots.join("left/zz.png");
        std::fs::write(&added, shots::side(true, 3)).unwrap();
        assert_eq!(pictures::for_evaluation(&shots, &split.form, true, false).unwrap().seen, Seen::Other);
        std::fs::remove_file(&added).unwrap();
        let unsaid = models::PictureForm { split: None, ..split.form };
        assert_eq!(pictures::for_evaluation(&shots, &unsaid, true, false).unwrap().seen, Seen::Unsaid);
    }
}

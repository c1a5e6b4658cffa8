//! Tables as people write them: each form gives the numbers of the plain one, or an error that names line, column and cell.

#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use std::fs;

use serde_json::Value;

use crate::support::Place;

const ROWS: usize = 120;

/// Houses: their area, their age, whether they stand at the river, and a price that follows from these.
fn houses(row: usize) -> (f64, u32, u32, f64) {
    let area = 1000.0 + (row * 739 % 4000) as f64;
    let (age, river) = ((row * 37 % 90) as u32, u32::from(row.is_multiple_of(3)));
    (area, age, river, area * 3.0 - f64::from(age) * 25.0 + f64::from(river) * 500.0)
}

fn text(header: &str, row: impl Fn(usize) -> String) -> String {
    (0..ROWS).fold(format!("{header}\n"), |text, own| text + &row(own) + "\n")
}

fn plain() -> String {
    text("area,age,river,price", |row| {
        let (area, age, river, price) = houses(row);
        format!("{area},{age},{river},{price}")
    })
}

/// The number with a mark between its thousands.
fn grouped(number: f64, mark: char) -> String {
    let digits = format!("{number:.0}");
    if digits.len() < 4 {
        return digits;
    }
    let (thousands, rest) = digits.split_at(digits.len() - 3);
    format!("{thousands}{mark}{rest}")
}

/// What a training on this text says of itself: its report, and its notes.
fn trained(place: &Place, text: &[u8], more: &[&str]) -> (Value, String) {
    fs::write(place.path("table"), text).unwrap();
    let fixed = ["train", "--data", "table", "--epochs", "4", "--format", "json"];
    let done = place.run(&[&fixed, more].concat()).done();
    (done.json()["test_regression"].clone(), done.stderr.clone())
}

fn refused(place: &Place, text: &str, more: &[&str], code: i32, said: &str) {
    fs::write(place.path("table"), text).unwrap();
    place.run(&[&["train", "--data", "table", "--epochs", "1"], more].concat()).failed(code, said);
}

#[test]
fn numbers_are_the_same_numbers_however_they_are_written() {
    let place = Place::new();
    let price = ["--target", "price"];
    let (wanted, notes) = trained(&place, plain().as_bytes(), &price);
    assert!(wanted["r2"].is_number() && notes.contains("numbers: area, age, river\n"), "{wanted} {notes}");
    let written = |separator: char, number: &dyn Fn(f64) -> String| {
        let header = ["area", "age", "river", "price"].join(&separator.to_string());
        text(&header, |row| {
            let (area, age, river, price) = houses(row);
            [number(area), age.to_string(), river.to_string(), number(price)].join(&separator.to_string())
        })
    };
    let quoted_thousands = written(',', &|number| format!("\"{}\"", grouped(number, ',')));
    let sales = written(',', &|number| format!("\"${}\"", grouped(number, ',')));
    let german = written(';', &|number| format!("{},0", grouped(number, '.')));
    let thin = written(';', &|number| format!("{},00 €", grouped(number, '\u{202f}')));
    let in_kg = text("area,age,river,price", |row| {
        let (area, age, river, price) = houses(row);
        format!("{area} kg,{age}%,{river},{price}")
    });
    let blanks = written(' ', &|number| format!("  {number} ")).replace("area age", "  area age");
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(written('\t', &|n| n.to_string()).encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let forms: [(&str, Vec<u8>); 14] = [
        ("thousands", quoted_thousands.into_bytes()),
        ("currency", sales.into_bytes()),
        ("decimal commas", german.into_bytes()),
        ("thin spaces and euros", thin.into_bytes()),
        ("units", in_kg.into_bytes()),
        ("blanks", blanks.into_bytes()),
        ("bars", written('|', &|number| number.to_string()).into_bytes()),
        ("UTF-16", wide),
        ("comments", format!("# measured in May\n# by hand\n{}", plain()).into_bytes()),
        ("sep=", format!("sep=;\n{}", written(';', &|number| number.to_string())).into_bytes()),
        ("a title", format!("Houses of 2024\n\n{}", plain()).into_bytes()),
        ("trailing separators", plain().replace('\n', ",\n").into_bytes()),
        ("trailing in the rows", plain().replace('\n', ",\n").replacen(",\n", "\n", 1).into_bytes()),
        ("carriage returns", plain().replace('\n', "\r").into_bytes()),
    ];
    for (name, bytes) in forms {
        let (found, notes) = trained(&place, &bytes, &price);
        assert_eq!(found, wanted, "{name}: {notes}");
    }
    let by_place = plain().split_once('\n').unwrap().1.to_string();
    refused(&place, &by_place, &price, 1, "line 1 looks like a row, not a header: 1000, 0, 1, 3500");
    let (found, notes) = trained(&place, by_place.as_bytes(), &["--no-header", "--target", "4"]);
    assert_eq!(found, wanted, "{notes}");
    assert!(notes.contains("column 4 from 3 columns: a number\n"), "{notes}");
}

#[test]
fn a_few_cells_that_are_no_numbers_are_named_or_missing() {
    let place = Place::new();
    let with = |column: usize, word: &str| {
        let mut lines: Vec<String> = plain().lines().map(str::to_string).collect();
        let mut cells: Vec<&str> = lines[42].split(',').collect();
        cells[column] = word;
        lines[42] = cells.join(",");
        lines.join("\n") + "\n"
    };
    for word in ["-", "unknown", "1O", "#DIV/0!"] {
        let said = format!("line 43, column `price`: \"{word}\" is not one of the numbers that 119 of 120 cells");
        refused(&place, &with(3, word), &["--target", "price"], 1, &said);
        let said = said.replace("price", "age");
        refused(&place, &with(1, word), &["--target", "price"], 1, &said);
        let missing = format!("--missing={word}");
        let (_, notes) = trained(&place, with(3, word).as_bytes(), &["--target", "price", &missing]);
        assert!(notes.contains("1 row without `price` left out"), "{word}: {notes}");
    }
    let (wanted, _) = trained(&place, with(3, "").as_bytes(), &["--target", "price"]);
    for mark in ["None", "#N/A", "<NA>", "NaN", "null", "NA"] {
        let (found, notes) = trained(&place, with(3, mark).as_bytes(), &["--target", "price"]);
        assert_eq!(found, wanted, "{mark}");
        assert!(notes.contains("1 row without `price` left out"), "{mark}: {notes}");
        trained(&place, with(1, mark).as_bytes(), &["--target", "price"]);
    }
}

#[test]
fn columns_that_count_or_name_the_rows_are_left_out_and_said() {
    let place = Place::new();
    let (wanted, _) = trained(&place, plain().as_bytes(), &["--target", "price"]);
    let counted = |name: &str, first: usize| {
        let plain = plain();
        let lines = plain.lines().enumerate().map(|(line, own)| match line {
            0 => format!("{name}{own}\n"),
            _ => format!("{},{own}\n", line - 1 + first),
        });
        lines.collect::<String>()
    };
    let why = "(without a name, it counts the rows)";
    for (text, said) in [
        (counted(",", 0), "left out: column 1 "),
        (counted("Unnamed: 0,", 1), "left out: Unnamed: 0 "),
        (counted("", 1), "left out: row names "),
    ] {
        let (found, notes) = trained(&place, text.as_bytes(), &["--target", "price"]);
        assert_eq!(found, wanted);
        assert!(notes.contains(&format!("{said}{why}")), "{notes}");
    }
    // A name says that it is more than a count.
    let (_, notes) = trained(&place, counted("year,", 1900).as_bytes(), &["--target", "price"]);
    assert!(notes.contains("numbers: year, area, age, river"), "{notes}");
}

#[test]
fn dates_are_numbers_of_days_and_a_model_reads_them_as_it_learned_them() {
    let place = Place::new();
    let written = |form: &dyn Fn(usize, usize) -> String| {
        text("day,load", |row| format!("{},{}", form(1 + row / 28, 1 + row % 28), row * 3))
    };
    let (wanted, notes) =
        trained(&place, written(&|m, d| format!("2023-{m:02}-{d:02}")).as_bytes(), &["--target", "load"]);
    assert!(notes.contains("dates, as days: day\n"), "{notes}");
    for form in [
        &(|m: usize, d: usize| format!("{d}.{m}.2023")) as &dyn Fn(usize, usize) -> String,
        &|m, d| format!("{m:02}/{d:02}/2023"),
        &|m, d| format!("{d:02}/{m:02}/2023 00:00"),
        &|m, d| format!("2023{m:02}{d:02}"),
        &|m, d| format!("2023-{m:02}-{d:02}T00:00:00Z"),
    ] {
        let (found, notes) = trained(&place, written(form).as_bytes(), &["--target", "load"]);
        assert_eq!(found, wanted, "{notes}");
    }
    fs::write(place.path("table"), written(&|m, d| format!("{d:02}/{m:02}/2023"))).unwrap();
    place.run(&["train", "--data", "table", "--target", "load", "--epochs", "2", "--quiet", "--output", "m"]).done();
    // Alone, these dates could begin with the month.
    fs::write(place.path("few"), "day\n01/02/2023\n02/02/2023\n").unwrap();
    let few = place.run(&["predict", "m", "--data", "few"]).done().stdout;
    fs::write(place.path("sure"), "day\n01/02/2023\n02/02/2023\n28/01/2023\n").unwrap();
    let sure = place.run(&["predict", "m", "--data", "sure"]).done().stdout;
    assert_eq!(few.lines().take(3).collect::<Vec<_>>(), sure.lines().take(3).collect::<Vec<_>>());
    fs::write(place.path("slip"), "day\n01/02/2023\nsoon\n").unwrap();
    place.run(&["predict", "m", "--data", "slip"]).failed(1, "line 3, column `day`: \"soon\" is not a date");
}

#[test]
fn what_a_column_is_taken_for_is_said_in_one_line_for_all() {
    let place = Place::new();
    let header = format!("grade,kind,when,{}", (0..40).map(|i| format!("p{i}")).collect::<Vec<_>>().join(","));
    let constant = vec!["0"; 40].join(",");
    let rows =
        text(&header, |row| format!("{},{},{}:15,{constant}", row % 7, ["ash", "oak", "elm"][row * row % 3], row % 24));
    let (_, notes) = trained(&place, rows.as_bytes(), &["--target", "grade"]);
    for said in [
        "grade from 2 columns: 7 classes, 0, 1, 2, 3, 4, 5, … (1 more)\n",
        "words: kind (2 categories); times, as hours: when; left out: p0, p1, p2, p3, p4, p5, … (34 more) (the same in every row)\n",
        "`grade` has 7 different whole numbers, taken as classes; --task regression predicts a number\n",
    ] {
        assert!(notes.contains(said), "{said} is not in {notes}");
    }
    let mixed = text("code,answer,kind", |row| {
        format!("{:05},{},{}", 1200 + row % 50, ["yes", "no", "7"][row % 3], ["ash", "oak"][row / 7 % 2])
    });
    let (_, notes) = trained(&place, mixed.as_bytes(), &["--target", "kind"]);
    for said in [
        "`code` is taken as words, since codes begin with 0: 01200\n",
        "`answer` is taken as words, though 40 cells of it read as numbers or dates, such as 7\n",
    ] {
        assert!(notes.contains(said), "{said} is not in {notes}");
    }
}

#[test]
fn a_table_without_a_header_is_asked_about_without_its_target() {
    let place = Place::new();
    let rows = |with_target: bool| -> String {
        let row = |own: usize| {
            let (x, kind) = (own % 10, if own % 10 > 4 { "large" } else { "small" });
            if with_target { format!("{kind},{x},0.5\n") } else { format!("{x},0.5\n") }
        };
        (0..60).map(row).collect()
    };
    fs::write(place.path("rows"), rows(true)).unwrap();
    let train =
        ["train", "--data", "rows", "--no-header", "--target", "1", "--epochs", "60", "--quiet", "--output", "m"];
    place.run(&train).done();
    fs::write(place.path("asked"), rows(false)).unwrap();
    let told = place.run(&["predict", "m", "--data", "asked"]).done().stdout;
    let right = told
        .lines()
        .skip(1)
        .enumerate()
        .filter(|(row, line)| line.split(',').nth(2) == Some(if row % 10 > 4 { "large" } else { "small" }));
    assert!(right.count() >= 54, "{told}");
    place.run(&["evaluate", "m", "--data", "rows"]).done();
}

#[test]
fn what_is_no_table_is_named_for_what_it_is() {
    let place = Place::new();
    let table: [(&[u8], &str); 6] = [
        (b"{\"a\": [1, 2]}\n", "this is JSON; "),
        (b"<!DOCTYPE html>\n<html></html>\n", "this is a web page (HTML); "),
        (b"@relation weather\n@attribute a real\n@data\n1\n", "this is an ARFF file"),
        (b"PAR1\x15\x04\x15\x10PAR1", "this is a Parquet file; "),
        (b"BZh91AY&SY\x00\x01", "this is packed by bzip2; "),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n", "this is a Git LFS pointer"),
    ];
    for (bytes, said) in table {
        fs::write(place.path("table.csv"), bytes).unwrap();
        place.run(&["train", "--data", "table.csv", "--target", "a"]).failed(1, said);
    }
}

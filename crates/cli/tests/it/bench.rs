//! `bench`: what it reports. How fast anything is is no matter of tests.

use crate::support::Place;

fn rows(arguments: &[&str]) -> Vec<serde_json::Value> {
    let told =
        Place::new().run(&[&["bench", "--repeats", "1", "--seconds", "0.2", "--format", "json"], arguments].concat());
    told.done().json().as_array().expect("a list of rows").clone()
}

#[test]
fn a_measurement_is_a_median_between_its_ends_with_its_unit_and_its_floor() {
    let rows = rows(&["--only", "W1", "--threads", "2"]);
    assert_eq!((&rows[0]["workload"], &rows[0]["unit"]), (&"multiply-adds".into(), &"GFLOP/s".into()));
    let w1 = rows.last().unwrap();
    assert_eq!((&w1["workload"], &w1["threads"], &w1["unit"]), (&"W1".into(), &2.into(), &"steps/s".into()));
    for row in &rows {
        let [lo, median, hi] = ["lo", "median", "hi"].map(|key| row[key].as_f64().unwrap());
        assert!(0.0 < lo && lo <= median && median <= hi, "{row}");
    }
    assert!(w1["floor"].as_f64().unwrap() > 0.0 && w1["flops"].as_u64().unwrap() > 16_000_000, "{w1}");
}

#[test]
fn each_kind_of_workload_reports_its_rows() {
    let rows = rows(&["--only", "w6,W8"]);
    let names: Vec<&str> = rows.iter().map(|row| row["workload"].as_str().unwrap()).collect();
    let wanted = ["W6/p50", "W6/p99", "W8/time", "W8/memory", "W8/disk"];
    let is_told = |name: &&str| *name != "W8/memory" || cfg!(target_os = "linux");
    let wanted: Vec<&str> = wanted.into_iter().filter(is_told).collect();
    assert!(names.ends_with(&wanted), "{names:?}");
}

#[test]
fn the_table_begins_with_the_machines_rate_and_names_its_columns() {
    let told = Place::new().run(&["bench", "--only", "W6", "--repeats", "1", "--seconds", "0.1"]).done();
    let mut lines = told.stdout.lines();
    let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(head, ["workload", "threads", "median", "lo", "hi", "unit", "floor", "FLOP"]);
    assert!(lines.next().unwrap().starts_with("multiply-adds  "), "{}", told.stdout);
    assert!(told.stderr.starts_with("plain multiply-adds ("), "{}", told.stderr);
}

#[test]
fn data_that_is_not_there_is_missed_before_anything_is_measured() {
    let told = Place::new().run(&["bench", "--only", "W1", "--data", "nowhere"]);
    assert_eq!((told.code, told.stdout.as_str()), (Some(1), ""));
    assert!(told.stderr.starts_with("error: ") && told.stderr.contains("nowhere"), "{}", told.stderr);
}

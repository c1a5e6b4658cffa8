//! A `convert` that is killed leaves the old file or the new one, never a torn one. `LIMPID_KILLS` says how often it is.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use limpid::files::{Arrays, Container, NamedArray};
use limpid::graph::Tensor;

use crate::support::Place;

fn kills() -> u32 {
    std::env::var("LIMPID_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[test]
fn a_killed_convert_leaves_the_old_file_or_the_new_one() {
    let place = Place::new();
    // Two sources of some megabytes, and what becomes of each.
    let whole = [1.0f32, 2.0].map(|value| {
        let name = format!("{value}.safetensors");
        let array = Tensor::new([1000, 4000], vec![value; 4_000_000]).unwrap();
        let arrays = Arrays::new(vec![NamedArray::new("W1", array)]);
        fs::write(place.path(&name), arrays.to_bytes(Container::Safetensors).unwrap()).unwrap();
        (name, arrays.to_bytes(Container::Pickle { protocol: 4 }).unwrap())
    });
    let started = Instant::now();
    let convert = |turn: usize| ["convert", &whole[turn].0, "target.pkl", "--protocol", "4"].map(str::to_string);
    let run = |turn: usize| {
        let arguments = convert(turn);
        place.command(&arguments.each_ref().map(String::as_str))
    };
    assert!(run(0).stdout(Stdio::null()).status().unwrap().success());
    let takes = started.elapsed();
    let (mut now, mut switched) = (0, 0);
    for kill in 0..kills() {
        let next = 1 - now;
        let mut child = run(next).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Moments spread evenly over the run and a little beyond its end.
        sleep(takes * (kill * 37 % 113) / 100);
        let _ = child.kill();
        child.wait().unwrap();
        let found = fs::read(place.path("target.pkl")).unwrap();
        let which = whole.iter().position(|(_, bytes)| *bytes == found);
        let which = which.unwrap_or_else(|| panic!("torn after {} bytes, at kill {kill}", found.len()));
        switched += u32::from(which == next);
        now = which;
    }
    assert!((1..kills()).contains(&switched), "{switched} of {} were done: the kills did not fall within", kills());
    let litter = place.files().len() - 3;
    // Between its two last steps a file has a second name for a moment.
    assert!(litter <= kills() as usize / 10, "{litter} files were left behind by {} kills", kills());
    // Whatever they left, the next write removes.
    assert!(run(now).stdout(Stdio::null()).status().unwrap().success());
    assert_eq!(place.files(), ["1.safetensors", "2.safetensors", "target.pkl"]);
    println!("{} kills: {switched} after the new file was there, {litter} files left behind", kills());
}

/// The same moments again, with nothing there before: then there is nothing, or the whole file.
#[test]
fn a_killed_convert_to_a_new_name_leaves_nothing_or_the_whole_file() {
    let place = Place::new();
    let arrays = Arrays::new(vec![NamedArray::new("W1", Tensor::zeros([1000, 2000]))]);
    fs::write(place.path("source.npz"), arrays.to_bytes(Container::Npz(Default::default())).unwrap()).unwrap();
    let wanted = arrays.to_bytes(Container::Safetensors).unwrap();
    for kill in 0..kills().min(20) {
        let mut child = place.command(&["convert", "source.npz", "new.safetensors"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(u64::from(kill * 3 % 40)));
        let _ = child.kill();
        child.wait().unwrap();
        match fs::read(place.path("new.safetensors")) {
            Ok(found) => assert!(found == wanted, "torn after {} bytes, at kill {kill}", found.len()),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
        }
        let _ = fs::remove_file(place.path("new.safetensors"));
    }
}

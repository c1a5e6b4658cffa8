//! A model that is being saved when its process is killed: the file is the old one or the new one, never a torn one.
//!
//! The child process is this test again, told by the environment to save until it is killed. `LIMPID_KILLS` says how
//! often that is done.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use limpid::models::{save, to_file};
use limpid::prelude::*;

const PLACE: &str = "LIMPID_SAVE_UNTIL_KILLED";
/// Where the child says that it has saved both models once.
const READY: &str = "LIMPID_SAVED_BOTH";

fn kills() -> usize {
    env::var("LIMPID_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Two models of some megabytes each, so that writing one takes a while.
fn models() -> [Model; 2] {
    let network: Network = "784, affine 1500, affine 10".parse().unwrap();
    [1, 2].map(|seed| Model::new(&network, seed).unwrap())
}

fn save_until_killed(path: &Path) {
    let models = models();
    for turn in 0.. {
        save(&models[turn % 2], path).unwrap();
        if turn == 1 {
            fs::write(env::var_os(READY).unwrap(), "").unwrap();
        }
    }
}

#[test]
fn a_killed_save_leaves_the_old_model_or_the_new_one() {
    if let Some(path) = env::var_os(PLACE) {
        return save_until_killed(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let whole = models().map(|model| to_file(&model).unwrap().to_bytes().unwrap());
    let signals = tempfile::tempdir().unwrap();
    let mut seen = [0; 2];
    for kill in 0..kills() {
        let ready = signals.path().join(kill.to_string());
        let mut child = saving(&path, &ready);
        // From then on at any moment of a save, which takes some milliseconds.
        while fs::metadata(&ready).is_err() {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_micros(7_919 * kill as u64 % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = fs::read(&path).unwrap();
        let which = whole.iter().position(|bytes| *bytes == found);
        seen[which.unwrap_or_else(|| panic!("torn after {} bytes, at kill {kill}", found.len()))] += 1;
    }
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}: the kills did not fall among the saves");
    let litter = fs::read_dir(folder.path()).unwrap().count() - 1;
    // Between its two last steps a save has a second name for a moment; see `write_atomically`.
    assert!(litter <= kills() / 10, "{litter} files were left behind by {} kills", kills());
    println!("{} kills: {seen:?} times the one and the other model, {litter} files left behind", kills());
}

fn saving(path: &Path, ready: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "killed::a_killed_save_leaves_the_old_model_or_the_new_one", "--test-threads", "1"]);
    command.env(PLACE, path).env(READY, ready).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    command.spawn().unwrap()
}

//! Under a limit on memory every verb does its work or says that there is no memory: it is never aborted, and leaves nothing
//! half-written.

use std::fmt::Write;
use std::process::{Command, Stdio};

use crate::support::{Outcome, Place};

/// A table of 200 rows, 50 columns of numbers, and a class.
fn table() -> String {
    let mut text: String = (0..50).map(|column| format!("x{column},")).collect();
    text.push_str("class\n");
    for row in 0..200 {
        (0..50).for_each(|column| _ = write!(text, "{},", (row * 7 + column * 13) % 29));
        text.push_str(["a\n", "b\n", "c\n"][row % 3]);
    }
    text
}

/// The command with so much address space, in KiB.
fn limited(place: &Place, kibibytes: u32, arguments: &[&str]) -> Outcome {
    let within = place.command(arguments);
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {kibibytes}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(within.get_program()).args(within.get_args());
    let variables = within.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.envs(variables).current_dir(place.path("")).stdin(Stdio::null()).env("LIMPID_THREADS", "2");
    place.outcome(command)
}

#[test]
fn under_any_limit_a_verb_does_its_work_or_says_that_there_is_no_memory() {
    const NETWORK: &str = "50, affine 1500, relu, affine 1500, relu, affine 3";
    let place = Place::new();
    std::fs::write(place.path("t.csv"), table()).unwrap();
    let trained = ["train", "--data", "t.csv", "--target", "class", "--epochs", "1", "--hidden", "1500,1500"];
    let kept = place.run(&[&trained[..], &["--output", "kept.safetensors"]].concat());
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let verbs: [(&[&str], Option<&str>); 9] = [
        (&[&trained[..], &["--output", "new.safetensors", "--history", "new.json"]].concat(), Some("new.safetensors")),
        (&["train", "--data", "t.csv", "--target", "class", "--epochs", "1", "--optimizer", "adam"], None),
        (&["predict", "kept.safetensors", "--data", "t.csv"], None),
        (&["evaluate", "kept.safetensors", "--data", "t.csv"], None),
        (&["convert", "kept.safetensors", "new.npz"], Some("new.npz")),
        (&["convert", "kept.safetensors", "new.pkl"], Some("new.pkl")),
        (&["gradcheck", "784, affine 3, relu, affine 10", "--samples", "2"], None),
        (&["plan", NETWORK], None),
        (&["graph", NETWORK, "--output", "new.svg"], Some("new.svg")),
    ];
    let limits = (0..9).map(|doubled| 10_000u32 << doubled).filter(|&limit| {
        // The system cannot even start the command with less.
        limited(&place, limit, &["--version"]).code == Some(0)
    });
    let limits: Vec<u32> = limits.collect();
    let [least, .., most] = limits[..] else { panic!("the command starts under {limits:?}") };
    for (arguments, output) in verbs {
        let mut refused = 0usize;
        for &limit in &limits {
            let ran = limited(&place, limit, arguments);
            let what = format!("{arguments:?} under {limit} KiB: {ran:?}");
            match ran.code {
                Some(0) => output.into_iter().for_each(|output| assert!(place.path(output).exists(), "{what}")),
                Some(1) => {
                    let last = ran.stderr.lines().last().unwrap_or_default();
                    let says =
                        last.starts_with("error: ") && (last.contains("no memory") || last.contains("out of memory"));
                    assert!(says, "{what}");
                    refused += 1;
                }
                _ => panic!("{what}"),
            }
            let mut expected = vec!["kept.safetensors", "t.csv"];
            if ran.code == Some(0) {
                expected.extend(output);
                expected.extend(arguments.contains(&"new.json").then_some("new.json"));
            }
            expected.sort_unstable();
            assert_eq!(place.files(), expected, "{what}");
            for file in ["new.safetensors", "new.json", "new.npz", "new.pkl", "new.svg"] {
                let _ = std::fs::remove_file(place.path(file));
            }
        }
        // With more than two gigabytes everything fits, and with what just starts the command the large ones do not.
        assert!(refused < limits.len(), "{arguments:?} up to {most} KiB");
        println!("{arguments:?}: refused {refused} of {} times, from {least} KiB on", limits.len());
    }
}

#[test]
fn what_is_too_large_is_named_with_its_size_before_a_training_begins() {
    let place = Place::new();
    std::fs::write(place.path("t.csv"), table()).unwrap();
    let large = ["train", "--data", "t.csv", "--target", "class", "--epochs", "1", "--hidden", "6000,6000"];
    let ran = limited(&place, 200_000, &large);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let wanted = "error: there is no memory for the network's parameters (433 MB); fewer units, a smaller batch or less data \
                  need less";
    assert_eq!(ran.stderr.lines().last(), Some(wanted));
}

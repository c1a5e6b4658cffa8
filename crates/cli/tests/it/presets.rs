//! Presets, layers of images and layers within layers, as people type them.

use crate::support::Place;

const TABLE: &str = "size,kind\n1,a\n2,a\n3,b\n4,b\n1.5,a\n3.5,b\n1.2,a\n3.9,b\n2.1,a\n3.1,b\n";

#[test]
fn a_preset_is_trained_and_flags_go_before_it() {
    let place = Place::new();
    std::fs::write(place.path("t.csv"), TABLE).unwrap();
    let table = ["train", "--data", "t.csv", "--target", "kind", "--format", "json", "--preset", "two-layer"];
    let report = place.run(&[&table[..], &["--epochs", "2", "--optimizer", "adam"]].concat()).done().json();
    assert_eq!(report["network"], "1, affine 50, relu, affine 2");
    assert_eq!((&report["epochs"], &report["optimizer"]), (&2.into(), &"adam".into()));
    let refusals: [(&[&str], &str); 3] = [
        (&["--preset", "convnet"], "the preset `convnet` is for images, and samples of t.csv are none"),
        (&["--preset", "convnt"], "convnet"),
        (&["--preset", "fast", "--hidden", "3"], "cannot be used with"),
    ];
    for (typed, wanted) in refusals {
        place.run(&[&table[..7], typed].concat()).failed(2, wanted);
    }
}

#[test]
fn a_summary_lists_the_layers_within_layers_and_says_what_a_pool_leaves_out() {
    let place = Place::new();
    let text = "1 9 9, conv 4 3x3 pad=1, residual(batch-norm, relu, conv 4 3x3 pad=1), max-pool 2, \
                branches(global-average-pool | flatten, affine 3), affine 2";
    let outcome = place.run(&["summary", text]).done();
    for wanted in [
        "0     conv 4 3x3 pad=1     (batch, 4, 9, 9)",
        "1     residual(…)          (batch, 4, 9, 9)",
        "1/2   conv 4 3x3 pad=1     (batch, 4, 9, 9)",
        "3     branches(…)          (batch, 7)",
        "3/0/0 global-average-pool  (batch, 4)",
        "3/1/1 affine 3             (batch, 3)",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&outcome.stdout).contains(&squeezed(wanted)), "{wanted}\n{}", outcome.stdout);
    }
    let note = "note: `max-pool 2` leaves out the last 1 of 9 rows and the last 1 of 9 columns; `pad=same`, or windows that fit, \
                would use all (line 1, column 72)";
    assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    let report = place.run(&["summary", text, "--format", "json"]).done().json();
    let layers = report["layers"].as_array().unwrap();
    let sum: u64 = layers.iter().map(|row| row["parameters"].as_u64().unwrap()).sum();
    assert_eq!((layers.len(), sum, report["parameters"].as_u64().unwrap()), (11, 407, 407));
}

#[test]
fn every_mistake_in_a_network_that_is_typed_is_told_at_once() {
    let place = Place::new();
    let text = "1 8 8, conv 0 3x3, conv 4 3x3 padd=1, max-pol 2, affine 10";
    let outcome = place.run(&["summary", text]);
    for wanted in [
        "3 mistakes:",
        "the number of its filters is 0; use 1 or more (line 1, column 13)",
        "does not take `padd=1`, did you mean `pad`? (line 1, column 31)",
        "unknown layer `max-pol`, did you mean `max-pool`? (line 1, column 39)",
    ] {
        assert!(outcome.stderr.contains(wanted), "{wanted}\n{}", outcome.stderr);
    }
    place.run(&["summary", "3x6x6, conv 4 9x9, conv 6 3x3 groups=4, affine 3"]).failed(2, "2 mistakes:");
}

//! Wrong usage: exit code 2 and what would fit, before any data is read.

use crate::support::Place;

#[test]
fn a_variable_of_the_environment_that_does_not_fit_is_wrong_usage_whatever_the_verb() {
    let place = Place::new();
    for (variable, value, said) in [
        ("LIMPID_SIMD", "foo", "LIMPID_SIMD is foo, not a set of instructions; portable"),
        ("LIMPID_SIMD", "", "LIMPID_SIMD is , not a set of instructions; portable"),
        ("LIMPID_ENGINE", "foo", "LIMPID_ENGINE is foo, which runs no graphs; engine or interpreter fits"),
        ("LIMPID_THREADS", "0", "LIMPID_THREADS is 0, not a number of threads; a whole number from 1 to 1024 fits"),
    ] {
        place.outcome(place.command(&["summary"]).env(variable, value)).failed(2, said);
    }
    place.outcome(place.command(&["summary"]).env("LIMPID_SIMD", "portable")).done();
}

/// What is typed behind `limpid`, words apart by `|`, and what the answer contains.
const WRONG: &[(&str, &str)] = &[
    ("trian", "a similar subcommand exists: 'train'"),
    ("train|--hiden|50", "a similar argument exists: '--hidden'"),
    ("train|--hidden|0", "1 or more, for each hidden layer fits: 50, or 100,50"),
    ("train|--hidden|a,b", "invalid value 'a' for '--hidden <UNITS>'"),
    ("train|--hidden|-5", "invalid value '-5' for '--hidden <UNITS>'"),
    ("train|--hidden|50,", "invalid value '' for '--hidden <UNITS>'"),
    ("train|--hidden|99999999999", "a layer of more than 16777216 outputs is not supported"),
    ("train|--hidden|16777216,16777216", "a smaller network or batch fits"),
    ("train|--activation|swishy", "did you mean `swish`?"),
    ("train|--activation|zzz", "there are: relu, sigmoid, tanh"),
    ("train|--activation|rleu", "did you mean `relu`?"),
    ("train|--activation|affine 3", "there are: relu"),
    ("train|--activation|elu alpha=x", "`alpha` takes a number"),
    ("train|--init|hee", "unknown initializer `hee`"),
    (
        "train|--network|784, afine 50, affine 10",
        "did you mean `affine`? (line 1, column 6)\n  784, afine 50, affine 10\n       ^^^^^\n",
    ),
    ("train|--network|784, affine 5", "a network that ends in `affine 10` fits"),
    ("train|--network|100, affine 10", "a network that begins with `784` fits"),
    ("train|--network|1x28x28, affine 10", "a network with `flatten` before its first `affine`"),
    ("train|--network|784, affine 10|--hidden|50", "cannot be used with"),
    ("train|--learning-rate|nan", "a number above 0 fits, such as 0.1"),
    ("train|--learning-rate|inf", "a number above 0 fits, such as 0.1"),
    ("train|--learning-rate|-1", "a number above 0 fits, such as 0.1"),
    ("train|--lr|0", "a number above 0 fits, such as 0.1"),
    ("train|--batch-size|0", "a whole number, 1 or more, fits"),
    ("train|--batch-size|60001", "1 to 60000 fits"),
    ("train|--epochs|-1", "a whole number, 0 or more, fits"),
    ("train|--epochs|2.5", "a whole number, 0 or more, fits"),
    ("train|--seed|-1", "a whole number from 0 to 18446744073709551615 fits"),
    ("train|--sampling|shufled", "did you mean `shuffled`?"),
    ("train|--optimizer|rmsprop", "there are: sgd, momentum, nesterov, adam"),
    ("train|--optimizer|momentum|--momentum|1", "a number from 0 to below 1 fits, such as 0.9"),
    ("train|--momentum|0.9", "use --optimizer momentum (or nesterov)"),
    ("plan|--optimizer|adam|--momentum|0.9", "--momentum does not apply to the optimizer adam"),
    ("train|--loss|mae", "there is no mean absolute error; `mean-squared-error` is near"),
    ("train|--loss|softmax-crossentropie", "did you mean `softmax-cross-entropy`?"),
    ("plot|loss|l1", "there is no mean absolute error; `mean-squared-error` is near"),
    ("train|--timed|--quiet", "--timed prints to stderr"),
    ("graph|--optimizer|adam", "add --stage step"),
    ("graph|2, affine 3|--digits|3", "--digits is for pictures; --format picture fits"),
    ("graph|2, affine 3|--theme|dark|--format|text", "--theme is for pictures; --format picture fits"),
    ("graph|x^2|--at|x=3|--everything|--format|json", "--everything is for pictures; --format picture fits"),
    ("graph|2, affine 3|--unfold|0|--format|dot", "--unfold is for pictures; --format picture fits"),
    ("predict|m|a.png|--part|train", "--part is about data with parts"),
    ("train|--precision|f16", "f32 and f64 fit"),
    ("train|--dataset|mnst", "a similar value exists: 'mnist'"),
    ("train|--format|yaml", "[possible values: text, json]"),
    ("train|--output|-", "a file name fits --output"),
    ("train|digits", "unexpected argument 'digits'"),
    ("evaluate", "<MODEL>"),
    ("evaluate|a.safetensors|--part|tset", "a similar value exists: 'test'"),
    ("summary|784, affine 0", "a layer has at least 1 output (line 1, column 13)"),
    ("summary|digits", "there is no file of this name either"),
    ("summary|--batch-size|18446744073709551615", "fewer samples fit"),
    ("graph|--stage|stpe", "a similar value exists: 'step'"),
    (
        "bench|--only|W1,W7",
        "invalid value 'W7' for '--only <NAMES>': there are: W1, W1b, W2, W3, W5, W6, W8, J3, growth",
    ),
    ("bench|--threads|0", "a whole number, 1 or more, fits"),
    ("bench|--repeats|0", "a whole number, 1 or more, fits"),
    ("bench|--seconds|0", "a number above 0 fits"),
    ("gradcheck|10, affine 2", "a network that begins with `784` fits"),
    ("gradcheck|--samples|10001", "1 to 10000 fits"),
    ("gradcheck|--elements|some", "`all`, or a whole number, 1 or more, fits"),
    ("gradcheck|--tolerance|0", "a number above 0 fits"),
];

#[test]
fn a_value_that_does_not_fit_is_answered_with_what_does() {
    let place = Place::new();
    // A folder without data shows that nothing was read first.
    let empty = tempfile::tempdir().unwrap();
    for (typed, answer) in WRONG {
        let mut arguments: Vec<&str> = typed.split('|').collect();
        if ["train", "gradcheck"].contains(&arguments[0]) {
            arguments.extend(["--data", empty.path().to_str().unwrap()]);
        }
        place.run(&arguments).failed(2, answer);
    }
    assert!(place.files().is_empty());
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_data_is_read() {
    let place = Place::new();
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    let table = [
        ("runs/a.safetensors", "there is no folder runs; create it first"),
        (".", "this is a folder; name a file in it"),
        ("runs/", "name a file in it"),
    ];
    for (file, answer) in table {
        place.run(&["train", "--data", empty, "--output", file]).failed(1, answer);
    }
    place.run(&["graph", "--output", "runs/a.dot"]).failed(1, "create it first");
    assert!(place.files().is_empty());
}

#[test]
fn no_verb_and_a_wrong_one_are_wrong_usage_and_help_is_none() {
    let place = Place::new();
    let nothing = place.run(&[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(2), ""));
    assert!(nothing.stderr.contains("Usage: limpid <COMMAND>"));
    assert!(place.run(&["help", "train"]).done().stdout.contains("--learning-rate"));
    assert_eq!(place.run(&["--version"]).done().stdout, concat!("limpid ", env!("CARGO_PKG_VERSION"), "\n"));
}

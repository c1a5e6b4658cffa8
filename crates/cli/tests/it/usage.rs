//! Wrong usage: exit code 2 and what to use instead, before any data is read.

use crate::support::Place;

#[test]
fn a_variable_of_the_environment_that_does_not_fit_is_wrong_usage_whatever_the_verb() {
    let place = Place::new();
    for (variable, value, said) in [
        ("LIMPID_SIMD", "foo", "LIMPID_SIMD is foo, not a set of instructions; use portable"),
        ("LIMPID_SIMD", "", "LIMPID_SIMD is , not a set of instructions; use portable"),
        ("LIMPID_ENGINE", "foo", "LIMPID_ENGINE is foo, which runs no graphs; use engine or interpreter"),
        ("LIMPID_THREADS", "0", "LIMPID_THREADS is 0, not a number of threads; use a whole number from 1 to 1024"),
    ] {
        place.outcome(place.command(&["summary"]).env(variable, value)).failed(2, said);
    }
    place.outcome(place.command(&["summary"]).env("LIMPID_SIMD", "portable")).done();
}

/// What is typed behind `limpid`, words apart by `|`, and what the answer contains.
const WRONG: &[(&str, &str)] = &[
    ("trian", "a similar subcommand exists: 'train'"),
    ("train|--hiden|50", "a similar argument exists: '--hidden'"),
    ("train|--hidden|0", "1 or more, for each hidden layer: 50, or 100,50"),
    ("train|--hidden|a,b", "invalid value 'a' for '--hidden <UNITS>'"),
    ("train|--hidden|-5", "invalid value '-5' for '--hidden <UNITS>'"),
    ("train|--hidden|50,", "invalid value '' for '--hidden <UNITS>'"),
    ("train|--hidden|99999999999", "the number of its outputs is 99999999999; more than 16777216 is not supported"),
    ("train|--hidden|16777216,16777216", "use a smaller network or batch"),
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
    ("train|--network|784, affine 5", "use a network that ends in `affine 10`"),
    ("train|--network|100, affine 10", "use a network that begins with `784`"),
    ("train|--network|28x28, affine 10", "a network with `flatten` before its first `affine`"),
    ("train|--network|784, affine 10|--hidden|50", "cannot be used with"),
    ("train|--learning-rate|nan", "expected a number above 0, such as 0.1"),
    ("train|--learning-rate|inf", "expected a number above 0, such as 0.1"),
    ("train|--learning-rate|-1", "expected a number above 0, such as 0.1"),
    ("train|--lr|0", "expected a number above 0, such as 0.1"),
    ("train|--batch-size|0", "expected a whole number, 1 or more"),
    ("train|--batch-size|60001", "use 1 to 60000"),
    ("train|--epochs|-1", "expected a whole number, 0 or more"),
    ("train|--epochs|2.5", "expected a whole number, 0 or more"),
    ("train|--seed|-1", "expected a whole number from 0 to 18446744073709551615"),
    ("train|--sampling|shufled", "did you mean `shuffled`?"),
    ("train|--optimizer|rmsprop", "there are: sgd, momentum, nesterov, adam"),
    ("train|--optimizer|momentum|--momentum|1", "expected a number from 0 to below 1, such as 0.9"),
    ("train|--momentum|0.9", "use --optimizer momentum (or nesterov)"),
    ("plan|--optimizer|adam|--momentum|0.9", "--momentum does not apply to the optimizer adam"),
    ("train|--loss|mae", "limpid has no mean absolute error; `mean-squared-error` is the most similar"),
    ("train|--loss|softmax-crossentropie", "did you mean `softmax-cross-entropy`?"),
    ("plot|loss|l1", "limpid has no mean absolute error; `mean-squared-error` is the most similar"),
    ("train|--timed|--quiet", "--timed prints to stderr"),
    ("graph|--optimizer|adam", "add --stage step"),
    ("graph|2, affine 3|--digits|3", "--digits is for pictures; use --format picture"),
    ("graph|2, affine 3|--theme|dark|--format|text", "--theme is for pictures; use --format picture"),
    ("graph|x^2|--at|x=3|--everything|--format|json", "--everything is for pictures; use --format picture"),
    ("graph|2, affine 3|--unfold|0|--format|dot", "--unfold is for pictures; use --format picture"),
    ("predict|m|a.png|--part|train", "--part is about data with parts"),
    ("train|--precision|f16", "use f32 or f64"),
    ("train|--dataset|mnst", "a similar value exists: 'mnist'"),
    ("train|--format|yaml", "[possible values: text, json]"),
    ("train|--output|-", "give --output a file name"),
    ("train|digits", "unexpected argument 'digits'"),
    ("evaluate", "<MODEL>"),
    ("evaluate|a.safetensors|--part|tset", "a similar value exists: 'test'"),
    ("summary|784, affine 0", "the number of its outputs is 0; use 1 or more (line 1, column 13)"),
    ("summary|digits", "there is no file of this name either"),
    ("summary|--batch-size|18446744073709551615", "use fewer samples"),
    ("graph|--stage|stpe", "a similar value exists: 'step'"),
    (
        "bench|--only|W1,W7",
        "invalid value 'W7' for '--only <NAMES>': there are: W1, W1b, W2, W3, W5, W6, W8, J3, growth",
    ),
    ("bench|--threads|0", "expected a whole number, 1 or more"),
    ("bench|--repeats|0", "expected a whole number, 1 or more"),
    ("bench|--seconds|0", "expected a number above 0"),
    ("gradcheck|10, affine 2", "use a network that begins with `784`"),
    ("gradcheck|--samples|10001", "use 1 to 10000"),
    ("gradcheck|--elements|some", "expected `all`, or a whole number, 1 or more"),
    ("gradcheck|--tolerance|0", "expected a number above 0"),
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

//! What is learned of columns, what samples become, and what is refused.

use limpid_graph::Tensor;
use proptest::prelude::*;

use super::*;
use crate::describe::loss::Loss;

fn kinds() -> Column {
    Column::words("kind", [Some("b"), Some("a"), Some("b"), Some("a")])
}

fn fitted(inputs: &[Column]) -> Preparation {
    Preparation::fit(inputs, &kinds(), Task::Classification).unwrap()
}

fn encoded(preparation: &Preparation, columns: &[Column]) -> Vec<f64> {
    preparation.encode(columns).unwrap().inputs.to_f64()
}

#[test]
fn numbers_have_mean_0_and_deviation_1_and_missing_ones_are_the_mean_and_marked() {
    let columns = [
        Column::numbers("whole", [Some(1.0), Some(3.0), Some(1.0), Some(3.0)]),
        Column::numbers("holed", [Some(10.0), None, Some(30.0), None]),
    ];
    let preparation = fitted(&columns);
    assert_eq!(preparation.size(), 3);
    let wanted = [[-1.0, -1.0, 0.0], [1.0, 0.0, 1.0], [-1.0, 1.0, 0.0], [1.0, 0.0, 1.0]].concat();
    assert_eq!(encoded(&preparation, &columns), wanted);
    // Missing where none was in training: the mean, without a mark.
    let later = [Column::numbers("holed", [Some(20.0)]), Column::numbers("whole", [None])];
    assert_eq!(encoded(&preparation, &later), [0.0, 0.0, 0.0]);
}

#[test]
fn words_are_one_hot_and_what_training_never_saw_is_0_and_said() {
    let columns = [
        Column::words("colour", [Some("red"), Some("blue"), None, Some("red")]),
        Column::words("size", [Some("s"), Some("m"), Some("l"), Some("s")]),
    ];
    let preparation = fitted(&columns);
    let wanted = [[0, 1, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 0, 1]].concat();
    assert_eq!(encoded(&preparation, &columns), wanted.into_iter().map(f64::from).collect::<Vec<_>>());
    let later =
        [Column::words("size", [Some("xl"), Some("xl")]), Column::words("colour", [Some("green"), Some("red")])];
    let Encoded { inputs, unknown } = preparation.encode(&later).unwrap();
    assert_eq!(inputs.to_f64(), [[0.0; 6], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]].concat());
    let unknown: Vec<_> = unknown.iter().map(|u| (u.column.as_str(), u.word.as_str(), u.rows)).collect();
    assert_eq!(unknown, [("colour", "green", 1), ("size", "xl", 2)]);
}

#[test]
fn columns_that_say_nothing_are_left_out_and_not_asked_for_again() {
    let columns = [
        Column::numbers("x", [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]),
        Column::numbers("same", [Some(0.1 + 0.2), Some(0.3), Some(0.3), Some(0.3)]),
        Column::words("word", [Some("a"); 4]),
        Column::numbers("empty", [None; 4]),
        Column::words("known or not", [Some("yes"), None, None, Some("yes")]),
        Column::numbers("five or not", [Some(5.0), None, None, Some(5.0)]),
    ];
    let preparation = fitted(&columns);
    let kept: Vec<&str> = preparation.inputs().iter().map(|input| input.name.as_str()).collect();
    assert_eq!(kept, ["x", "known or not", "five or not"]);
    let left_out: Vec<_> = preparation.left_out().iter().map(|l| (l.name.as_str(), l.why.as_str())).collect();
    let same = "the same in every row";
    assert_eq!(left_out, [("same", same), ("word", same), ("empty", "empty in every row")]);
    assert_eq!(encoded(&preparation, &columns)[1..5], [1.0, 0.0, 0.0, 0.0]);
    assert!(preparation.check_names(["x", "five or not", "known or not"]).is_ok());
}

#[test]
fn targets_are_labels_or_scaled_numbers_and_answers_are_in_their_terms() {
    let x = [Column::numbers("x", [Some(1.0), Some(2.0), Some(3.0), Some(4.0)])];
    let preparation = fitted(&x);
    assert_eq!(preparation.encode_target(&kinds()).unwrap().to_f64(), [1.0, 0.0, 1.0, 0.0]);
    let outputs = Tensor::from([[0.0, 0.0], [1.0, 3.0]]);
    let Answers::Classes(said) = preparation.answers(&outputs, &Loss::SoftmaxCrossEntropy).unwrap() else { panic!() };
    assert_eq!((said[0].class, said[0].probabilities.clone()), (0, Some(vec![0.5, 0.5])));
    assert_eq!(said[1].class, 1);

    let digits = Column::numbers("digit", [Some(7.0), Some(-1.0), Some(7.0), Some(10.0)]);
    assert_eq!(Task::guessed(&digits), Task::Classification);
    let preparation = Preparation::fit(&x, &digits, Task::Classification).unwrap();
    assert_eq!(preparation.target().classes().unwrap(), ["-1", "7", "10"]);
    assert_eq!(preparation.encode_target(&digits).unwrap().to_f64(), [1.0, 0.0, 1.0, 2.0]);

    let price = Column::numbers("price", [Some(10.5), Some(20.5), Some(10.5), Some(20.5)]);
    assert_eq!(Task::guessed(&price), Task::Regression);
    let preparation = Preparation::fit(&x, &price, Task::Regression).unwrap();
    assert_eq!(preparation.encode_target(&price).unwrap().to_f64(), [-1.0, 1.0, -1.0, 1.0]);
    let said = preparation.answers(&Tensor::from([[0.0], [2.0]]), &Loss::MeanSquaredError).unwrap();
    assert_eq!(said, Answers::Numbers(vec![15.5, 25.5]));
    assert!(preparation.answers(&outputs, &Loss::MeanSquaredError).is_err());
    let many = Column::numbers("n", (0..21).map(|n| Some(f64::from(n))));
    assert_eq!(Task::guessed(&many), Task::Regression);
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_what_would_fit() {
    let x = Column::numbers("x", [Some(1.0), Some(2.0), Some(3.0), Some(4.0)]);
    let class = Task::Classification;
    let said =
        |inputs: &[Column], target: &Column, task| Preparation::fit(inputs, target, task).unwrap_err().to_string();
    let x_alone = std::slice::from_ref(&x);
    assert!(said(x_alone, &Column::words("t", [None; 4]), class).starts_with("the target `t` is empty in every row"));
    assert!(
        said(x_alone, &Column::words("t", [Some("a"); 4]), class)
            .starts_with("the target `t` is a in every training row")
    );
    assert!(
        said(x_alone, &Column::numbers("t", [Some(2.0); 4]), Task::Regression).starts_with("the target `t` is 2 in")
    );
    assert!(said(x_alone, &Column::words("t", [Some("a"), None, None, None]), class).contains("empty in row 1"));
    assert!(said(x_alone, &kinds(), Task::Regression).contains("`kind` does not hold numbers"));
    assert!(said(&[], &kinds(), class).starts_with("no column is left to learn from"));
    let same = Column::numbers("same", [Some(1.0); 4]);
    assert!(said(&[same], &kinds(), class).contains("`same` say nothing"));
    assert!(said(&[x.clone(), x.clone()], &kinds(), class).contains("two columns are called `x`"));
    assert!(said(&[Column::numbers("y", [None])], &kinds(), class).contains("`y` has 1 rows, but the others have 4"));
    assert!(
        said(&[Column::numbers("y", [Some(1e308), Some(-1e308), None, None])], &kinds(), class).contains("too far")
    );
    let names: Vec<String> = (0..300).map(|row| format!("name {row}")).collect();
    let names = Column::words("name", names.iter().map(|name| Some(name.as_str())));
    let half = Column::numbers("t", (0..300).map(|row| Some(f64::from(row % 2))));
    assert!(
        said(std::slice::from_ref(&names), &half, class)
            .starts_with("column `name` has 300 different words in 300 rows")
    );
    let many = Column::numbers("n", (0..300).map(|row| Some(f64::from(row))));
    assert!(said(&[half], &many, class).contains("to predict it as a number, use a regression"));

    let preparation = fitted(&[x, Column::words("colour", [Some("red"), Some("blue"), None, Some("red")])]);
    let said = |columns: &[Column]| preparation.encode(columns).unwrap_err().to_string();
    assert_eq!(
        said(&[Column::numbers("y", [None]), Column::words("color", [None])]),
        "there is no column `x`, `colour`, which the model learned from"
    );
    assert_eq!(
        said(&[Column::numbers("x", [None]), Column::words("Colour", [None])]),
        "there is no column `colour`, which the model learned from; is `Colour` meant by `colour`?"
    );
    let colour = Column::words("colour", [None]);
    assert!(said(&[Column::words("x", [Some("a")]), colour.clone()]).contains("column `x` does not hold numbers"));
    assert!(
        said(&[Column::numbers("x", [None, None]), colour.clone()])
            .contains("`colour` has 1 rows, but the others have 2")
    );
    assert!(
        said(&[Column::numbers("x", [Some(1e300)]), colour])
            .contains("too far from the others to compute with (row 0)")
    );
    let other = Column::words("kind", [Some("a"), Some("c")]);
    let said = preparation.encode_target(&other).unwrap_err().to_string();
    assert_eq!(said, "the target `kind` is \"c\" in row 1; the classes that were learned are `a`, `b`");
}

fn preparation() -> Preparation {
    fitted(&[
        Column::numbers("x", [Some(0.1), Some(0.7), None, Some(1e-7)]),
        Column::words("c", [Some("é"), Some("\""), None, Some("")]),
    ])
}

#[test]
fn a_preparation_goes_through_json_to_the_bit_and_a_changed_one_is_refused() {
    let text = serde_json::to_string(&preparation()).unwrap();
    assert_eq!(serde_json::from_str::<Preparation>(&text).unwrap(), preparation());
    let changes = [
        ("\"deviation\":", "\"deviation\":-"),
        ("[\"a\",\"b\"]", "[\"b\",\"a\"]"),
        ("[\"a\",\"b\"]", "[]"),
        ("[\"a\",\"b\"]", "[\"a\"]"),
        ("\"kind\"", "\"x\""),
        ("\"name\":\"c\"", "\"name\":\"x\""),
        ("\"mean\":", "\"median\":"),
        ("true", "1"),
    ];
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        assert!(serde_json::from_str::<Preparation>(&text.replace(from, to)).is_err(), "{from} → {to}");
    }
}

proptest! {
    #[test]
    fn a_changed_preparation_is_refused_or_still_encodes(at in 0usize..400, value in 32u8..127) {
        let mut text = serde_json::to_string(&preparation()).unwrap().into_bytes();
        let length = text.len();
        text[at % length] = value;
        let Ok(changed) = serde_json::from_slice::<Preparation>(&text) else { return Ok(()) };
        let columns = [Column::numbers("x", [Some(0.5)]), Column::words("c", [Some("é")])];
        if let Ok(encoded) = changed.encode(&columns) {
            prop_assert_eq!(encoded.inputs.shape(), [1, changed.size()]);
        }
        let outputs = Tensor::zeros([1, changed.target().outputs()]);
        prop_assert!(changed.answers(&outputs, &Loss::SoftmaxCrossEntropy).is_ok());
    }

    #[test]
    fn prepared_training_samples_have_mean_0_and_deviation_1(
        numbers in prop::collection::vec(prop::option::weighted(0.8, -1e6..1e6), 4)
    ) {
        let columns = [Column::numbers("x", numbers.clone())];
        let Ok(preparation) = Preparation::fit(&columns, &kinds(), Task::Classification) else { return Ok(()) };
        let size = preparation.size();
        let first: Vec<f64> = encoded(&preparation, &columns).chunks(size).map(|row| row[0]).collect();
        let known = numbers.iter().flatten().count() as f64;
        prop_assert!(first.iter().sum::<f64>().abs() < 1e-6);
        let deviation = (first.iter().map(|x| x * x).sum::<f64>() / known).sqrt();
        prop_assert!(known < 2.0 || deviation == 0.0 || (deviation - 1.0).abs() < 1e-6, "{}", deviation);
    }
}

proptest! {
    #[test]
    fn parts_teach_what_the_whole_teaches_to_the_last_bit(
        rows in prop::collection::vec((any::<Option<f32>>(), -1e3..1e3f64, 0..4usize, any::<bool>()), 2..60),
        cut in 1..20usize,
        is_number: bool,
    ) {
        let word = |place: usize| [None, Some("red"), Some("blue"), Some("green")][place];
        let columns = [
            Column::numbers("holed", rows.iter().map(|row| row.0.map(f64::from).filter(|x| x.is_finite()))),
            Column::numbers("x", rows.iter().map(|row| Some(row.1 / 3.0))),
            Column::words("colour", rows.iter().map(|row| word(row.2))).read_as("words"),
        ];
        let target = match is_number {
            true => Column::numbers("y", rows.iter().map(|row| Some(row.1))),
            false => Column::words("y", rows.iter().map(|row| Some(if row.3 { "yes" } else { "no" }))),
        };
        let task = Task::guessed(&target);
        let mut learner = PreparationLearner::new(task);
        let mut guess = TaskGuess::default();
        let all: Vec<usize> = (0..rows.len()).collect();
        let part = |rows: &[usize]| (columns.each_ref().map(|column| column.select(rows)), target.select(rows));
        for rows in all.chunks(cut) {
            let (inputs, target) = part(rows);
            guess.see(&target);
            learner.see(&inputs, &target).unwrap();
        }
        for rows in all.chunks(cut) {
            let (inputs, target) = part(rows);
            learner.see_again(&inputs, &target).unwrap();
        }
        prop_assert_eq!(guess.task(), task);
        let bits = |learned: &Result<Preparation, PreparationError>| match learned {
            Ok(preparation) => format!("{preparation:?}"),
            Err(error) => error.to_string(),
        };
        let whole = Preparation::fit(&columns, &target, task);
        prop_assert_eq!(bits(&learner.learned()), bits(&whole));
    }
}

#[test]
fn a_column_that_has_too_many_words_is_refused_when_the_next_part_comes() {
    let words: Vec<String> = (0..300).map(|row| format!("w{row}")).collect();
    let inputs = [Column::words("free text", words.iter().map(|word| Some(word.as_str())))];
    let target = Column::numbers("y", (0..300).map(|row| Some(f64::from(row) / 7.0)));
    let mut learner = PreparationLearner::new(Task::Regression);
    learner.see(&inputs, &target).unwrap();
    let message = learner.see(&inputs, &target).unwrap_err().to_string();
    assert!(message.starts_with("column `free text` has 300 different words in 300 rows"), "{message}");
    let other = [Column::numbers("free text", vec![Some(1.0); 300])];
    let mut learner = PreparationLearner::new(Task::Regression);
    learner.see(&other, &target).unwrap();
    assert_eq!(
        learner.see(&inputs, &target).unwrap_err().to_string(),
        "column `free text` does not hold numbers; use a column of numbers"
    );
}

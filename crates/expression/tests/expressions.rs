//! Formulas as text: what they mean, what they answer, and that no text brings them down.
// The lint is off in functions marked as tests, and there are helpers here.
#![allow(clippy::unwrap_used)]

#[path = "../../graph/tests/support/mod.rs"]
mod support;

use limpid_expression::{Expression, ExpressionFault};
use limpid_graph::{Builder, MapOp, Tensor};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::same_bits;

fn read(text: &str) -> Expression {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The value with each free name at its number, in order.
fn value(expression: &Expression, numbers: &[f64]) -> f64 {
    let b = Builder::new();
    let graph = b.finish([expression.build(&b)]).unwrap();
    let feeds: Vec<Tensor> = numbers.iter().map(|&number| number.into()).collect();
    let named: Vec<_> = expression.names().iter().map(String::as_str).zip(&feeds).collect();
    graph.run(&named).unwrap()[0].item().unwrap()
}

fn at(text: &str, numbers: &[f64]) -> f64 {
    value(&read(text), numbers)
}

#[test]
fn operators_bind_as_in_mathematics() {
    let table: &[(&str, f64)] = &[
        ("1 + 2*3", 7.0),
        ("(1 + 2)*3", 9.0),
        ("8 - 3 - 2", 3.0),
        ("8/4/2", 1.0),
        ("8/4*2", 4.0),
        ("2^3^2", 512.0),
        ("(2^3)^2", 64.0),
        ("-3^2", -9.0),
        ("(-3)^2", 9.0),
        ("2^-1", 0.5),
        ("2*-3", -6.0),
        ("2 - -3", 5.0),
        ("--3", 3.0),
        ("-+3", -3.0),
        ("-2*3", -6.0),
        ("2^-2^2", 0.0625),
        ("-2^-2", -0.25),
        ("2×3·4÷6−1", 3.0),
        ("max(1, 2) + min(3, 4)", 5.0),
        ("where(1, 2, 3)", 2.0),
        ("select(0, 2, 3)", 3.0),
        ("pi", std::f64::consts::PI),
        ("2*π", std::f64::consts::TAU),
        ("e^0", 1.0),
        ("ln(e)", 1.0),
        ("1e-3", 0.001),
        (" ( 1 )\t", 1.0),
    ];
    for &(text, wanted) in table {
        assert_eq!(at(text, &[]), wanted, "{text}");
    }
}

#[test]
fn a_square_is_x_times_x_to_the_last_digit() {
    for i in 0..2_000 {
        let x = (f64::from(i) * 0.37).sin() * 100.0;
        assert!(same_bits(at("x^2", &[x]), x * x), "{x}");
        assert!(same_bits(at("0.01*x^2 + 0.1*x", &[x]), 0.01 * (x * x) + 0.1 * x), "{x}");
    }
    assert_eq!(at("x0^2/20 + x1^2", &[-7.0, 2.0]), 49.0 / 20.0 + 4.0);
}

#[test]
fn the_chain_rule_of_the_notes_comes_out_of_the_text() {
    let b = Builder::new();
    let z = read("(x+y)^2").build(&b).named("z");
    let trace = b.finish([z]).unwrap().trace(&[3.0.into(), 4.0.into()]).unwrap();
    assert_eq!(trace.value("t").unwrap().item(), Some(7.0));
    let derivative = |name| trace.derivative(name).unwrap().item();
    assert_eq!([derivative("z"), derivative("t"), derivative("x"), derivative("y")], [1.0, 14.0, 14.0, 14.0].map(Some));
}

#[test]
fn the_shop_has_the_digits_of_the_notes() {
    let b = Builder::new();
    let total = read("(price*count + price2*count2)*tax").build(&b).named("total");
    let feeds = [100.0, 2.0, 150.0, 3.0, 1.1].map(Tensor::from);
    let trace = b.finish([total]).unwrap().trace(&feeds).unwrap();
    let derivative = |name| trace.derivative(name).unwrap().item().unwrap();
    assert_eq!(trace.value("total").unwrap().item(), Some(715.0000000000001));
    let names = ["price", "count", "price2", "count2", "tax"];
    assert_eq!(names.map(derivative), [2.2, 110.00000000000001, 3.3000000000000003, 165.0, 650.0]);
}

#[test]
fn names_stand_in_the_order_of_their_appearance_once_each() {
    assert_eq!(read("b*a + exp(b - c) + pi*e").names(), ["b", "a", "c"]);
    assert_eq!(read("税率 * 価格").names(), ["税率", "価格"]);
}

#[test]
fn what_is_computed_on_the_way_has_names_that_no_input_has() {
    let b = Builder::new();
    let result = read("t1*x + t*x").build(&b);
    let graph = b.finish([result]).unwrap();
    let names: Vec<_> = graph.nodes().filter_map(|(_, node)| node.name.as_deref()).collect();
    assert_eq!(names, ["t1", "x", "t", "t2", "t3"]);
}

#[test]
fn every_function_of_the_table_can_be_called_and_is_written_back() {
    for &op in MapOp::ALL {
        let info = op.info();
        let text = format!("{}({})", info.name, info.arguments.join(", "));
        let expression = read(&text);
        assert_eq!(expression.names(), info.arguments, "{text}");
        assert_eq!(read(&expression.to_string()), expression, "{text} → {expression}");
        let more = format!("{}({}, 1)", info.name, info.arguments.join(", ")).parse::<Expression>();
        assert!(more.unwrap_err().to_string().contains(&format!("takes {} value", info.arguments.len())));
    }
}

#[test]
fn an_expression_is_applied_to_whole_arrays() {
    let b = Builder::new();
    let values = [b.input("rows", ("m", 1)), b.input("columns", "n")];
    let graph = b.finish([read("x0^2 + x1").apply(&b, &values)]).unwrap();
    let rows = Tensor::from([[1.0], [2.0]]);
    let plane = graph.run(&[("rows", &rows), ("columns", &[10.0, 20.0, 30.0].into())]).unwrap();
    assert_eq!((plane[0].shape(), plane[0].to_f64()), (&[2, 3][..], vec![11.0, 21.0, 31.0, 14.0, 24.0, 34.0]));
}

#[test]
fn values_that_do_not_fit_the_names_are_a_mistake_not_a_panic() {
    let (b, other) = (Builder::new(), Builder::new());
    let formula = read("x + y");
    formula.apply(&b, &[b.scalar("x")]);
    formula.apply(&b, &[b.scalar("y"), other.scalar("z")]);
    formula.apply(&b, &[b.input("p", 2), b.input("q", 3)]);
    let said = b.finish([]).unwrap_err().to_string();
    assert!(said.starts_with("3 mistakes") && said.contains("takes 2 values and was given 1"), "{said}");
    let b = Builder::new();
    b.scalar("x");
    assert!(b.finish([formula.build(&b)]).unwrap_err().to_string().contains("the name `x` is taken"));
}

#[test]
fn each_mistake_points_at_its_place_and_says_what_would_fit() {
    let wrong = [
        "",
        "  ",
        "2x",
        "2(x+1)",
        "(x)(y)",
        "x y",
        "x +",
        "* x",
        "x * * 2",
        "np.sin(x)",
        "2*math.pi",
        "torch.exp(x)",
        "numpy.sqrt(x) + np.log(y)",
        "np.random.rand(3)",
        "sen(x)",
        "x + )",
        "(x + 1",
        "x + 1)",
        "exp",
        "exp + 1",
        "sgimoid(x)",
        "f(x) + 1",
        "x*x(1 + y)",
        "log(x)",
        "exp(x, y)",
        "maximum(x)",
        "exp()",
        "exp(x",
        "0,5*x",
        "max(1,)",
        "1.2.3",
        "1e999",
        "x²",
        "x = 2",
        "x <= 1",
        "|x|",
        "[x]",
        "（x＋1）",
        "税率 * 2価格",
        "税率 + $",
        "2e",
        "√x",
        "x; y",
        "x\n+ #",
    ];
    let deep = format!("{}x", "(".repeat(101));
    let long = format!("x{}", " + x".repeat(1024));
    let far = format!("x{} + 2y{}", " + x".repeat(100), " + x".repeat(100));
    let texts = wrong.into_iter().chain([&*deep, &*long, &*far]);
    let said = texts.map(|text| text.parse::<Expression>().unwrap_err().to_string());
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn brackets_signs_and_powers_as_deep_as_is_allowed_are_read_and_deeper_ones_refused() {
    for (open, close) in [("(", ")"), ("-", ""), ("exp(", ")"), ("2^", ""), ("max(", ", 1)")] {
        let nested = |levels: usize| format!("{}x{}", open.repeat(levels), close.repeat(levels));
        assert!(nested(99).parse::<Expression>().is_ok(), "{open}");
        let too_deep = nested(500).parse::<Expression>().unwrap_err();
        assert_eq!(too_deep.column(), 100 * open.chars().count() + 1, "{too_deep}");
    }
    let chain = read(&format!("x{}", " + x".repeat(1023)));
    assert_eq!(value(&chain, &[1.0]), 1024.0);
    assert_eq!(read(&chain.to_string()), chain);
}

#[test]
fn what_is_written_is_read_again_unless_its_brackets_make_it_too_deep() {
    let signs = |count: usize| read(&format!("{}x", "-".repeat(count)));
    assert_eq!(signs(3).to_string(), "-(-(-x))");
    assert_eq!(read(&signs(50).to_string()), signs(50));
    let error = signs(51).to_string().parse::<Expression>().unwrap_err();
    assert_eq!(error.fault(), &ExpressionFault::TooDeep { most: 100 });
}

// ---- random texts -------------------------------------------------------------------------------------------------

/// As many as `LIMPID_EXPRESSIONS` says, else 100,000.
fn runner() -> TestRunner {
    let cases = std::env::var("LIMPID_EXPRESSIONS").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100_000);
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

/// Reads a text and does with the answer whatever can be done with it.
fn survive(text: &str) -> Result<(), TestCaseError> {
    match text.parse::<Expression>() {
        Ok(expression) => {
            prop_assert_eq!(&expression.to_string().parse::<Expression>().unwrap(), &expression);
            let b = Builder::new();
            prop_assert!(b.finish([expression.build(&b)]).is_ok());
        }
        Err(error) => {
            prop_assert!(text.get(error.bytes()).is_some());
            prop_assert!(error.column() <= text.chars().count() + 1 && error.length() >= 1);
            prop_assert!(error.to_string().lines().count() == 3, "{}", error);
        }
    }
    Ok(())
}

#[test]
fn no_random_string_brings_the_reader_down() {
    runner().run(&any::<String>(), |text| survive(&text)).unwrap();
}

#[test]
fn no_soup_of_tokens_brings_the_reader_down() {
    let mut tokens: Vec<&str> =
        "0 1 2 2.5 1e-3 .5 1. 1e999 x y x0 税率 π pi e + - * / ^ ( ) , ( ) ^ - ² √ | = ( ) , 1.2.3 \0 \n"
            .split(' ')
            .collect();
    tokens.extend(MapOp::ALL.iter().map(|op| op.info().name));
    let soup = prop::collection::vec((prop::sample::select(tokens), prop::bool::ANY), 0..24);
    let text = soup.prop_map(|soup| soup.into_iter().map(|(t, space)| if space { format!("{t} ") } else { t.into() }));
    runner().run(&text.prop_map(|parts| parts.collect::<String>()), |text| survive(&text)).unwrap();
}

/// Well-formed texts, in brackets or not, as they come.
fn well_formed() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["x", "y", "2", "3", "0.5", "1e-3", "pi", "e", "7"]).prop_map(String::from);
    leaf.prop_recursive(5, 24, 3, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "^", " - ", "^-"]);
        prop_oneof![
            4 => (inner.clone(), operator, inner.clone()).prop_map(|(a, sign, b)| format!("{a}{sign}{b}")),
            2 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("(-{a})")),
            2 => (prop::sample::select(MapOp::ALL), [inner.clone(), inner.clone(), inner]).prop_map(|(op, inner)| {
                let info = op.info();
                format!("{}({})", info.name, inner[..info.arguments.len()].join(", "))
            }),
        ]
    })
}

#[test]
fn an_expression_written_out_and_read_again_is_the_same_and_has_the_same_value() {
    let mut runner = runner();
    let case = (well_formed(), -3.0..3.0, -3.0..3.0);
    let claim = |(text, x, y): (String, f64, f64)| {
        let expression = text.parse::<Expression>().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let written = expression.to_string();
        let again = written.parse::<Expression>().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&again, &expression, "{} → {}", text, written);
        let numbers = if expression.names().first().is_some_and(|name| name == "y") { [y, x] } else { [x, y] };
        let (a, b) = (value(&expression, &numbers), value(&again, &numbers));
        prop_assert!(same_bits(a, b), "{} → {}: {} became {}", text, written, a, b);
        Ok(())
    };
    runner.run(&case, claim).unwrap();
}

//! What a person reads who described a graph that cannot be: each kind of mistake, and several at once.
//!
//! In the snapshots a location stands as the source text that it points to, so that they survive edits of this file
//! and prove that the line is the user's.

use limpid_graph::{Builder, Dim, Error, Formula, FormulaBody, Mistakes, Stream, Tensor, Var};

const SOURCE: &str = include_str!("mistakes.rs");

/// The mistakes that finishing finds.
fn mistakes(b: &Builder) -> Mistakes {
    match b.finish([]) {
        Err(Error::Described(mistakes)) => mistakes,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing is found wrong"),
    }
}

/// The message, with each location replaced by what stands there.
fn told(mistakes: &Mistakes) -> String {
    mistakes.0.iter().fold(mistakes.to_string(), |text, mistake| {
        let location = mistake.origin.location;
        assert!(location.file().ends_with("mistakes.rs"), "not the user's line: {text}");
        let line = SOURCE.lines().nth(location.line() as usize - 1).unwrap_or_default();
        let there: String = line.chars().skip(location.column() as usize - 1).collect();
        let shown = format!("{}:{}:{}", location.file(), location.line(), location.column());
        text.replace(&shown, there.trim_end_matches([',', ';', ' ']))
    })
}

/// Uses a poisoned value in every way, and wrongly too.
fn use_further(x: Var<'_>) {
    let b = x.builder();
    let fine = b.input("fine", (2, 3));
    let _ = [x.sum(7), x.mean(7), x.argmax(7), x.max_keep(-9), x.softmax(3), x.log_softmax(3), x.flatten(8)];
    let _ = [x.permute([0, 0]), x.transpose(), x.slice(4, 1..9), x.pad(4, 1, 0), x.concat([fine], 5), x.one_hot(0)];
    let _ = [x.matmul(fine), fine.matmul(x), x.gather(3, fine), fine.gather(0, x), x + fine, 2.0 * x, -x, x.pow(x)];
    let _ = [x.reshape(5), x.broadcast_to((4, 4)), fine.concat([x], 0), x.softmax_cross_entropy(fine)];
    let _ = [fine.softmax_cross_entropy(x), fine.accuracy(x), x.accuracy(fine), fine.mean_squared_error(x)];
    let _ = [fine.half_sum_of_squares(x), fine.sigmoid_cross_entropy(x), fine.cross_entropy(x, 0.1)];
    b.grad(x, &[fine]);
    b.vjp(&[fine], &[x], &[fine]);
    b.assign(b.parameter("kept", 3), x);
}

type Case = (&'static str, for<'b> fn(&'b Builder) -> Var<'b>);

const CASES: &[Case] = &[
    ("broadcast", |b| b.input("x", ("batch", 3)) + b.input("bias", 4)),
    ("broadcast of three", |b| b.input("x", 2).select(b.input("yes", 3), b.input("no", 1))),
    ("broadcast of unnamed values", |b| b.input("x", (2, 3)).exp() * b.input("y", (3, 2)).sum(0)),
    ("inner sizes", |b| b.input("x", ("batch", 784)).matmul(b.parameter("w", (780, 50)))),
    ("inner sizes with a vector", |b| b.input("x", (2, 3)).matmul(b.input("v", 4))),
    ("inner sizes of stacks", |b| b.input("x", (5, 2, 3)).matmul(b.input("y", (5, 4, 2)))),
    ("stacks of matrices", |b| b.input("x", (5, 2, 3)).matmul(b.input("y", (4, 3, 2)))),
    ("matmul of a scalar", |b| b.input("x", (2, 3)).matmul(b.scalar("rate"))),
    ("step to draw by", |b| b.uniform(Stream::new(1, "mask"), &[b.input("steps", 3)], (2, 3))),
    ("no step to draw by", |b| b.uniform(Stream::new(1, "mask"), &[], (2, 3))),
    ("axis", |b| b.input("x", ("batch", 10)).sum(2)),
    ("axis from the end", |b| b.input("x", ("batch", 10)).mean(-3)),
    ("axis of a single number", |b| b.scalar("x").max(0)),
    ("axis of softmax", |b| b.input("x", 10).softmax(1)),
    ("repeated axis", |b| b.input("x", (2, 3)).mean([1, -1])),
    ("permute with too few axes", |b| b.input("x", (2, 3, 4)).permute([1, 0])),
    ("transpose of a vector", |b| b.input("x", 3).transpose()),
    ("reshape", |b| b.input("x", ("batch", 28, 28)).reshape(("batch", 780))),
    ("broadcast to", |b| b.input("x", (2, 3)).broadcast_to((3, 2))),
    ("slice bounds", |b| b.input("x", (2, 10)).slice(1, 5..11)),
    ("slice of a symbolic axis", |b| b.input("x", ("batch", 10)).slice(0, 0..5)),
    ("pad beyond memory", |b| b.input("x", 3).pad(0, usize::MAX, usize::MAX)),
    ("concat", |b| b.input("x", (2, 3)).concat([b.input("y", (4, 2))], 1)),
    ("no classes", |b| b.input("labels", "batch").one_hot(0)),
    ("duplicate name", |b| [b.input("x", 2), b.input("x", 3)][1]),
    ("name of an input", |b| b.input("x", 2).exp().named("x")),
    ("leaf extent", |b| b.parameter("w", (Dim::symbol("rows") * Dim::known(2), 3))),
    ("no derivative", |b| {
        let x = b.input("scores", ("batch", 10)).exp();
        b.grad(x.argmax(-1).one_hot(10).sum_all(), &[x])[0]
    }),
    ("gradient of an array", |b| b.grad(b.input("x", 3).exp(), &[]).first().copied().unwrap_or(b.constant(0.0))),
    ("upstream shape", |b| b.vjp(&[b.input("y", 3)], &[b.scalar("up")], &[b.scalar("x")])[0]),
    ("upstream count", |b| b.vjp(&[b.input("y", 3)], &[], &[b.scalar("x")])[0]),
    ("assign to an input", |b| {
        let x = b.input("x", 3);
        b.assign(x, x * 0.5);
        b.constant(0.0)
    }),
    ("assign another shape", |b| {
        let w = b.parameter("w", 3);
        b.assign(w, w.sum(0));
        b.constant(0.0)
    }),
    ("assign twice", |b| {
        let w = b.parameter("w", 3);
        b.assign(w, w * 0.5);
        b.assign(w, w * 0.1);
        b.constant(0.0)
    }),
    ("targets", |b| b.input("scores", ("batch", 10)).softmax_cross_entropy(b.input("t", ("batch", 5)))),
    ("targets of the accuracy", |b| b.input("scores", ("batch", 10)).accuracy(b.input("t", ("batch", 1)))),
    ("labels of unknown classes", |b| b.input("s", ("batch", "n")).softmax_cross_entropy(b.input("t", "batch"))),
    ("scores without classes", |b| b.scalar("score").cross_entropy(b.scalar("t"), 1e-7)),
    ("targets of a regression", |b| b.input("y", ("batch", 1)).mean_squared_error(b.input("t", "batch"))),
    ("number of arguments", |b| b.map(limpid_graph::MapOp::Add, &[b.scalar("x")])),
    ("argument of a formula", |b| Formula::new("odd", |[x]| x + FormulaBody::Argument(9)).apply([b.scalar("x")])),
    ("row in a formula", |b| {
        let odd = Formula::new("odd", |[x]| FormulaBody::Apply(limpid_graph::MapOp::Multiply, vec![x]));
        odd.apply([b.scalar("x")])
    }),
    ("gradient of a formula", |b| {
        let odd = Formula::new("odd", |[x]| x).with_gradient(|[_, _], up| [up.clone(), up]);
        odd.apply([b.scalar("x")])
    }),
    ("arguments of a formula", |b| Formula::new("half", |[x]| 0.5 * x).apply([b.scalar("x"), b.scalar("y")])),
];

#[test]
fn each_kind_of_mistake_says_what_is_wrong_with_what_where_and_what_would_fit() {
    let each = CASES.iter().map(|&(name, describe)| {
        let b = Builder::new();
        describe(&b);
        format!("---- {name} ----\n{}\n", told(&mistakes(&b)))
    });
    insta::assert_snapshot!(each.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_follows_from_a_mistake_is_not_reported() {
    for &(name, describe) in CASES {
        let b = Builder::new();
        let poisoned = describe(&b);
        if !name.starts_with("assign") && !name.starts_with("no derivative") && !name.starts_with("gradient") {
            assert!(poisoned.is_poisoned(), "{name}");
            use_further(poisoned);
        }
        assert_eq!(mistakes(&b).0.len(), 1, "{name}: {}", mistakes(&b));
    }
}

#[test]
fn independent_mistakes_are_all_reported_together() {
    let b = Builder::new();
    let x = b.input("images", ("batch", 784));
    let w = b.parameter("w", (780, 50));
    let hidden = (x.matmul(w) + b.parameter("b", 50)).relu();
    let scores = x.slice(1, 0..10).reshape(("batch", 9));
    let labels = b.input("labels", "batch");
    let loss = scores.softmax_cross_entropy(labels) + hidden.square().mean_all();
    let other = x.sum(2).exp();
    b.assign(labels, other);
    let step = b.grad(x.square(), &[w])[0];
    b.assign(w, w - 0.1 * step);
    b.grad(loss, &[w]);
    b.assign(w, b.scalar("rate"));
    insta::assert_snapshot!(told(&mistakes(&b)));
}

#[test]
fn a_value_of_another_builder_is_found_wherever_it_is_used() {
    let (b, other) = (Builder::new(), Builder::new());
    let foreign = other.parameter("foreign", (2, 2));
    let uses: [for<'b> fn(Var<'b>, Var<'b>); 9] = [
        |x, y| _ = x + y,
        |x, y| _ = x.matmul(y),
        |x, y| _ = x.concat([y], 0),
        |x, y| _ = x.builder().grad(y.sum_all(), &[x]),
        |x, y| _ = x.builder().grad(x.sum_all(), &[y]),
        |x, y| _ = x.builder().vjp(&[x], &[y], &[x]),
        |x, y| x.builder().assign(x, y),
        |x, y| _ = x.softmax_cross_entropy(y),
        |x, y| _ = x.builder().finish([y]).is_ok(),
    ];
    for (i, apply) in uses.iter().enumerate() {
        let b = Builder::new();
        apply(b.parameter("x", (2, 2)), foreign_to(&b, foreign));
        let found = mistakes(&b);
        assert_eq!(found.0.len(), 1, "use {i}: {found}");
        assert!(found.to_string().contains("another builder"), "use {i}: {found}");
        told(&found);
    }
    let _ = b.input("x", (2, 2)) * foreign;
    insta::assert_snapshot!(told(&mistakes(&b)));
}

/// Says that the value lives as long as the builder that it does not belong to.
fn foreign_to<'b>(_: &'b Builder, foreign: Var<'b>) -> Var<'b> {
    foreign
}

#[test]
fn every_node_stands_on_the_line_that_wrote_it() {
    let b = Builder::new();
    let (x, w, labels) = (b.input("x", ("batch", 3)), b.parameter("w", (3, 4)), b.input("labels", "batch"));
    let scores = (2.0 * x + 1.0 - x / 3.0).matmul(w) * b.constant_tensor(Tensor::from([0.5; 4]));
    let loss = scores.softmax_cross_entropy(labels) + scores.half_sum_of_squares(b.constant(0.5)) - -scores.mean_all();
    let loss =
        loss + scores.sigmoid_cross_entropy(0.5) + scores.cross_entropy(labels, 1e-7) + scores.softmax(0).max(0).sum(0);
    let loss = loss
        + scores.mean_squared_error(scores)
        + scores.accuracy(labels).stop_gradient()
        + w.matmul(w.transpose()).sum_all();
    let loss = loss
        + x.matmul(b.constant_tensor(Tensor::zeros([3]))).sum_all()
        + Formula::new("f", |[x]| 2.0 * x).apply([loss]);
    b.state("unreached", (2, 2));
    let everything = b.parameters().into_iter().chain([x]).collect::<Vec<_>>();
    b.grad(loss, &everything);
    b.vjp(&[scores, scores], &[scores, scores], &[w, b.constant_tensor(Tensor::zeros([2, 2]))]);
    b.extent("batch".into());
    let graph = b.finish([]).unwrap();
    for (id, node) in graph.nodes() {
        let location = node.origin.location;
        assert!(location.file().ends_with("mistakes.rs"), "node {} {} is of {location}", id.index(), node.op.name());
    }
}

#[test]
fn a_mistake_in_a_layer_names_the_layer_and_the_line_that_made_it() {
    let b = Builder::new();
    let x = b.input("x", ("batch", 3));
    let made = std::panic::Location::caller();
    {
        let _scope = b.scope("0", "affine 50", made);
        x.matmul(b.parameter("w", (4, 50)));
    }
    let found = mistakes(&b);
    let wanted = format!("where:    layer 0 (affine 50), {}:{}:{}", made.file(), made.line(), made.column());
    assert!(found.to_string().contains(&wanted), "{found}");
    assert!(found.to_string().contains("`0/w` (4, 50)"), "{found}");
}

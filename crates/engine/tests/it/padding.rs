//! What lies behind the columns of a row is no part of any result: a row that stands alone, read as something else.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Tensor, Var};

/// Rows whose ends fall within a cache line, at it, and behind it.
const WIDTHS: &[usize] = &[1, 7, 8, 9, 15, 16, 17, 33];

/// Runs what `describe` makes of `x`, a single row, and of a table of 4 rows at every level; compares with the interpreter.
fn agrees(x: &Tensor, describe: impl for<'b> Fn(Var<'b>, Var<'b>) -> Var<'b>) {
    let width = x.shape()[1];
    let b = Builder::new();
    let answer = describe(b.input("x", (1, width)), b.input("table", (4, 2)));
    let graph = b.finish([answer]).unwrap();
    let table = Tensor::new([4, 2], (0..8).map(|i| i as f32 - 20.0).collect::<Vec<_>>()).unwrap();
    let feeds = [("x", x), ("table", &table)];
    let feeds: Vec<(&str, &Tensor)> =
        feeds.into_iter().filter(|(name, _)| graph.fed().any(|(_, node)| node.name.as_deref() == Some(name))).collect();
    let answer = |mut session: Session| {
        let program = session.load(graph.clone());
        session.run(program, &feeds).unwrap().remove(0)
    };
    let wanted = answer(Session::reference(Precision::F32));
    for level in Level::available() {
        let found = answer(Session::new(Precision::F32).at_level(level));
        assert_eq!(found, wanted, "{width} numbers at {level}\n{}", graph.show());
    }
}

/// Such rows, stored as 64-bit and as 32-bit floats.
fn rows(number: impl Fn(usize) -> f64) -> Vec<Tensor> {
    let stored = |&width: &usize| {
        let numbers: Vec<f64> = (0..width).map(&number).collect();
        let floats: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        [Tensor::new([1, width], numbers).unwrap(), Tensor::new([1, width], floats).unwrap()]
    };
    WIDTHS.iter().flat_map(stored).collect()
}

#[test]
fn the_extremes_of_a_single_row_are_among_its_numbers() {
    // All are below 0, so that a 0 behind them would be the largest.
    for x in rows(|i| -2.0 - (i * 5 % 7) as f64) {
        agrees(&x, |x, _| x.max([0, 1]));
        agrees(&x, |x, _| (x + 0.5).max([0, 1]));
        agrees(&x, |x, _| (-x).min([0, 1]));
        agrees(&x, |x, _| (x + 0.5).sum([0, 1]));
        agrees(&x, |x, _| (x + 0.5).argmax([0, 1]));
        agrees(&x, |x, _| (x + 0.5).pad(1, 1, 1).max([0, 1]));
        agrees(&x, |x, _| (x + 0.5).concat([x], 1).max([0, 1]));
    }
}

#[test]
fn positions_in_a_single_row_are_as_many_as_it_has() {
    for x in rows(|i| (i % 3) as f64) {
        let width = x.shape()[1];
        agrees(&x, |x, table| table.gather(0, x.reshape(width)));
        agrees(&x, |x, table| table.gather(0, (x + 1.0).reshape(width)));
        agrees(&x, |x, table| (table * 2.0).gather(0, (x + 1.0).reshape(width)));
        agrees(&x, |x, table| (table * 2.0).gather(0, x + 1.0));
        agrees(&x, |x, _| (x + 1.0).reshape(width).one_hot(5));
        agrees(&x, |x, table| {
            let gathered = table.gather(0, (x + 1.0).reshape(width));
            x.builder().grad((gathered * gathered).sum_all(), &[table])[0]
        });
    }
}

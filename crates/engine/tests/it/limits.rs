//! Lists of non-zeros count in two and four bytes: sizes below, at and above what fits give the same answers.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_engine::kernels::Level;
use limpid_engine::{Precision, Session};
use limpid_graph::{Builder, Tensor};

const MOST: usize = 1 << 16;

/// Bytes of which one in a row is not zero: in the last columns, and in the first.
fn data(rows: usize, columns: usize) -> Tensor {
    let mut bytes = vec![0u8; rows * columns];
    for row in 0..rows {
        bytes[row * columns + (columns - 1 - row % columns)] = 1 + (row % 7) as u8;
    }
    Tensor::new([rows, columns], bytes).unwrap()
}

fn numbers(rows: usize, columns: usize) -> Tensor {
    let numbers = (0..rows * columns).map(|i| (i % 13) as f32 - 6.0).collect::<Vec<_>>();
    Tensor::new([rows, columns], numbers).unwrap()
}

/// The product of `x` and `w`, and the slope of half its squares' sum at `w`.
fn product_and_slope(mut session: Session, x: &Tensor, w: &Tensor) -> (Vec<f32>, Vec<f32>) {
    let b = Builder::new();
    let (x_of, w_of) = (b.input("x", ("rows", x.shape()[1])), b.parameter("w", (w.shape()[0], w.shape()[1])));
    let z = x_of.matmul(w_of);
    let slope = b.grad((z * z).sum_all() / 2.0, &[w_of])[0];
    let program = session.load(b.finish([z, slope]).unwrap());
    session.set("w", w.clone());
    let answers = session.run(program, &[("x", x)]).unwrap();
    (answers[0].to_f32(), answers[1].to_f32())
}

#[test]
fn as_many_columns_as_two_bytes_count_and_one_less_and_more() {
    for columns in [MOST - 1, MOST, MOST + 1] {
        let (x, w) = (data(5, columns), numbers(columns, 8));
        let wanted = product_and_slope(Session::reference(Precision::F32), &x, &w);
        for level in Level::available() {
            let found = product_and_slope(Session::new(Precision::F32).at_level(level), &x, &w);
            assert!(found == wanted, "{columns} columns at {level}");
        }
    }
}

#[test]
fn as_many_rows_as_two_bytes_count_and_one_less_and_more_where_lists_are_turned() {
    for rows in [MOST - 1, MOST, MOST + 1] {
        let (x, w) = (data(rows, 8), numbers(8, 256));
        let (z, slope) = product_and_slope(Session::new(Precision::F32), &x, &w);
        // Row r of x has one number, x[r, c], so that row r of z is x[r, c]·w[c], and row c of the slope Σ x[r, c]²·w[c].
        let (w, mut wanted) = (w.to_f32(), vec![0.0; 8]);
        for row in 0..rows {
            let (column, x) = (7 - row % 8, (1 + row % 7) as f32);
            assert!((0..256).all(|j| z[row * 256 + j] == x * w[column * 256 + j]), "{rows} rows: row {row}");
            wanted[column] += f64::from(x * x);
        }
        for (i, &slope) in slope.iter().enumerate() {
            let wanted = wanted[i / 256] * f64::from(w[i]);
            assert!((f64::from(slope) - wanted).abs() <= 1e-5 * wanted.abs(), "{rows} rows: {slope} for {wanted}");
        }
    }
}

//! Draws as values of a graph.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::op::{Class, IndexBox, STEPS_OF_THE_SECOND};
use limpid_graph::{Builder, Graph, Op, Stream, Tensor, interpret};

fn draws(graph: &Graph) -> usize {
    graph.nodes().filter(|(_, node)| node.op.class() == Class::Random).count()
}

#[test]
fn a_draw_depends_on_stream_step_and_place_alone() {
    let (stream, other) = (Stream::new(1, "a"), Stream::new(1, "b"));
    let b = Builder::new();
    let step = b.scalar("step");
    let x = b.input("x", ("batch", 3));
    let graph = b
        .finish([
            b.uniform(stream, &[step], x.shape()),
            b.uniform(stream, &[step], 6),
            b.uniform(other, &[step], 6),
            b.uniform(stream, &[step + 1.0], 6),
        ])
        .unwrap();
    let at = |step: f64| graph.run(&[("step", &step.into()), ("x", &Tensor::zeros([4, 3]))]).unwrap();
    let first = at(7.0);
    let wanted: Vec<f64> = (0..12).map(|i| f64::from(stream.uniform_f32(7, i))).collect();
    assert_eq!((first[0].shape(), first[0].to_f64()), (&[4, 3][..], wanted.clone()));
    assert_eq!(first[1].to_f64(), wanted[..6], "a larger batch draws the same numbers first");
    assert_ne!(first[2], first[1]);
    assert_eq!(first[3], at(8.0)[1]);
    assert_eq!(at(7.9), first, "a fraction is cut off");
    assert_eq!((&at(-3.0)[0], &at(f64::NAN)[0]), (&at(0.0)[0], &at(0.0)[0]));
}

#[test]
fn both_precisions_draw_the_same_numbers_and_steps_beyond_what_a_float_counts_differ() {
    let stream = Stream::new(1, "a");
    let b = Builder::new();
    let (low, high) = (b.scalar("low"), b.scalar("high"));
    let graph = b.finish([b.uniform(stream, &[low, high], 100)]).unwrap();
    let id = graph.outputs()[0];
    let mut seen = Vec::new();
    for step in [0, 1, STEPS_OF_THE_SECOND - 1, STEPS_OF_THE_SECOND, STEPS_OF_THE_SECOND + 1, 5 * STEPS_OF_THE_SECOND] {
        let (of_low, of_high) = ((step % STEPS_OF_THE_SECOND) as f32, (step / STEPS_OF_THE_SECOND) as f32);
        let (of_low, of_high) = (Tensor::scalar(f64::from(of_low)), Tensor::scalar(f64::from(of_high)));
        let feeds = [(low.id(), &of_low), (high.id(), &of_high)];
        let wide = interpret::<f64>(&graph, &feeds).unwrap().numbers(id).to_vec();
        let narrow: Vec<f64> =
            interpret::<f32>(&graph, &feeds).unwrap().numbers(id).iter().map(|&x| f64::from(x)).collect();
        assert_eq!(wide, (0..100).map(|i| f64::from(stream.uniform_f32(step, i))).collect::<Vec<_>>());
        assert_eq!(wide, narrow);
        assert!(!seen.contains(&wide), "step {step}");
        seen.push(wide);
    }
}

#[test]
fn no_derivative_reaches_the_step_or_stops_at_a_draw() {
    let b = Builder::new();
    let (x, step) = (b.input("x", 4), b.scalar("step"));
    let drawn = b.uniform(Stream::new(1, "a"), &[step * x.sum_all()], 4);
    let slopes = b.grad((x.square() * drawn).sum_all(), &[x, step]);
    let graph = b.finish([slopes[0], slopes[1], drawn]).unwrap();
    let values = graph.run(&[("x", &Tensor::from([1.0, -2.0, 3.0, 0.5])), ("step", &2.0.into())]).unwrap();
    let wanted: Vec<f64> =
        values[2].to_f64().iter().zip([1.0, -2.0, 3.0, 0.5]).map(|(drawn, x)| drawn * (2.0 * x)).collect();
    assert_eq!((values[0].to_f64(), values[1].item()), (wanted, Some(0.0)));
}

#[test]
fn equal_draws_become_one_and_none_becomes_a_constant() {
    let b = Builder::new();
    let (step, one) = (b.scalar("step"), b.constant(1.0));
    let draw = |purpose: &str, step| b.uniform(Stream::new(1, purpose), &[step], (50, 40));
    let graph =
        b.finish([draw("a", step) + draw("a", step), draw("b", step) + draw("a", one), draw("a", one).exp()]).unwrap();
    let simplified = graph.simplified().unwrap();
    assert_eq!((draws(&graph), draws(&simplified)), (5, 3), "{}", simplified.show());
    assert_eq!(graph.run(&[("step", &3.0.into())]), simplified.run(&[("step", &3.0.into())]));
    assert_eq!(simplified.show().nodes.iter().filter(|node| node.class == "Random").count(), 3);
}

#[test]
fn a_part_has_the_numbers_of_its_places_in_the_whole() {
    let b = Builder::new();
    let step = b.scalar("step");
    let graph = b.finish([b.uniform(Stream::new(1, "a"), &[step], (5, 6, 7))]).unwrap();
    let five = Tensor::scalar(5.0);
    let run = interpret::<f64>(&graph, &[(step.id(), &five)]).unwrap();
    let (id, part) = (graph.outputs()[0], IndexBox::new([1..3, 4..5, 2..7]));
    let all = run.numbers(id);
    let places = (1..3).flat_map(|i| (2..7).map(move |j| (i * 6 + 4) * 7 + j));
    let wanted: Vec<f64> = places.map(|place| all[place]).collect();
    let found = run.value_of_part(id, &part, &[(&IndexBox::new([]), &[5.0])]).unwrap();
    assert_eq!(found, wanted);
}

#[test]
fn a_listing_names_the_stream() {
    let b = Builder::new();
    let stream = Stream::new(1, "2/dropout");
    let graph = b.finish([b.uniform(stream, &[b.scalar("step")], ("batch", 3)) + b.input("x", ("batch", 3))]).unwrap();
    let listing = graph.show().to_string();
    assert!(listing.contains("uniform") && listing.contains(&format!("stream {stream}")), "{listing}");
    let Op::Random(random) = &graph.nodes().find(|(_, node)| node.op.class() == Class::Random).unwrap().1.op else {
        panic!("{listing}");
    };
    assert_eq!((random.stream, random.shape.to_string()), (stream, "(batch, 3)".to_string()));
}

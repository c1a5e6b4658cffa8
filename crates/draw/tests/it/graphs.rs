//! The computational graph drawn: nothing covers anything else, on a page or in a terminal; and what it looks like.
#![allow(clippy::unwrap_used)]

use limpid_draw::{Direction, GraphPicture, Step, text_cells};
use limpid_graph::show::Drawing;
use limpid_graph::{Builder, Formula, FormulaBody};

use crate::example_graphs::*;
use crate::support::random_graph::{Kind, random_graph};

/// Those with a name, and random ones.
fn drawings() -> Vec<(String, Drawing)> {
    let mut drawings = named();
    for seed in 0..60 {
        for kind in [Kind::Wild, Kind::WildWithGradient] {
            let random = random_graph(seed, kind);
            drawings.push((format!("random {seed} {kind:?}"), random.graph.show()));
        }
    }
    drawings
}

// ---- claims -------------------------------------------------------------------------------------------------------

#[test]
fn no_label_meets_another_or_a_node_and_no_node_another_on_a_page() {
    for (name, drawing) in drawings() {
        let pictures = pictures(&drawing).into_iter().flat_map(|(how, picture)| {
            let directions = [Direction::Right, Direction::Down];
            directions.map(|direction| (format!("{how} {direction:?}"), picture.clone().direction(direction)))
        });
        for (how, picture) in pictures {
            let (boxes, scene) = (picture.boxes(), picture.scene());
            let page = limpid_draw::Rect::new(0.0, 0.0, scene.width, scene.height).grown(0.01);
            let all: Vec<_> = boxes.nodes.iter().map(|(_, place)| *place).chain(boxes.labels).collect();
            for (i, a) in all.iter().enumerate() {
                assert!(a.corners().iter().all(|&corner| page.contains(corner)), "{name} {how}: {a:?} leaves {page:?}");
                assert!(all[..i].iter().all(|b| !a.overlaps(b)), "{name} {how}: {a:?} meets another");
            }
        }
    }
}

/// The same, of the texts that the scene really has; and lines keep away from them.
#[test]
fn in_the_scene_no_text_meets_another_a_nodes_edge_or_a_line() {
    for (name, drawing) in drawings().into_iter().take(25) {
        for direction in [Direction::Right, Direction::Down] {
            let picture = GraphPicture::new(&drawing).open_all().direction(direction);
            let (nodes, scene) = (picture.boxes().nodes, picture.scene());
            let texts = scene.labels();
            for (i, (text, place)) in texts.iter().enumerate() {
                let said = &text.content;
                let meets = texts[..i].iter().find(|(_, other)| place.overlaps(other));
                assert!(
                    meets.is_none(),
                    "{name} {direction:?}: {said} meets {:?}",
                    meets.map(|(text, _)| &text.content)
                );
                for (_, node) in &nodes {
                    let is_within = place.corners().iter().all(|&corner| node.grown(0.01).contains(corner));
                    let fits = !place.overlaps(node) || is_within;
                    assert!(fits, "{name} {direction:?}: {said} {place:?} and {node:?}");
                }
                let is_outside = nodes.iter().all(|(_, node)| !place.overlaps(node));
                for item in scene.items.iter().filter(|_| is_outside) {
                    let limpid_draw::Item::Path(path) = item else { continue };
                    let hit = path.points.windows(2).any(|ends| {
                        let at = |t: f64| std::array::from_fn(|i| ends[0][i] + t * (ends[1][i] - ends[0][i]));
                        (0..=50).any(|step| place.grown(-1.0).contains(at(f64::from(step) / 50.0)))
                    });
                    assert!(!hit, "{name} {direction:?}: a line runs through {said}");
                }
            }
        }
    }
}

#[test]
fn every_node_is_drawn_somewhere_when_everything_is_asked_for() {
    for (name, drawing) in drawings() {
        let boxes = GraphPicture::new(&drawing).open_all().everything().boxes();
        let mut drawn: Vec<usize> = boxes.nodes.iter().flat_map(|(members, _)| members.clone()).collect();
        drawn.sort_unstable();
        assert_eq!(drawn, (0..drawing.nodes.len()).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn no_line_of_a_terminal_is_longer_than_it_and_no_text_covers_another() {
    for (name, drawing) in drawings() {
        for (how, picture) in pictures(&drawing) {
            // Where a text is written over another, the terminal itself stops in debug builds.
            for columns in [40, 80, 132, 1000] {
                let text = picture.terminal(columns, false);
                let longest = text.lines().map(text_cells).max().unwrap_or(0);
                assert!(longest <= columns, "{name} {how} in {columns} columns: {longest}\n{text}");
            }
        }
    }
}

/// Texts that do not cover each other are all there.
#[test]
fn every_value_derivative_and_name_stands_whole_in_eighty_columns() {
    for (name, drawing) in drawings().into_iter().take(11) {
        let text = GraphPicture::new(&drawing).open_all().everything().digits(17).terminal(80, false);
        // Long ones go over several lines.
        let joined: String = text.chars().filter(|c| !c.is_whitespace() && *c != '│').collect();
        for node in &drawing.nodes {
            let single = |numbers: &Option<limpid_graph::show::Numbers>| {
                numbers.as_ref().filter(|numbers| numbers.shape.is_empty()).map(|numbers| numbers.text())
            };
            for part in [node.name.clone(), single(&node.value), single(&node.derivative)].into_iter().flatten() {
                let is_number = part.parse::<f64>().is_ok();
                let part: String = part.chars().filter(|c| !c.is_whitespace()).collect();
                let part = if is_number { part.replace('-', "−") } else { part };
                assert!(joined.contains(&part), "{name}: {part} is missing in\n{text}");
            }
        }
    }
}

#[test]
fn the_same_graph_gives_the_same_bytes() {
    let write = || {
        let (drawing, picture) = (fed(&loss(FIVE)), |d: &Drawing| GraphPicture::new(d).open_all().scene().svg());
        (picture(&drawing), GraphPicture::new(&drawing).terminal(80, true))
    };
    assert_eq!(write(), write());
}

#[test]
fn shops_are_drawn_from_left_to_right_in_eighty_columns() {
    for drawing in [apples(), traced(&shop(), &shop_feeds())] {
        let text = GraphPicture::new(&drawing).terminal(80, false);
        assert!(text.contains("▶"), "{text}");
    }
}

#[test]
fn a_layer_is_one_box_until_it_is_opened() {
    let drawing = fed(&loss(TWO));
    let folded = GraphPicture::new(&drawing);
    assert_eq!(folded.folded(), ["0", "1", "2"]);
    let opened = folded.clone().open("0");
    assert_eq!(opened.folded(), ["1", "2"]);
    assert!(opened.boxes().nodes.len() > folded.boxes().nodes.len());
    assert!(folded.clone().open_all().folded().is_empty());
}

#[test]
fn a_step_shows_what_is_known_then_and_moves_nothing() {
    let drawing = apples();
    let picture = GraphPicture::new(&drawing).digits(17);
    assert_eq!(picture.steps()[..2], [Step::Forward(3), Step::Forward(4)]);
    assert_eq!(picture.steps()[2..], [4, 3, 2, 0, 1].map(Step::Backward));
    let at = |step| picture.clone().at(step).scene().svg();
    let first = at(Step::Forward(3));
    assert!(first.contains(">200<") && !first.contains("220.00000000000003"));
    let middle = at(Step::Backward(3));
    assert!(
        middle.contains("220.00000000000003") && middle.contains(">1.1<") && !middle.contains("110.00000000000001")
    );
    for step in picture.steps() {
        assert_eq!(picture.clone().at(step).boxes(), picture.boxes());
        let lines = |text: String| text.lines().count();
        assert_eq!(lines(picture.clone().at(step).terminal(80, false)), lines(picture.terminal(80, false)), "{step:?}");
    }
}

#[test]
fn colours_in_a_terminal_change_nothing_but_colours() {
    let drawing = apples();
    let picture = GraphPicture::new(&drawing).at(Step::Forward(3));
    let (plain, coloured) = (picture.terminal(80, false), picture.terminal(80, true));
    assert!(!plain.contains('\u{1b}') && coloured.contains('\u{1b}'));
    let sequences = coloured.split('\u{1b}').map(|part| part.split_once('m').filter(|_| part.starts_with('[')));
    let mut parts = sequences.zip(coloured.split('\u{1b}')).map(|(cut, part)| cut.map_or(part, |(_, text)| text));
    assert_eq!(parts.by_ref().collect::<String>(), plain);
}

#[test]
fn numbers_have_as_many_digits_as_are_read_at_a_glance_and_all_when_told() {
    let drawing = apples();
    let picture = GraphPicture::new(&drawing);
    let short = picture.scene().svg();
    assert!(short.contains(">110<") && !short.contains("110.00000000000001"));
    assert!(picture.digits(17).scene().svg().contains(">110.00000000000001<"));
    let third = formula("x/3 - 1", &[1.0]);
    for (digits, wanted) in [(None, "−0.666667"), (Some(3), "−0.667"), (Some(17), "−0.6666666666666667")] {
        let picture = GraphPicture::new(&third);
        let picture = digits.map_or(picture.clone(), |digits| picture.clone().digits(digits));
        assert!(picture.terminal(80, false).contains(wanted), "{digits:?}");
        assert!(picture.scene().svg().contains(&format!(">{wanted}<")), "{digits:?}");
    }
}

#[test]
fn a_square_names_what_it_squares_and_no_x_that_is_something_else() {
    let named = formula("(x+y)^2", &[3.0, 4.0]);
    let text = GraphPicture::new(&named).terminal(80, false);
    assert!(text.contains("t²") || text.contains("(·)²"), "{text}");
    assert!(!text.contains("x²"), "{text}");
    let long = formula("price^2 + abs(price)", &[3.0]);
    let text = GraphPicture::new(&long).terminal(80, false);
    assert!(text.contains("(·)²") && text.contains("|·|"), "{text}");
}

/// An op's sign is the op's, not that of whatever has its name.
#[test]
fn a_users_formula_is_drawn_by_its_name_also_where_an_op_has_that_name() {
    for name in ["add", "square", "sum", "matmul", "broadcast"] {
        let b = Builder::new();
        let formula = Formula::new(name, |[x, y]: [FormulaBody; 2]| x * y);
        let graph = b.finish([formula.apply([b.scalar("x"), b.scalar("y")])]).unwrap();
        let svg = GraphPicture::new(&graph.show()).scene().svg();
        assert!(svg.contains(&format!(">{name}<")) && !svg.contains(">+<") && !svg.contains(">Σ<"), "{name}: {svg}");
    }
}

#[test]
fn a_graphs_svg_says_what_it_is_and_the_legend_what_the_derivatives_are_of() {
    let svg = GraphPicture::new(&apples()).scene().svg();
    let said = "computational graph of total from apple price, apple count, tax, with values and derivatives";
    assert!(
        svg.contains(&format!("aria-label=\"{said}\"")) && svg.contains(&format!("<title>{said}</title>")),
        "{svg}"
    );
    assert!(svg.contains("role=\"img\""));
    let text = GraphPicture::new(&fed(&loss(TWO))).terminal(200, false);
    assert!(text.contains("derivatives of loss"), "{text}");
}

#[test]
fn the_boxes_of_a_layers_backward_pass_say_so() {
    let drawing = step().show();
    let svg = GraphPicture::new(&drawing).scene().svg();
    for layer in ["layer 0", "layer 1", "layer 2"] {
        assert_eq!(svg.matches(&format!(">{layer}<")).count(), 1, "{layer}");
        assert_eq!(svg.matches(&format!(">{layer}, backward<")).count(), 1, "{layer}");
    }
}

#[test]
fn a_running_statistic_that_is_not_read_is_no_line_out_of_its_layer() {
    let drawing = loss("1x6x6, conv 2 3x3, residual(batch-norm, relu, conv 2 3x3 pad=1), batch-norm, affine 2").show();
    let svg = GraphPicture::new(&drawing).scene().svg();
    assert!(svg.contains(">(batch, 2, 4, 4)<") && svg.contains(">batch-norm<"), "{svg}");
    assert!(!svg.contains(">(2,)<"), "{svg}");
}

#[test]
fn an_empty_graph_is_an_empty_picture() {
    let drawing = Builder::new().finish([]).unwrap().show();
    assert!(GraphPicture::new(&drawing).scene().svg().starts_with("<svg"));
    assert_eq!(GraphPicture::new(&drawing).terminal(80, false), "");
}

#[test]
fn a_drawing_that_no_graph_has_is_an_empty_picture_not_a_panic() {
    let spoil: [fn(&mut Drawing); 5] = [
        |drawing| drawing.nodes[3].inputs[0] = 7,
        |drawing| drawing.nodes[3].inputs[0] = 3,
        |drawing| drawing.outputs.push(99),
        |drawing| drawing.nodes.swap(0, 1),
        |drawing| drawing.nodes.truncate(2),
    ];
    for spoil in spoil {
        let mut drawing = apples();
        spoil(&mut drawing);
        assert_eq!(GraphPicture::new(&drawing).terminal(80, false), "");
        assert!(GraphPicture::new(&drawing).boxes().nodes.is_empty());
    }
}

#[test]
fn names_in_any_script_and_of_any_length_have_their_room() {
    let b = Builder::new();
    let (x, y) = (b.scalar("りんごの値段"), b.scalar(&"a very long name ".repeat(12)));
    let graph = b.finish([(x * y).named("合計")]).unwrap();
    let drawing = traced(&graph, &[2.0.into(), 1e300.into()]);
    for columns in [40, 80, 400] {
        let text = GraphPicture::new(&drawing).terminal(columns, false);
        assert!(text.contains("りんごの値段") && text.lines().all(|line| text_cells(line) <= columns), "{text}");
    }
    assert!(GraphPicture::new(&drawing).scene().svg().contains("2×10³⁰⁰"));
}

// ---- pictures -----------------------------------------------------------------------------------------------------

#[test]
fn pictures_of_the_notes() {
    let wanted = ["k2", "k3", "k5-exercise", "k1-square", "two-layers"];
    for (name, drawing) in drawings().into_iter().filter(|(name, _)| wanted.contains(&name.as_str())) {
        let picture = GraphPicture::new(&drawing).title(name.as_str());
        insta::assert_snapshot!(format!("{name}.terminal"), picture.terminal(80, false));
        insta::assert_snapshot!(format!("{name}.svg"), picture.scene().svg());
    }
}

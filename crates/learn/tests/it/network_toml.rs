//! Networks as TOML: the same networks as text, and every mistake at once.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use limpid_graph::{Stream, Var};
use limpid_learn::{Choice, Context, Layer, Model, Network, Registry, Setting, SettingKind, layer_choices};

fn told(toml: &str) -> String {
    Network::from_toml(toml).and_then(|network| network.variables()).unwrap_err().to_string()
}

fn written(toml: &str) -> String {
    Network::from_toml(toml).unwrap_or_else(|error| panic!("{error}\n{toml}")).to_string()
}

/// Values that a setting may have, as text has them.
fn values(setting: &Setting) -> Vec<String> {
    let alone: &[&str] = match setting.kind {
        SettingKind::Count { .. } => &["2", "3"],
        SettingKind::Pair { least: 0, .. } => &["0", "1", "0x2"],
        SettingKind::Pair { .. } => &["1", "2", "1x2"],
        SettingKind::Padding => &["0", "2", "0x1", "same"],
        SettingKind::Number { .. } | SettingKind::Optional { .. } => &["0.25", "0.5", "1e-8"],
        SettingKind::Flag => return vec![setting.name.to_string()],
        SettingKind::Initializer(_) => &["he", "normal(0.5)", "fan-in", "zeros"],
    };
    alone.iter().map(|value| format!("{}={value}", setting.name)).collect()
}

/// A layer of a row with some of its settings, those that it needs among them.
fn drawn(row: &Choice<Box<dyn Layer>>, draw: &mut impl FnMut(usize) -> usize) -> String {
    let needed = |setting: &Setting| {
        matches!(setting.kind, SettingKind::Count { default: None, .. } | SettingKind::Pair { needed: true, .. })
    };
    let mut text = row.name.to_string();
    for setting in row.settings {
        let values = values(setting);
        if needed(setting) || draw(2) == 0 {
            text += &format!(" {}", values[draw(values.len())]);
        }
    }
    text
}

/// Some layers, with others in them.
fn layers(depth: usize, draw: &mut impl FnMut(usize) -> usize) -> String {
    let rows: Vec<_> = layer_choices().collect();
    let count = 1 + draw(3);
    let mut texts = Vec::new();
    for _ in 0..count {
        let row = rows[draw(rows.len())];
        let inside = |draw: &mut _| if depth == 0 { "identity".to_string() } else { layers(depth - 1, draw) };
        texts.push(match row.name {
            "residual" => format!("residual({})", inside(draw)),
            "branches" => {
                let branches: Vec<String> = (0..1 + draw(3)).map(|_| inside(draw)).collect();
                format!("branches({})", branches.join(" | "))
            }
            _ => drawn(row, draw),
        });
    }
    texts.join(", ")
}

fn same_after_a_round_trip(text: &str) {
    let network: Network = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let toml = network.to_toml();
    assert_eq!(written(&toml), network.to_string(), "{toml}");
    assert_eq!(Network::from_toml(&toml).unwrap().to_toml(), toml);
}

#[test]
fn every_layer_with_every_value_of_its_settings_is_the_same_after_a_round_trip() {
    for row in layer_choices() {
        same_after_a_round_trip(&format!("1x8x8, {}", row.example));
        for value in row.settings.iter().flat_map(values) {
            let setting = value.split('=').next().unwrap();
            let needed: Vec<String> = row
                .settings
                .iter()
                .filter(|other| other.name != setting)
                .map(values)
                .zip(row.settings.iter().filter(|other| other.name != setting))
                .filter(|(_, other)| other.positional)
                .map(|(values, _)| values[0].clone())
                .collect();
            same_after_a_round_trip(&format!("1x8x8, {} {} {value}", row.name, needed.join(" ")));
        }
    }
}

#[test]
fn random_networks_are_the_same_after_a_round_trip() {
    for seed in 0..300 {
        let stream = Stream::new(seed, "networks");
        let mut at = 0;
        let mut draw = |bound: usize| {
            at += 1;
            stream.below(0, at, bound as u64) as usize
        };
        let text = format!("{}, {}", ["784", "1x28x28", "3x5"][draw(3)], layers(3, &mut draw));
        same_after_a_round_trip(&text);
    }
}

const WHOLE: &str = r#"
# A network of images.
input = [1, 28, 28]

[[layer]]
kind = "conv"
filters = 30
kernel = [5, 5]
padding = 1
stride = [1, 2]
bias = false

[[layer]]
kind = "ReLU"

[[layer]]
kind = "residual"
  [[layer.layer]]
  kind = "conv2d"
  filters = 30
  kernel = 3
  pad = "same"
  init = "normal(0.01)"

[[layer]]
kind = "branches"
  [[layer.branch]]
    [[layer.branch.layer]]
    kind = "max_pool"
    size = 2

    [[layer.branch.layer]]
    kind = "dropout"
    rate = 0.25
  [[layer.branch]]
  layer = [{ kind = "average-pool", size = [2, 2], exclude-padding = true }]

[[layer]]
kind = "affine"
outputs = 10
"#;

#[test]
fn tables_inline_tables_names_of_other_programs_and_comments_are_read() {
    let text = "1x28x28, conv 30 5x5 stride=1x2 pad=1 no-bias, relu, residual(conv 30 3x3 pad=same init=normal(0.01)), \
                branches(max-pool 2, dropout 0.25 | average-pool 2 exclude-padding), affine 10";
    assert_eq!(written(WHOLE), text);
    let inline = r#"
        input = "1x28x28"
        layer = [
            { kind = "conv", filters = 0x1e, kernel = "5x5", stride = "1x2", pad = [1, 1], no-bias = true },
            { kind = "relu" },
            { kind = "residual", layer = [{ kind = "conv", filters = 30, kernel = [3, 3], pad = "same", initializer = "normal(0.01)" }] },
            { kind = "branches", branch = [
                [{ kind = "max-pool", size = 2 }, { kind = "dropout", rate = 0.25 }],
                [{ kind = "avg-pool", size = 2, exclude-padding = true }],
            ] },
            { kind = "linear", outputs = 10 },
        ]"#;
    assert_eq!(written(inline), text);
    let network = Network::from_toml(WHOLE).unwrap();
    assert_eq!(network.parameter_names().unwrap(), text.parse::<Network>().unwrap().parameter_names().unwrap());
    Model::new(&network, 1).unwrap();
}

#[test]
fn a_network_is_written_as_people_write_it() {
    insta::assert_snapshot!(Network::from_toml(WHOLE).unwrap().to_toml());
    assert_eq!(
        "784, affine 10".parse::<Network>().unwrap().to_toml(),
        "input = 784\n\n[[layer]]\nkind = \"affine\"\noutputs = 10\n"
    );
}

#[test]
fn every_mistake_is_told_at_once_with_its_line_and_what_would_fit() {
    let wrong = r#"
inptu = [1, 28, 28]
[[layer]]
kind = "conf"
[[layer]]
kind = "conv"
filters = 0
kernel = [5, 5, 5]
paddin = 1
[[layer]]
kind = "conv"
filters = 1.5
kernel = 3
stride = true
bias = "no"
[[layer]]
outputs = 10
[[layer]]
kind = "affine"
[[layer]]
kind = "residual"
[[layer]]
kind = "branches"
branch = [[{ kind = "tanhh" }], { layers = [] }, []]
[[layer]]
kind = "dropout"
rate = 1.5
"#;
    insta::assert_snapshot!(told(wrong));
}

#[test]
fn layers_that_do_not_fit_and_notes_have_their_line() {
    let wrong = "input = [3, 6, 6]\n[[layer]]\nkind = \"conv\"\nfilters = 4\nkernel = 9\n\n[[layer]]\nkind = \"residual\"\n\
                 layer = [{ kind = \"group-norm\", groups = 3 }]\n";
    let message = told(wrong);
    for wanted in [
        "a kernel of 9x9 is larger than its padded input of 6x6",
        "(line 3, column 1)\n  kind = \"conv\"\n  ^^^^^^^^^^^^^",
        "3 groups do not divide 4 channels; expected: 1, 2 or 4 groups (line 9, column 12)",
    ] {
        assert!(message.contains(wanted), "{message}");
    }
    let pooled = Network::from_toml("input = [1, 7, 7]\n[[layer]]\nkind = \"max-pool\"\nsize = 2\n").unwrap();
    assert!(pooled.notes().unwrap()[0].ends_with("would use all (line 3, column 1)"), "{:?}", pooled.notes());
}

#[test]
fn what_is_no_toml_or_no_network_is_told_and_never_a_panic() {
    let deep = |depth: usize| {
        format!("input = 1\nlayer = {}{}", "[{ kind = \"residual\", layer = ".repeat(depth), " }]".repeat(depth))
    };
    let table = [
        ("", "the extents of a sample are missing, such as `input = 784`"),
        ("input = 784", "there is no layer; a layer is a table `[[layer]]`"),
        ("input = 0\nlayer = 3", "`input` takes the extents of a sample"),
        ("input = 784\nlayer = []", "there is no layer"),
        ("input = [1, 28, 28\n[[layer]]", "unclosed array, expected `]` (line 2, column 10)"),
        ("input = 784\n[layer]\nkind = \"affine\"\noutputs = 3", "a layer is a table `[[layer]]`"),
        ("input = 784\nlayer = [3, \"relu\"]", "2 mistakes"),
        ("input = 784\n[[layer]]\nkind = 3", "`kind` takes a layer's name"),
        ("input = 784\n[[layer]]\nkind = \"relu\"\n\n[trian]\nepochs = 3", "a network has no `trian`"),
        ("input = 99999999999999999999", "input"),
        ("input = [100000, 100000]\nlayer=[{kind=\"relu\"}]", "more than 16777216 numbers is not supported"),
        (
            "input = 784\n[[layer]]\nkind = \"affine\"\noutputs = 1979-05-27",
            "takes the number of its outputs, such as `outputs = 50`",
        ),
        ("input = 784\n[[layer]]\nkind = \"affine\"\noutputs = 3\nOutputs = 4", "does not take `"),
        ("input = 784\n[[layer]]\nkind = \"elu\"\nalpha = nan", "`alpha` takes a number"),
        ("784, affine 10", "(line 1, column"),
        ("é = \"\u{1F600}", "(line 1, column"),
    ];
    for (toml, wanted) in table {
        let message = told(toml);
        assert!(message.contains(wanted), "{toml:?} gives: {message}");
    }
    for depth in [40, 100, 10_000] {
        assert!(!told(&deep(depth)).is_empty());
        assert!(!told(&format!("{} = 3", vec!["layer"; depth].join("."))).is_empty());
    }
}

#[test]
fn documents_with_bytes_changed_are_read_or_told_and_never_a_panic() {
    let mut read = 0;
    for seed in 0..3000 {
        let stream = Stream::new(seed, "changes");
        let mut bytes = WHOLE.as_bytes().to_vec();
        for i in 0..1 + stream.below(0, 0, 3) {
            let at = stream.below(1, i, bytes.len() as u64) as usize;
            match stream.below(2, i, 3) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, b"[]{}=\"'.,#\n x0-"[stream.below(3, i, 15) as usize]),
                _ => bytes[at] = stream.below(4, i, 128) as u8,
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        match Network::from_toml(&text) {
            Ok(network) => {
                assert_eq!(written(&network.to_toml()), network.to_string());
                read += 1;
            }
            Err(error) => assert!(error.to_string().contains("(line "), "{error}"),
        }
    }
    assert!((100..2900).contains(&read), "{read}");
}

/// Multiplies by a number.
#[derive(Debug)]
struct Times(f64);

impl Layer for Times {
    fn text(&self) -> String {
        format!("times {}", self.0)
    }

    fn forward<'b>(&self, x: Var<'b>, _: &Context<'b>) -> Var<'b> {
        x * self.0
    }
}

#[test]
fn layers_of_ones_own_take_their_words_as_arguments() {
    let registry = Registry::new().layer("times", |words| match words {
        [factor] => Ok(Box::new(Times(factor.parse().map_err(|_| "expected a number")?))),
        _ => Err("expected one number, such as `times 2`".to_string()),
    });
    let network = registry.network("3, times 2.5, residual(times -1)").unwrap();
    let toml = network.to_toml();
    assert!(toml.contains("kind = \"times\"\narguments = [\"2.5\"]\n"), "{toml}");
    assert_eq!(registry.network_from_toml(&toml).unwrap().to_string(), network.to_string());
    let told =
        |layer: &str| registry.network_from_toml(&format!("input = 3\nlayer = [{layer}]")).map(|n| n.to_string());
    assert_eq!(told("{ kind = \"times\", arguments = 2 }").unwrap(), "3, times 2");
    let message = told("{ kind = \"times\", factor = 2 }").unwrap_err().to_string();
    assert!(message.contains("the layer `times` has no `factor`; it has `kind` and `arguments`"), "{message}");
    assert!(message.contains("layer `times`: expected one number"), "{message}");
}

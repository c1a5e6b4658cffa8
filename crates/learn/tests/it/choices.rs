//! Every row of the tables of layers, optimizers, losses and initializers.

use limpid_graph::{Tensor, Var};
use limpid_learn::{
    Choice, Context, Dataset, FitOptions, Initializer, Loss, Model, Momentum, Network, Optimizer, Setting, SettingKind,
    initializer_choices, layer_choices, loss_choices, optimizer, optimizer_choices,
};

fn said(text: &str) -> String {
    optimizer(text).map(|optimizer| optimizer.text()).unwrap_or_else(|error| error.to_string())
}

/// The settings of a row that are numbers.
fn numbers<T>(row: &'static Choice<T>) -> impl Iterator<Item = &'static Setting> {
    row.settings.iter().filter(|setting| matches!(setting.kind, SettingKind::Number { .. }))
}

#[test]
fn every_row_is_found_by_its_names_and_its_text_is_read_back() {
    for row in layer_choices() {
        for name in [row.name].iter().chain(row.aliases) {
            let text = format!("5, {}", row.example.replacen(row.name, name, 1));
            assert_eq!(text.parse::<Network>().unwrap().to_string(), format!("5, {}", row.example));
        }
    }
    for row in optimizer_choices() {
        assert_eq!(said(row.name), row.name);
        let text = said(row.example);
        assert_eq!(said(&text), text, "{}", row.example);
        assert_eq!(row.usual().unwrap().text(), row.name);
        assert!(row.usual().unwrap().check().is_ok());
    }
    for row in loss_choices() {
        for name in [row.name].iter().chain(row.aliases) {
            assert_eq!(name.parse::<Loss>().unwrap().to_string(), row.name);
        }
    }
    for row in initializer_choices() {
        assert_eq!(row.example.parse::<Initializer>().unwrap().to_string(), row.example);
    }
}

#[test]
fn every_number_of_every_optimizer_is_read_by_its_name_and_refused_out_of_its_range() {
    for row in optimizer_choices() {
        for setting in numbers(row) {
            let text = |value: &str| format!("{} {}={value}", row.name, setting.name);
            let given = optimizer(&text("0.25")).unwrap();
            assert_eq!(given.setting(setting.name), Some(0.25), "{}", text("0.25"));
            assert_eq!(said(&given.text()), given.text());
            for wrong in ["-0.5", "x", "nan", "inf"] {
                let message = said(&text(wrong));
                assert!(message.contains(&format!("  {}\n", text(wrong))), "{message}");
            }
            assert!(said(&text("")).starts_with(&format!("`{0}` takes a value, as in `{0}=…`", setting.name)));
        }
        let message = said(&format!("{} nonsense=1", row.name));
        assert!(message.starts_with(&format!("the optimizer `{}` does not take `nonsense=1`", row.name)), "{message}");
    }
}

#[test]
fn every_optimizer_learns() {
    let data = Dataset::new(Tensor::from([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]), Tensor::from([0u8, 1, 0])).unwrap();
    let network: Network = "2, affine 4, tanh, affine 2".parse().unwrap();
    for text in optimizer_choices().flat_map(|row| [row.name, row.example]) {
        let fit = FitOptions { epochs: 100, optimizer: optimizer(text).unwrap(), ..FitOptions::default() };
        let history = Model::new(&network, 1).unwrap().fit(&data, &fit).unwrap();
        let (first, last) = (history.epochs[0].train_loss, history.epochs[100].train_loss);
        assert!(last < 0.9 * first, "{text}: {first} to {last}");
    }
}

#[test]
fn an_optimizers_text_says_its_settings_in_any_usual_way() {
    let table = [
        ("adam beta1=0.9", "adam"),
        ("adam beta2=0.99 beta1=0.8", "adam beta1=0.8 beta2=0.99"),
        ("momentum 0.9 nesterov", "nesterov"),
        ("momentum nesterov 0.8", "nesterov 0.8"),
        ("momentum momentum=0.5", "momentum 0.5"),
        ("nesterov 0.5", "nesterov 0.5"),
        ("sgd momentum=0.9", "momentum"),
        ("sgd momentum=0.8 nesterov", "nesterov 0.8"),
        ("sgd momentum=0", "sgd"),
        ("  SGD ", "sgd"),
    ];
    for (text, wanted) in table {
        assert_eq!(said(text), wanted, "{text}");
    }
    let nesterov = optimizer("sgd momentum=0.8 nesterov").unwrap();
    assert_eq!(format!("{nesterov:?}"), format!("{:?}", Momentum { momentum: 0.8, nesterov: true }));
}

#[test]
fn a_wrong_optimizers_text_is_answered_with_the_place_and_what_fits() {
    let table = [
        ("adm", "unknown optimizer `adm`, did you mean `adam`? There are: sgd, momentum, nesterov, adam"),
        ("", "unknown optimizer ``; there are: sgd, momentum, nesterov, adam"),
        ("adam beta3=0.9", "the optimizer `adam` does not take `beta3=0.9`, did you mean `beta2`? (line 1, column 6)"),
        ("adam beta1=1", "Adam's beta1 is 1.0; use a number from 0 to below 1 (line 1, column 12)"),
        ("adam epsilon=0", "Adam's epsilon is 0.0; use a small number above 0, such as 1e-8"),
        ("adam 0.9", "the optimizer `adam` does not take `0.9`"),
        ("momentum 1", "the momentum is 1.0; use a number from 0 to below 1 (line 1, column 10)"),
        ("momentum 0.9 0.8", "the optimizer `momentum` does not take `0.8`"),
        ("momentum 0.9 momentum=0.8", "the optimizer `momentum` does not take `0.9`"),
        ("momentum 0.9 nestrov", "the optimizer `momentum` does not take `nestrov`, did you mean `nesterov`?"),
        ("momentum nestrov", "the optimizer `momentum` does not take `nestrov`, did you mean `nesterov`?"),
        ("adam beta1=0.9 beta1=0.8", "the optimizer `adam` does not take `beta1=0.8`; give each setting once"),
        ("sgd nesterov", "nesterov needs a momentum; use `sgd momentum=0.9 nesterov`"),
    ];
    for (text, wanted) in table {
        let message = said(text);
        assert!(message.starts_with(wanted), "{text:?} gives: {message}");
    }
    assert!(said("adam beta3=0.9").ends_with("  adam beta3=0.9\n       ^^^^^^^^^"));
}

/// An optimizer of a program's own with a name of limpid's.
#[derive(Debug)]
struct Namesake(&'static str);

impl Optimizer for Namesake {
    fn name(&self) -> &'static str {
        self.0
    }

    fn update<'b>(&self, context: &Context<'b>, parameter: Var<'b>, gradient: Var<'b>) {
        context.update(parameter, parameter - context.learning_rate() * gradient);
    }
}

#[test]
fn an_optimizer_of_limpids_knows_its_row_and_one_of_your_own_has_none() {
    for row in optimizer_choices() {
        let found = row.usual().unwrap().choice().map(|row| row.name);
        assert_eq!(found, Some(row.name));
        assert!(Namesake(row.name).choice().is_none(), "{}", row.name);
    }
}

//! What chapter 7 says of over-fitting, its remedies, bias, search and training that does not move, is what its programs
//! print: not their digits, which are a training's, but which of them is larger.
#![allow(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]

use crate::stops::{line, numbers, printed};

#[test]
fn three_hundred_digits_are_learned_by_heart_and_more_are_not() {
    let text = printed("7.1");
    let shares = |digits: &str| {
        let found = numbers(&line(&text, &format!("{digits} digits:")).replace("10,000", ""));
        (found[0], found[1])
    };
    let (by_heart, others) = shares("300");
    assert!(by_heart == 100.0 && others < 85.0, "{by_heart}, {others}");
    let gaps = ["300", "1000", "3000", "10000", "60000"].map(|digits| shares(digits).0 - shares(digits).1);
    assert!(gaps.windows(2).all(|pair| pair[1] < pair[0]) && gaps[4] < 2.0, "{gaps:?}");
}

#[test]
fn each_remedy_helps_digits_that_were_not_learned_from() {
    let text = format!("\n{}", printed("7.2"));
    // The share that is right, and the loss, of the digits that were not learned from.
    let others = |remedy: &str| {
        let from = text.find(&format!("\n{remedy}")).unwrap_or_else(|| panic!("{remedy}: {text}"));
        let found = numbers(&line(&text[from..], "10,000 others:"));
        (found[0], found[1])
    };
    let (right, loss) = others("nothing");
    assert!(others("weight decay").1 < loss - 0.1);
    for remedy in ["dropout", "changed pictures", "all three", "3,000 digits"] {
        assert!(others(remedy).0 > right, "{remedy}: {:?} and {right}", others(remedy));
    }
    assert!(others("changed pictures").0 > right + 5.0 && others("3,000 digits").0 > others("changed pictures").0);
}

#[test]
fn a_shadow_is_learned_instead_of_the_digit_and_unlearned_where_it_says_nothing() {
    let text = printed("7.3");
    // Of digits as they are, and of those with a shadow: the share of the 5s that is called a 5, and that of the others.
    let called = |shadows: &str| {
        let from = text.find(&format!("learned with shadows {shadows}:")).unwrap();
        ["digits as they are:", "digits all with a shadow:"].map(|digits| {
            let found = numbers(&line(&text[from..], digits).replace("a 5", "").replace("5s", ""));
            (found[0], found[1])
        })
    };
    let [plain, _] = called("nowhere");
    assert!(plain.0 > 80.0 && plain.1 < 3.0, "{plain:?}");
    let [plain, shadowed] = called("behind every 5");
    assert!(plain.0 < 50.0 && shadowed.0 > 95.0 && shadowed.1 > 20.0, "{plain:?}, {shadowed:?}");
    for digits in called("behind every second digit") {
        assert!(digits.0 > 80.0 && digits.1 < 3.0, "{digits:?}");
    }
}

#[test]
fn a_search_by_chance_finds_settings_that_are_good_on_digits_it_has_not_seen() {
    let text = printed("7.4");
    let lines = || text.lines().map(str::trim).filter(|line| line.starts_with("0."));
    let shares: Vec<f64> = lines().filter(|line| line.contains("held out:")).map(|line| numbers(line)[0]).collect();
    let test = lines().find(|line| line.contains("10,000 test digits")).map(|line| numbers(line)[0]).unwrap();
    assert_eq!(shares.len(), 6, "{text}");
    assert!(shares[0] > 0.85 && shares[5] < 0.3 && test > 0.88, "{shares:?}, {test}");
}

#[test]
fn neighbours_and_support_vectors_stand_where_the_literature_has_them() {
    // LeCun et al. 1998 have about 12 % of mistakes for a linear classifier, and some 3 to 5 % for nearest neighbours.
    let text = printed("6.5");
    let share = |method: &str| numbers(&line(&text, method))[0];
    let (machine, regression, layers) =
        (share("linear support-vector machine"), share("softmax regression"), share("network of two layers"));
    assert!((0.90..0.93).contains(&machine) && (0.91..0.93).contains(&regression) && layers > 0.96, "{text}");
    let neighbours = printed("6.3");
    for k in [" 1", " 3", " 5", "10"] {
        let share = numbers(&line(&neighbours, &format!("k = {k}: accuracy")))[0];
        assert!((0.965..0.975).contains(&share), "{k}: {share}");
    }
}

#[test]
fn derivatives_tell_a_plateau_from_a_gradient_that_vanishes() {
    let text = printed("7.5");
    let by_layer = |name: &str| {
        let from = text.find(&format!("{name}: the loss")).unwrap();
        numbers(&line(&text[from..], "derivatives by layer, before the first step:"))
    };
    let vanishing = by_layer("vanishing");
    assert!(vanishing.windows(2).all(|pair| pair[0] < 0.5 * pair[1]) && vanishing[0] < 1e-3 * vanishing[5]);
    let plateau = by_layer("plateau");
    assert!(plateau.iter().all(|&slope| slope < 1e-3) && plateau[0] > 0.05 * plateau[2], "{plateau:?}");
    let falls = |name: &str| line(&text, &format!("{name}: the loss"));
    assert!(falls("vanishing, with momentum").contains("never") && falls("vanishing").contains("never"));
    let steps = |name: &str| numbers(&falls(name))[1];
    assert!(steps("plateau, with momentum") < steps("plateau"));
    assert!(steps("as deep, ReLU and He's weights") < steps("plateau"));
}

//! CONTRIBUTING.md says that an op, a layer and an optimizer are one row each, with an implementation in the same file, and
//! a rearrangement some lines in one file. This adds what the page shows to a copy of the crates, and runs the crates' own
//! checks of all rows and kinds on it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checks of every row, rearrangement and monoid.
const CHECKS: [&str; 3] = ["axes", "gradients", "map_table"];

/// A monoid in the way in which the page shows a rearrangement: the logarithm of a sum of exponentials.
const MONOID: &str = r#"
 pub enum Monoid {
+    /// ln(e^a + e^b); of none, −∞.
+    LogSumExp,
-    pub const ALL: &[Self] = &[Self::Sum, Self::Max, Self::Min];
+    pub const ALL: &[Self] = &[Self::Sum, Self::Max, Self::Min, Self::LogSumExp];
     pub fn name(self) -> &'static str {
         match self {
+            Self::LogSumExp => "log_sum_exp",
     pub fn picks_one(self) -> bool {
         match self {
+            Self::LogSumExp => false,
     pub fn neutral<T: Lane>(self) -> T {
         match self {
+            Self::LogSumExp => T::of(f64::NEG_INFINITY),
     pub fn join<T: Lane>(self, a: T, b: T) -> T {
         match self {
+            Self::LogSumExp => {
+                let (low, high) = (T::select(a.less(b), a, b), T::select(a.less(b), b, a));
+                T::select(low.equal(high), high + T::of(std::f64::consts::LN_2), high + (low - high).exp().ln_1p())
+            }
     pub(super) fn gradient<'b>(&self, input: Var<'b>, result: Var<'b>, up: Var<'b>) -> Gradient<'b> {
         match self.monoid {
+            Monoid::LogSumExp => (spread(up) * (input - spread(result)).exp()).into(),
"#;

/// One copy for all: each crate is compiled once.
#[test]
fn a_row_or_some_lines_in_one_file_are_all_it_takes_to_add_an_op_a_layer_or_an_optimizer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["tensor", "graph", "engine", "learn"] {
        copy_crate(&root, copy.path(), name);
    }
    fs::create_dir_all(copy.path().join("crates/graph/tests")).unwrap();
    copy_folder(&root.join("crates/graph/tests/support"), &copy.path().join("crates/graph/tests/support"));
    copy_checks(&root, copy.path(), "graph", &CHECKS, "#[path = \"../support/mod.rs\"]\nmod support;\n");
    let support = "#[path = \"../../../graph/tests/support/mod.rs\"]\nmod support;\n";
    copy_checks(&root, copy.path(), "engine", &["every_kind"], support);
    copy_checks(&root, copy.path(), "learn", &["choices", "gradients_of_layers"], "");
    copy_workspace(&root, copy.path());
    add_ops(&page, &copy.path().join("crates/graph/src"));
    add_choices(&page, &copy.path().join("crates/learn/src/describe"));

    let said = checked(copy.path(), &["limpid-graph", "limpid-engine", "limpid-learn"]);
    // What each crate's tests printed.
    let parts: Vec<&str> = said.split("\nrunning ").collect();
    let new: [&[&str]; 3] = [
        &["cube", "Flip", "log_sum_exp"],
        &["Flip", "LogSumExp"],
        &["times factor=3", "choices::every_optimizer_learns ... ok"],
    ];
    for new in new {
        let checked = parts.iter().any(|part| new.iter().all(|new| part.contains(new)));
        assert!(checked, "{new:?} are not among what the tests of a crate checked:\n{said}");
    }
}

/// Adds the page's row of the Map table and its rearrangement, and a monoid, to the files of their classes.
fn add_ops(page: &str, graph: &Path) {
    let table = graph.join("map/table.rs");
    let before = fs::read_to_string(&table).unwrap();
    let (rows, end) = before.rsplit_once('}').unwrap();
    fs::write(&table, format!("{rows}{}}}{end}", block_of(page, "row"))).unwrap();
    for (file, lines) in [("layout.rs", &*block_of(page, "layout")), ("reduce.rs", MONOID)] {
        let file = graph.join("op").join(file);
        fs::write(&file, with_lines(&fs::read_to_string(&file).unwrap(), lines)).unwrap();
    }
}

/// Adds the page's layer and optimizer, each a row of its table and an implementation below.
fn add_choices(page: &str, describe: &Path) {
    let add = |file: &str, table: &str, row: &str, implementation: &str| {
        let before = fs::read_to_string(describe.join(file)).unwrap();
        let (head, rest) = before.split_once(table).unwrap();
        let (rows, end) = rest.split_once("\n];\n").unwrap();
        let (row, implementation) = (block_of(page, row), block_of(page, implementation));
        fs::write(describe.join(file), format!("{head}{table}{rows}\n{row}];\n{end}\n{implementation}")).unwrap();
    };
    add("layers.rs", "static ACTIVATIONS_WITH_SETTINGS", "layer row", "layer");
    add("optimizers.rs", "static OPTIMIZERS", "optimizer row", "optimizer");
}

/// Runs the copied crates' checks; answers what they said.
fn checked(copy: &Path, packages: &[&str]) -> String {
    // Other crates are compiled as for any program without a profile of its own, and are shared with those.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..");
    let run = Command::new(env!("CARGO"))
        .args(["test", "--offline"])
        .args(packages.iter().flat_map(|package| ["-p", package]))
        .args(["--test", "it", "--", "--nocapture", "--test-threads", "1"])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        // The checks take no time; compiling does.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    said
}

/// The fenced block under the mark `<!-- test: NAME -->`.
fn block_of(page: &str, name: &str) -> String {
    let (_, marked) = page.split_once(&format!("<!-- test: {name} -->")).expect("the mark above the block");
    let (_, block) = marked.split_once("```").expect("a fenced block under the mark");
    let (block, _) = block.split_once("```").expect("the end of the block");
    block.split_once('\n').expect("lines").1.to_string()
}

/// The text with the lines that begin with a plus, each behind the line before it, and without those that begin with a
/// minus. Lines without either are in the text, in this order.
fn with_lines(text: &str, change: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut at = 0;
    for line in change.lines().filter(|line| !line.is_empty()) {
        let (sign, line) = line.split_at(1);
        if sign == "+" {
            lines.insert(at, line);
        } else {
            at +=
                lines[at..].iter().position(|other| *other == line).unwrap_or_else(|| panic!("{line:?} is not there"));
        }
        if sign == "-" {
            lines.remove(at);
        } else {
            at += 1;
        }
    }
    lines.join("\n") + "\n"
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A crate's source, and its manifest without what only its other tests need.
fn copy_crate(root: &Path, to: &Path, name: &str) {
    let (from, to) = (root.join("crates").join(name), to.join("crates").join(name));
    copy_folder(&from.join("src"), &to.join("src"));
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    fs::write(to.join("Cargo.toml"), before(&manifest, "[dev-dependencies]")).unwrap();
}

/// The checks alone, as a test of their own: the crate's other tests say nothing about rows.
fn copy_checks(root: &Path, to: &Path, name: &str, checks: &[&str], support: &str) {
    let place = Path::new("crates").join(name).join("tests/it");
    let (from, to) = (root.join(&place), to.join(&place));
    fs::create_dir_all(&to).unwrap();
    let mut main = "#![allow(clippy::unwrap_used)]\n".to_string() + support;
    for check in checks {
        fs::copy(from.join(format!("{check}.rs")), to.join(format!("{check}.rs"))).unwrap();
        main += &format!("mod {check};\n");
    }
    fs::write(to.join("main.rs"), main).unwrap();
}

/// The workspace around the crates: its versions, its lock file, its toolchain. Profiles stay behind, with what they say
/// about packages that are not here.
fn copy_workspace(root: &Path, to: &Path) {
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap().replace("crates/cli", "crates/graph");
    fs::write(to.join("Cargo.toml"), before(&workspace, "[profile.")).unwrap();
    for file in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(file), to.join(file)).unwrap();
    }
}

fn before<'t>(text: &'t str, heading: &str) -> &'t str {
    text.split(heading).next().unwrap_or_default()
}

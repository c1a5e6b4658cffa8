//! The program learns from a table, and predicts another one.

use std::process::Command;

#[test]
fn rows_of_another_table_get_the_right_class() {
    let folder = std::env::temp_dir().join(format!("limpid-table-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let kind = |i: usize| if i % 7 > 3 { "large" } else { "small" };
    let rows: String = (0..140).map(|i| format!("{},{}\n", i % 7, kind(i))).collect();
    std::fs::write(folder.join("sizes.csv"), format!("size,kind\n{rows}")).unwrap();
    std::fs::write(folder.join("more.csv"), "size\n0\n6\n").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_table"));
    let program = program.args(["sizes.csv", "kind", "sizes.safetensors", "more.csv"]).current_dir(&folder);
    let said = program.output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let (table, notes) = (String::from_utf8(said.stdout).unwrap(), String::from_utf8(said.stderr).unwrap());
    assert!(said.status.success(), "{notes}");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "size,predicted_kind,probability_large,probability_small");
    assert!(lines[1].starts_with("0,small,") && lines[2].starts_with("6,large,"), "{table}\n{notes}");
}

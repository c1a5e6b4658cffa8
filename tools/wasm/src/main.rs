//! Prints the number as this machine finds it.

fn main() {
    println!("{}", wasm_check::checksum());
}

//! `convert FROM TO`: named arrays from any format here to any other, by the second file's extension.
//!
//! `.pkl` (`.pkl0` to `.pkl5` for a protocol; 2 otherwise), `.npy` (one array), `.npz`, `.npzc` (deflated),
//! `.safetensors`.

use std::error::Error;
use std::path::Path;

use limpid_files::{Arrays, Container, Packing, write_atomically};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = paths.as_slice() else {
        return Err("usage: convert FROM TO".into());
    };
    let arrays = Arrays::read(Path::new(from))?;
    let extension = Path::new(to).extension().and_then(|extension| extension.to_str()).unwrap_or("");
    let container = match extension {
        "npy" => Container::Npy,
        "npz" => Container::Npz(Packing::Stored),
        "npzc" => Container::Npz(Packing::Deflated),
        "safetensors" => Container::Safetensors,
        extension => match extension.strip_prefix("pkl") {
            Some("") => Container::Pickle { protocol: 2 },
            Some(protocol) => Container::Pickle { protocol: protocol.parse()? },
            None => return Err(format!("{to}: nothing writes .{extension}").into()),
        },
    };
    write_atomically(Path::new(to), &arrays.to_bytes(container)?)?;
    Ok(())
}

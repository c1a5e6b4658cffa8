//! `convert FROM TO`: named arrays from any format here to any other, by the files' extensions.
//!
//! `.pkl` (`.pkl0` to `.pkl5` for a protocol; 2 otherwise), `.npy` (one array), `.npz`, `.npzc` (deflated),
//! `.safetensors`; `.pt` and `.pth` are read only.

use std::error::Error;
use std::path::Path;

use limpid_files::{
    NamedArray, Packing, Safetensors, read_npy, read_npz, read_pickle, read_plain_or_gzip, read_torch, write_npy,
    write_npz, write_pickle,
};

/// The largest file that is read: 1 GiB.
const CAP_BYTES: u64 = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = paths.as_slice() else {
        return Err("usage: convert FROM TO".into());
    };
    let arrays = read(Path::new(from))?;
    std::fs::write(to, write(&arrays, Path::new(to))?)?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<NamedArray>, Box<dyn Error>> {
    let bytes = read_plain_or_gzip(path, CAP_BYTES)?;
    Ok(match extension(path) {
        pickle if pickle.starts_with("pkl") => read_pickle(&bytes)?.arrays()?.arrays,
        "npy" => vec![NamedArray::new("array", read_npy(&bytes)?)],
        "npz" | "npzc" => read_npz(&bytes)?,
        "safetensors" => Safetensors::from_bytes(&bytes)?.arrays,
        "pt" | "pth" => read_torch(&bytes)?.arrays,
        other => return Err(format!("{}: nothing reads .{other}", path.display()).into()),
    })
}

fn write(arrays: &[NamedArray], path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(match (extension(path), arrays) {
        ("npy", [one]) => write_npy(&one.array)?,
        ("npy", many) => return Err(format!(".npy holds one array, not {}; write .npz", many.len()).into()),
        ("npz", _) => write_npz(arrays, Packing::Stored)?,
        ("npzc", _) => write_npz(arrays, Packing::Deflated)?,
        ("safetensors", _) => Safetensors { arrays: arrays.to_vec(), ..Safetensors::default() }.to_bytes()?,
        (extension, _) => match extension.strip_prefix("pkl") {
            Some("") => write_pickle(arrays, 2)?,
            Some(protocol) => write_pickle(arrays, protocol.parse()?)?,
            None => return Err(format!("{}: nothing writes .{extension}", path.display()).into()),
        },
    })
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or("")
}

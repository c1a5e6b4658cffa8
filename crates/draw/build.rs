//! Compresses the fonts: as they are, they would be a sixth of the command.

use std::path::Path;
use std::{env, fs, io};

use miniz_oxide::deflate::{CompressionLevel, compress_to_vec_zlib};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    for (name, font) in [("regular", dejavu::sans::regular()), ("bold", dejavu::sans::bold())] {
        let compressed = compress_to_vec_zlib(font, CompressionLevel::BestCompression as u8);
        fs::write(Path::new(&folder).join(format!("{name}.zlib")), compressed)?;
    }
    Ok(())
}

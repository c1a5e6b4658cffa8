//! Compresses the fonts: as they are, they would be a sixth of the command.

use std::io::Write as _;
use std::path::Path;
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::ZlibEncoder;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let folder = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    for (name, font) in [("regular", dejavu::sans::regular()), ("bold", dejavu::sans::bold())] {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(font)?;
        fs::write(Path::new(&folder).join(format!("{name}.zlib")), encoder.finish()?)?;
    }
    Ok(())
}

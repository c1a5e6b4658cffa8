#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use limpid_files::read_torch;
use rawzip::ZipArchiveWriter;

// The bytes as a file, and as the pickle in a sound archive: a fuzzer does not find checksums.
fuzz_target!(|bytes: &[u8]| {
    let _ = read_torch(bytes);
    let _ = read_torch(&archive(bytes).expect("memory takes every write"));
});

fn archive(pickle: &[u8]) -> Result<Vec<u8>, rawzip::Error> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in [("a/data.pkl", pickle), ("a/data/0", &[7; 24]), ("a/data/1", &[8; 12])] {
        let (mut entry, config) = archive.new_file(name).start()?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(contents)?;
        let (_, descriptor) = writer.finish()?;
        entry.finish(descriptor)?;
    }
    archive.finish()?;
    Ok(bytes)
}

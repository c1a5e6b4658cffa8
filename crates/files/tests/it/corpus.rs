//! What fuzzing found worth keeping is read again: by every reader, whichever it was found with. See `fuzz/`.

use std::fs;
use std::path::Path;

use limpid_files::{
    Arrays, ModelFile, Packing, Picture, Safetensors, Table, TableForm, find_layers, read_idx, read_npy, read_npz,
    read_pickle, read_torch, write_npy, write_npz,
};

#[test]
fn the_fuzzers_corpus_is_read_or_refused() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus"));
    let mut count = 0;
    for folder in fs::read_dir(corpus).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            read_as_everything(&bytes);
            count += 1;
        }
    }
    assert!(count >= 300, "only {count} files in {}", corpus.display());
}

/// What is read is written and read again.
fn read_as_everything(bytes: &[u8]) {
    if let Ok(pickle) = read_pickle(bytes) {
        let _ = pickle.arrays();
    }
    let _ = (read_torch(bytes), read_idx(bytes), ModelFile::from_bytes(bytes));
    if let Ok(read) = Arrays::from_bytes(bytes) {
        let _ = find_layers(read.arrays, None);
    }
    if let Ok(array) = read_npy(bytes) {
        assert_eq!(write_npy(&array).and_then(|bytes| read_npy(&bytes)), Ok(array));
    }
    if let Ok(arrays) = read_npz(bytes)
        && let Ok(written) = write_npz(&arrays, Packing::Deflated)
    {
        assert_eq!(read_npz(&written), Ok(arrays));
    }
    if let Ok(picture) = Picture::from_bytes(bytes) {
        assert_eq!(picture.pixels.len(), picture.height * picture.width * picture.channels);
    }
    if let Ok(table) = Table::from_bytes(bytes) {
        let form = TableForm { header: Some(true), ..TableForm::default() };
        let again =
            Table::from_bytes_as(table.to_text(&[]).into_bytes(), &form).expect("a table that was written is read");
        assert_eq!((again.names(), again.rows()), (table.names(), table.rows()));
    }
    if let Ok(file) = Safetensors::from_bytes(bytes) {
        assert_eq!(file.to_bytes().and_then(|bytes| Safetensors::from_bytes(&bytes)), Ok(file));
    }
}

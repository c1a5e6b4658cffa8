//! Arrays and models that limpid reads, recognised by how they begin.

use super::{Kind, NPY_MAGIC, Sniffed, View, contains, grouped};

const AGAIN_BINARY: &str = "copy it again as binary data, or undo it in Python: data.replace(b\"\\r\\n\", b\"\\n\")";

pub(super) fn found(view: &View<'_>) -> Option<Sniffed> {
    npy(view).or_else(|| idx(view)).or_else(|| safetensors(view)).or_else(|| pickle(view))
}

fn npy(view: &View<'_>) -> Option<Sniffed> {
    if !view.head.starts_with(NPY_MAGIC) {
        return None;
    }
    // The header's text ends in a line end, after the closing brace and blanks.
    let header = view.head.get(..256).unwrap_or(view.head);
    let line_end = header.iter().skip(10).position(|&byte| byte == b'\n').map(|at| header[at + 9]);
    Some(match line_end {
        Some(b'\r') => Sniffed::new(Kind::Changed, "a .npy file whose line ends a transfer has changed", AGAIN_BINARY),
        _ => Sniffed::new(Kind::Npy, "a .npy file of NumPy's", ""),
    })
}

/// IDX with one to four axes: nobody writes it with more.
fn idx(view: &View<'_>) -> Option<Sniffed> {
    let &[0, 0, code, rank @ 1..=4] = view.head.first_chunk()? else { return None };
    let width = match code {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => return None,
    };
    let extents = view.head.get(4..4 + 4 * usize::from(rank))?.as_chunks::<4>().0;
    let shape: Vec<u64> = extents.iter().map(|&extent| u64::from(u32::from_be_bytes(extent))).collect();
    let what = match shape.as_slice() {
        [count] => format!("{} labels", grouped(*count)),
        [count, numbers] => format!("{} samples of {numbers} numbers", grouped(*count)),
        [count, height, width] => format!("{} images of {width}×{height}", grouped(*count)),
        [count, channels, height, width] => {
            format!("{} images of {width}×{height} with {channels} channels", grouped(*count))
        }
        _ => return None,
    };
    let numbers = shape.iter().try_fold(width, |bytes: u64, extent| bytes.checked_mul(*extent));
    let whole = numbers.and_then(|bytes| bytes.checked_add(4 + 4 * u64::from(rank)));
    // Of a gzip'd file only the beginning is known.
    let is_cut = whole.is_none_or(|whole| view.length < whole) && !view.tail.is_empty();
    let cut = if is_cut { ", cut off" } else { "" };
    let found = Sniffed::new(Kind::Idx, format!("an IDX file of {what}{cut}, as MNIST is published in"), "");
    Some(Sniffed { idx_shape: Some(shape.into()), ..found })
}

fn safetensors(view: &View<'_>) -> Option<Sniffed> {
    let (length, header) = view.head.split_first_chunk()?;
    let is_one = header.first() == Some(&b'{') && u64::from_le_bytes(*length) <= crate::MODEL_CAP_BYTES;
    if !is_one {
        return None;
    }
    Some(match contains(header, b"\"limpid-model\"") {
        true => Sniffed::new(Kind::Model, "a limpid model", ""),
        false => Sniffed::new(Kind::Safetensors, "a safetensors file", ""),
    })
}

/// Pickles from protocol 2 on say so with their first byte; earlier ones are text, and begin in few ways.
fn pickle(view: &View<'_>) -> Option<Sniffed> {
    const TEXTS: [&[u8]; 12] = [
        b"(dp",
        b"(lp",
        b"(tp",
        b"(ip",
        b"cnumpy",
        b"ccopy_reg",
        b"c__builtin__",
        b"cbuiltins",
        b"ccollections",
        b"ctorch",
        b"(c__",
        b"(cnumpy",
    ];
    let is_binary = matches!(view.head, [0x80, 0..=8, ..]);
    if !is_binary && !TEXTS.iter().any(|start| view.head.starts_with(start)) {
        return None;
    }
    // A name of a module or a class stands in a line of its own.
    let changed: [&[u8]; 6] =
        [b"multiarray\r\n", b"copy_reg\r\n", b"numpy\r\n", b"__builtin__\r\n", b"_reconstruct\r\n", b"(dp0\r\n"];
    Some(match changed.iter().any(|mark| contains(view.head, mark)) {
        true => Sniffed::new(Kind::Changed, "a pickle whose line ends a transfer has changed", AGAIN_BINARY),
        false => Sniffed::new(Kind::Pickle, "a pickle of Python's", ""),
    })
}

//! How many of a tensor's numbers are exactly zero.

use limpid_graph::{Data, Tensor};

/// So many numbers of a large tensor are looked at.
const LOOKED_AT: usize = 1 << 16;

/// Whether at least seven in ten numbers are zero, so that products had better skip them. At eight in ten skipping takes
/// about half the time (see `docs/decisions/0011`); where the two ways are level was not measured.
pub(crate) fn are_most_zeros(tensor: &Tensor) -> bool {
    // Vectors are labels and scales.
    if tensor.rank() < 2 || tensor.is_empty() {
        return false;
    }
    let (zeros, seen) = match tensor.data() {
        Data::F32(numbers) => count(numbers, |&x| x == 0.0),
        Data::F64(numbers) => count(numbers, |&x| x == 0.0),
        Data::U8(bytes) => count(bytes, |&x| x == 0),
    };
    zeros * 10 >= seen * 7
}

/// How many of some numbers from all over the slice are zero, and how many they are.
fn count<T>(numbers: &[T], is_zero: impl Fn(&T) -> bool) -> (usize, usize) {
    // Runs of neighbours, so that a picture's margins and middle are both seen.
    let run = 1024.min(numbers.len());
    let stride = (numbers.len() / (LOOKED_AT / run)).max(run);
    let runs = numbers.chunks(stride).map(|part| &part[..run.min(part.len())]);
    runs.fold((0, 0), |(zeros, seen), run| (zeros + run.iter().filter(|x| is_zero(x)).count(), seen + run.len()))
}

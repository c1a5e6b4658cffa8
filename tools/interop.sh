#!/usr/bin/env bash
# Live round trips with the programs whose formats limpid reads and writes: limpid → NumPy → limpid bit for bit, as
# pickles of every protocol, .npy and .npz; limpid → safetensors → Python → limpid; PyTorch → limpid → Python; and a net's weights
# through `limpid convert` and back, to the same model file.
#
#   tools/interop.sh PYTHON...
#
# Each PYTHON is an interpreter; of numpy, safetensors and torch it is tried with what it has. CI reads the files in
# crates/files/tests/fixtures instead, which such programs wrote once.
set -euo pipefail

if (($# == 0)); then
    echo "usage: tools/interop.sh PYTHON..." >&2
    exit 2
fi
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cargo build --quiet --manifest-path "$root/Cargo.toml" -p limpid-files --example convert
cargo build --quiet --manifest-path "$root/Cargo.toml" -p limpid-cli
convert="$root/target/debug/examples/convert"
command="$root/target/debug/limpid"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
for python in "$@"; do
    PYTHONDONTWRITEBYTECODE=1 "$python" "$root/tools/interop.py" "$convert" "$command" "$work"
done

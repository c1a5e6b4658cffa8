#!/usr/bin/env bash
# What somebody pays who only uses the library: every crate compiled from nothing, downloads not counted. The README
# promises less than a minute.
#
# What it takes depends on the manifests more than on anything else, so it is measured where they have changed since the
# last time; .ci/cold-build.txt keeps the checksum of those that were measured. After a change to them:
#
#     UPDATE=1 .ci/cold-build.sh
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kept=.ci/cold-build.txt
most=60 # seconds

# The manifests of the library's crates, what the workspace says to them, and the versions of the rest.
crates="$(cargo tree --locked -p limpid -e normal --prefix none | sed -nE 's|.* \((/[^)]*)\).*|\1|p' | sort -u)"
checksum="$({
    cargo tree --locked -p limpid -e normal,build --prefix none -f '{p} {f}' | sed -E 's| \(/[^)]*\)||; s| \(\*\)$||' | sort -u
    for crate in $crates; do cat "$crate/Cargo.toml"; done
    sed -n '/^\[profile.release/,/^$/p' Cargo.toml
    cat rust-toolchain.toml
} | sha256sum | cut -d' ' -f1)"

if [[ "$checksum" == "$(cut -d' ' -f1 "$kept" 2>/dev/null)" ]] && ! ((${UPDATE:-0})); then
    echo "cold build: the manifests are those for which it took $(cut -d' ' -f2 "$kept") s (at most $most)"
    exit
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cargo fetch --locked
began="$(date +%s%N)"
CARGO_TARGET_DIR="$work" cargo build --quiet --release --locked -p limpid
seconds="$((($(date +%s%N) - began) / 1000000000))"
echo "cold build: $seconds s (at most $most)"
if ((seconds > most)); then
    echo "the cold build of limpid took over $most s" >&2
    exit 1
fi
if ((${UPDATE:-0})); then
    echo "$checksum $seconds" >"$kept"
else
    echo "UPDATE=1 .ci/cold-build.sh keeps it, and the next run need not measure"
fi

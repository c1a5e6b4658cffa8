#!/usr/bin/env bash
# Builds limpid's graph, engine, learning and drawing for the browser's machine, and runs a training on it. They are what
# tools/wasm depends on.
#
# With the pinned toolchain where it has the target or can get it. Where it cannot (a toolchain that was installed
# without rustup's server in reach), with Debian's own compiler and the standard library built from source; both
# compilers are at least the `rust-version` that Cargo.toml promises, which is all that this check needs.
#
# WASM_COMPILER=rustup or WASM_COMPILER=debian insists on one of them.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

triple=wasm32-unknown-unknown

# A target directory per compiler, so that neither rebuilds the other's work nor the host's. What is compiled runs for a
# moment only, so it need not be optimised.
host="${CARGO_TARGET_DIR:-$PWD/target}"
target="$host/wasm"
export CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0

has_target() { rustup target list --installed 2>/dev/null | grep -qx "$triple"; }

with_rustup() {
    command -v rustup >/dev/null || return 1
    has_target || timeout 60 rustup target add "$triple" >/dev/null 2>&1 || return 1
    has_target
}

install_debian() {
    [[ -x /usr/bin/rustc && -x /usr/bin/cargo && -f /usr/lib/rustlib/src/rust/library/std/Cargo.toml ]] && return
    command -v apt-get >/dev/null || {
        echo "no $triple: neither rustup nor apt-get can bring it" >&2
        return 1
    }
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # Libraries are not linked, so no lld is needed.
    apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src >/dev/null
}

compiler="${WASM_COMPILER:-}"
if [[ -z "$compiler" ]]; then
    if with_rustup; then compiler=rustup; else compiler=debian; fi
fi

case "$compiler" in
rustup)
    with_rustup || { echo "rustup has no $triple" >&2; exit 1; }
    echo "$triple with $(rustc --version)"
    export CARGO_TARGET_DIR="$target/rustup"
    cargo build --locked --target "$triple" --lib --manifest-path tools/wasm/Cargo.toml
    ;;
debian)
    install_debian
    echo "$triple with Debian's $(/usr/bin/rustc --version) and std from source"
    # By absolute path, past rustup and its rust-toolchain.toml. The few crates that std itself needs come from the
    # registry at the versions in std's own lock file. RUSTC_BOOTSTRAP lets a stable compiler accept -Z.
    export CARGO_TARGET_DIR="$target/debian"
    CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 /usr/bin/cargo build --locked \
        --target "$triple" -Zbuild-std=std,panic_abort --lib --manifest-path tools/wasm/Cargo.toml
    ;;
*)
    echo "WASM_COMPILER is rustup or debian, not $compiler" >&2
    exit 2
    ;;
esac

# A training there gives the bits that it gives here without this processor's own instructions.
if ! command -v node >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs >/dev/null
fi
there="$(node tools/wasm/run.mjs "$CARGO_TARGET_DIR/$triple/debug/wasm_check.wasm")"
here="$(CARGO_TARGET_DIR="$host" LIMPID_SIMD=portable \
    cargo run --quiet --locked --manifest-path tools/wasm/Cargo.toml)"
echo "parameters and answers after three trainings, mixed: $there on $triple, $here on this machine"
[[ "$there" != 0 && "$there" == "$here" ]] || { echo "a training gives other bits on $triple" >&2; exit 1; }

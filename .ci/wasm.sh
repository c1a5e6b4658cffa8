#!/usr/bin/env bash
# Builds the named packages for the browser's machine: bash .ci/wasm.sh PACKAGE...
#
# With the pinned toolchain where it has the target or can get it. Where it cannot (a toolchain that was installed
# without rustup's server in reach), with Debian's own compiler and the standard library built from source; both
# compilers are newer than the `rust-version` that Cargo.toml promises, which is all that this check needs.
#
# WASM_COMPILER=rustup or WASM_COMPILER=debian insists on one of them.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

triple=wasm32-unknown-unknown
packages=()
for package in "$@"; do packages+=(-p "$package"); done
((${#packages[@]})) || { echo "usage: bash .ci/wasm.sh PACKAGE..." >&2; exit 2; }

# A target directory per compiler, so that neither rebuilds the other's work nor the host's. That it compiles is
# the claim, so it need not be optimised.
target="${CARGO_TARGET_DIR:-target}/wasm"
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
    CARGO_TARGET_DIR="$target/rustup" cargo build --locked --target "$triple" "${packages[@]}"
    ;;
debian)
    install_debian
    echo "$triple with Debian's $(/usr/bin/rustc --version) and std from source"
    # By absolute path, past rustup and its rust-toolchain.toml. The few crates that std itself needs come from the
    # registry at the versions in std's own lock file. RUSTC_BOOTSTRAP lets a stable compiler accept -Z.
    CARGO_TARGET_DIR="$target/debian" CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc \
        RUSTC_BOOTSTRAP=1 /usr/bin/cargo build --locked --target "$triple" \
        -Zbuild-std=std,panic_abort "${packages[@]}"
    ;;
*)
    echo "WASM_COMPILER is rustup or debian, not $compiler" >&2
    exit 2
    ;;
esac

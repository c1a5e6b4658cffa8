#!/usr/bin/env bash
# Kills `limpid convert`, `limpid data fetch` and a program that saves models, 200 times each at moments spread over their
# work, and checks after each that the target is the old file or the new one, whole. CI does the same a few times with the
# other tests.
#
#   tools/kill.sh [TIMES]
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LIMPID_KILLS="${1:-200}"
cargo test -p limpid --test it killed -- --nocapture
cargo test -p limpid-cli --test it killed -- --nocapture --test-threads 1

#!/usr/bin/env bash
# What depends on the instructions that kernels use, at every level that this processor has; prints which it had.
#
# The tests of the kernels, of the engine, and of trainings bit by bit walk over all levels by themselves, so that
# whatever runs them has tried them all. The tests that train and evaluate at the processor's highest level run here once
# more at each lower one.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# With the whole workspace, since a part of it has other features, for which everything would be compiled again.
tests() { cargo test --quiet --workspace "$@"; }

names='the_levels_are_those_that_the_system_says_the_processor_has'
found="$(tests --lib "$names" -- --nocapture | sed -n 's/.*levels of this processor: //p')"
if [[ -z "$found" ]]; then
    echo "levels: the test that says which there are printed nothing" >&2
    exit 1
fi
printf 'levels of this processor: %s\n' "$found"

read -ra levels <<<"${found%%;*}"
for level in "${levels[@]::${#levels[@]}-1}"; do
    printf 'tests at %s\n' "$level"
    export LIMPID_SIMD="$level"
    tests --lib
    tests --test it -- corpus:: golden:: gradients_of_layers:: optimizers:: spec_f_mnist:: spec_f_weights:: spec_j_learning::
done

#!/usr/bin/env bash
# Instructions that one step of each workload takes, counted by valgrind, against those in .ci/instructions.txt: a slowdown
# that no clock on a busy machine would show. Valgrind knows AVX2 and nothing above, so that is what is counted, on one
# thread. After a change that was meant to cost what it does, or that saves something:
#
#     UPDATE=1 .ci/instructions.sh
#
# The kernels are compiled alike for `cargo build --release` and as they are shipped; PROFILE=dist counts the latter.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

figures=.ci/instructions.txt
tolerance=3 # per cent

unchecked() {
    echo "instructions: NOT CHECKED: $1" >&2
    # Whoever asks for new figures must not take the old ones for them.
    exit "$((${UPDATE:-0} ? 1 : 0))"
}

grep -qsw avx2 /proc/cpuinfo || unchecked "this processor has no AVX2"
if ! command -v valgrind >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind; } ||
        unchecked "there is no valgrind, and apt-get could not install it"
fi

binary="$(bash .ci/release.sh instructions)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

counted() { # counted WORKLOAD STEPS: the instructions of a whole process
    LIMPID_SIMD=avx2 valgrind --tool=callgrind --callgrind-out-file="$work/$1-$2" "$binary" "$1" "$2" 2>"$work/$1-$2.log" ||
        { cat "$work/$1-$2.log" >&2; return 1; }
    awk '/^(summary|totals):/ { print $2; exit }' "$work/$1-$2" >"$work/$1-$2-count"
}
export -f counted
export binary work

# What starting takes is in both counts, and not in their difference. A step of W2 takes valgrind eight seconds, and the
# difference of two counts is exact.
workloads=(W2:1 W1:40 W6:4000)
# The longest first, so that no core waits for another.
for workload in "${workloads[@]}"; do
    name="${workload%:*}" steps="${workload#*:}"
    printf '%s\n' "$name $((2 * steps))" "$name $steps"
done | xargs -P "$(nproc)" -L 1 bash -c 'set -euo pipefail; counted "$@"' _

found=""
for workload in "${workloads[@]}"; do
    name="${workload%:*}" steps="${workload#*:}"
    found+="$name $((($(<"$work/$name-$((2 * steps))-count") - $(<"$work/$name-$steps-count")) / steps))"$'\n'
done

if ((${UPDATE:-0})); then
    printf '%s' "$found" >"$figures"
    cat "$figures"
    exit
fi

awk -v tolerance="$tolerance" '
    NR == FNR { kept[$1] = $2; next }
    {
        percent = 100 * ($2 / kept[$1] - 1)
        verdict = percent > tolerance ? "TOO MANY" : percent < -tolerance ? "fewer: UPDATE=1 .ci/instructions.sh keeps it so" : "as kept"
        printf "%s: %d instructions a step, %d kept, %+.1f %%: %s\n", $1, $2, kept[$1], percent, verdict
        failed = failed || percent > tolerance
    }
    END { exit failed }
' "$figures" - <<<"${found%$'\n'}"

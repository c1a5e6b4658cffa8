#!/usr/bin/env bash
# limpid beside the frameworks that people use, on one machine, in one run.
#
#     ONLY=W1,W2 ROUNDS=7 CAP=2 tools/compare.sh PEERS
#
# PEERS (or $LIMPID_PEERS) is a folder of peer benchmarks that have been set up: bench_*.py and common.py, with work/venv
# (their Python), work/bin (their programs) and work/mnist. Each prints lines of JSON: {peer, workload, threads, value,
# unit, lo, hi}. Each round runs limpid and every peer once, for each number of threads, one after the other, so that
# whatever else the machine does meets all of them.
#
#     ONLY     workloads, with commas                        [W1,W1b,W2,W3,W5,W6,W8,J3]
#     ROUNDS   how often each is run                         [7]
#     CAP      seconds of measuring for each workload        [2]
#     THREADS  numbers of threads; 1 is pinned to one core   [1 2]
#     SKIP     others to leave out, with commas, for trying things out: torch-compile takes minutes a round
#     LIMPID   the command to measure                        [built here, as it is shipped]
#     OUT      where compare.jsonl and compare.md go         [target/compare]
set -euo pipefail
exec </dev/null

peers="${1:-${LIMPID_PEERS:-}}"
if [[ -z "$peers" || ! -f "$peers/common.py" || ! -x "$peers/work/venv/bin/python" ]]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    [[ -z "$peers" ]] || echo "there are no peer benchmarks in $peers: common.py and work/venv/bin/python fit" >&2
    exit 2
fi
peers="$(cd "$peers" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/.."
only="${ONLY:-W1,W1b,W2,W3,W5,W6,W8,J3}" rounds="${ROUNDS:-7}" cap="${CAP:-2}" threads="${THREADS:-1 2}"
target="${CARGO_TARGET_DIR:-target}"
out="${OUT:-$target/compare}"
mkdir -p "$out"
out="$(cd "$out" && pwd)"

if [[ -z "${LIMPID:-}" ]]; then
    cargo build --profile dist --quiet
    LIMPID="$target/dist/limpid"
fi
limpid="$(realpath "$LIMPID")"
tools="$PWD/tools"
data="$PWD/data/mnist"
python="$peers/work/venv/bin/python"
export MNIST_DIR="$peers/work/mnist" PYTHONDONTWRITEBYTECODE=1
: >"$out/compare.jsonl"
: >"$out/errors.txt"

# wants NAME...: whether one of these workloads is asked for.
wants() {
    local name
    for name in "$@"; do [[ ",$only," == *",$name,"* ]] && return 0; done
    return 1
}

# measure PEER THREADS COMMAND...: runs one, and adds its lines with the round to the file. One that fails is left out
# and told at the end: a framework that crashes must not take hours of measuring with it.
measure() {
    local peer="$1" count="$2" pin=()
    shift 2
    [[ ",${SKIP:-}," != *",$peer,"* ]] || return 0
    [[ "$count" != 1 ]] || pin=(taskset -c 0)
    echo "round $round of $rounds, threads $count: $peer" >&2
    if ! (cd "$peers" && timeout 1200 "${pin[@]}" "$@") >"$out/lines" 2>>"$out/errors.txt"; then
        echo "$peer failed with threads $count in round $round" | tee -a "$out/errors.txt" >&2
    fi
    "$python" "$tools/compare_report.py" note "$peer" "$round" "$count" <"$out/lines" >>"$out/compare.jsonl"
}

# limpid THREADS WORKLOADS: measures ours.
limpid() {
    local flag=()
    [[ "$1" == any ]] || flag=(--threads "$1")
    measure limpid "$1" "$limpid" bench --only "$2" "${flag[@]}" --repeats 5 --seconds "$cap" --data "$data" \
        --format json
}

# What takes steps or calls, and so has threads: all but W8.
stepping="$(tr , '\n' <<<"$only" | grep -vx W8 | paste -sd, || true)"

for ((round = 1; round <= rounds; round++)); do
    for count in $threads; do
        peer() { measure "$1" "$count" "${@:2}" --threads "$count" --cap "$cap" --only "$only"; }
        if wants W1 W1b W2 W3 W5 W6 J3; then limpid "$count" "$stepping"; fi
        if wants W1 W1b W2 W3 W5 W6; then
            peer numpy-f32 "$python" bench_numpy.py
            peer torch-eager "$python" bench_torch.py --mode eager
            peer jax-jit "$python" bench_jax.py
            [[ "$count" != 1 ]] || peer sklearn "$python" bench_sklearn.py
            for binary in candle-bench-v4 burn-bench; do
                [[ -x "$peers/work/bin/$binary" ]] || continue
                if [[ "$binary" == burn* ]]; then mode=(--mode flex); else mode=(); fi
                peer "${binary/-bench/}" "work/bin/$binary" "${mode[@]}"
            done
        fi
        if wants W1 W1b W2 W3; then
            peer torch-fused "$python" bench_torch.py --mode fused
        fi
        if wants W1 W1b W2 W3 W5 W6; then
            peer torch-compile "$python" bench_torch.py --mode compile
        fi
        if wants W1 W1b && [[ "$count" == 1 ]]; then peer jax-scan "$python" bench_jax.py --mode scan; fi
        if wants W5 W6; then peer onnxruntime "$python" bench_onnxruntime.py; fi
        if wants J3; then peer numpy-loop "$python" "$tools/compare_numerical.py"; fi
    done
    # Starting a process is measured once a round: it has no number of threads.
    if wants W8; then
        limpid any W8
        measure startup any "$python" bench_startup.py
    fi
done
rm -f "$out/lines"

"$python" "$tools/compare_report.py" table "$out/compare.jsonl" | tee "$out/compare.md"
echo "$out/compare.jsonl, $out/compare.md; what went wrong: $out/errors.txt" >&2

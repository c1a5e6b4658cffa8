#!/usr/bin/env bash
# The command as a person uses it, on the real digits: train with five seeds, load each model again, and
# hold the promises that the README makes about accuracy, time and number of dependencies.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The checkout's own data must be found without help.
unset LIMPID_DATA

limpid="$(bash .ci/release.sh limpid)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

for seed in 1 2 3 4 5; do
    model="$work/model-$seed.safetensors"
    echo "seed $seed: train"
    timeout 300 "$limpid" train --seed "$seed" --format json --output "$model" >"$work/train-$seed.json"
    test -s "$model" || { echo "train --output wrote nothing to $model" >&2; exit 1; }
    echo "seed $seed: evaluate"
    timeout 60 "$limpid" evaluate "$model" --format json >"$work/evaluate-$seed.json"
done

python3 - "$work" <<'PYTHON'
import json
import pathlib
import sys

work = pathlib.Path(sys.argv[1])
failures = []


def report(name):
    """One JSON document, the whole of what the command wrote to stdout."""
    text = (work / name).read_text(encoding="utf-8")
    try:
        value = json.loads(text)
    except ValueError as error:
        sys.exit(f"{name} is not one JSON document ({error}):\n{text[:2000]}")
    if not isinstance(value, dict):
        sys.exit(f"{name} is not a JSON object:\n{text[:2000]}")
    return value


def number(name, document, field):
    value = document.get(field)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        sys.exit(f"{name}: field {field!r} is {value!r}, not a number; fields are {sorted(document)}")
    return value


def check(holds, claim):
    if not holds:
        failures.append(claim)


print("\nseed  test accuracy  training s  evaluated  samples")
for seed in range(1, 6):
    trained, evaluated = report(f"train-{seed}.json"), report(f"evaluate-{seed}.json")
    accuracy = number("train", trained, "test_accuracy")
    seconds = number("train", trained, "training_seconds")
    again = number("evaluate", evaluated, "accuracy")
    samples = number("evaluate", evaluated, "samples")
    print(f"{seed:4}  {accuracy:13.4f}  {seconds:10.2f}  {again:9.4f}  {samples:7}")
    check(accuracy >= 0.97, f"seed {seed}: test_accuracy {accuracy} is below 0.97")
    check(accuracy <= 1, f"seed {seed}: test_accuracy {accuracy} is above 1")
    check(0 < seconds <= 60, f"seed {seed}: training_seconds {seconds} is not within 60")
    check(again == accuracy, f"seed {seed}: evaluate says {again!r}, train said {accuracy!r}")
    check(samples == 10000, f"seed {seed}: evaluate saw {samples} samples, not 10000")

if failures:
    sys.exit("\n".join(failures))
PYTHON

# The library's dependencies from outside this workspace, default features, each version once.
# ` (*)` marks a package that cargo has shown before; a path in parentheses marks one of our own.
cargo tree --locked -p limpid -e normal --prefix none >"$work/tree"
sed -E 's/ \(\*\)$//; /^[[:space:]]*$/d' "$work/tree" | sort -u >"$work/packages"
{ grep -v ' (/' "$work/packages" || true; } >"$work/dependencies"
counted="$(wc -l <"$work/dependencies" | tr -d ' ')"
promised="$(sed -nE 's/.*<!-- ci: dependencies ([0-9]+) -->.*/\1/p' README.md)"
if [[ ! "$promised" =~ ^[0-9]+$ ]]; then
    echo 'README.md must state the number of dependencies once, as <!-- ci: dependencies N -->' >&2
    exit 1
fi
echo "dependencies of the library: $counted (README: $promised)"
if [[ "$counted" != "$promised" ]]; then
    echo "README.md says $promised dependencies, cargo tree counts $counted:" >&2
    cat "$work/dependencies" >&2
    exit 1
fi

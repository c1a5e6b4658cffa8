"""Pins the order in which NumPy sums float64, in small cases, once.

    python numpy_sums.py

writes crates/graph/tests/fixtures/numpy_sums.json (see README.md). The values spread over four powers of ten, so
that nearly every other order ends in other digits. Beside np.sum stands a plain model of the order; the script
stops if the two ever differ, so the model can be read as the rule:

- neighbouring axes that are summed together count as one, and axes of length 1 do not count;
- along the last axis, where it is summed: `pairwise`;
- over any axis before it: one after the other, each element to its own sum;
- every sum is added to an initial 0.0, so that the sum of [-0.0] is 0.0, and of nothing 0.0.
"""

import functools
import json
import operator
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "crates" / "graph" / "tests" / "fixtures" / "numpy_sums.json"

SIZES = [0, 1, 2, 7, 8, 9, 15, 16, 17, 127, 128, 129, 130, 136, 137, 256, 257, 264, 1000, 1023, 4097]
CASES = (
    [((n,), (0,)) for n in SIZES]
    + [(shape, (axis,)) for shape in ((3, 5), (100, 10), (9, 130), (130, 9), (1, 8), (8, 1)) for axis in (0, 1)]
    + [((3, 5), (0, 1)), ((9, 130), (0, 1))]
    + [((4, 5, 6), axes) for axes in ((0, 1), (1, 2), (0, 2), (0,), (1,), (2,), (0, 1, 2))]
    + [((3, 4, 130), axes) for axes in ((0, 1), (1, 2), (0, 2), (1,))]
)
RECIPE = (
    "x[i] = ((i * 2654435761 mod 2^32) / 4294967291 - 0.5) * 10^(i mod 4), evaluated left to right in float64, i "
    "counted from 0 in row-major order. 'sum' is the result, row-major, the summed axes dropped; numbers stand as "
    "text, so that a JSON reader cannot round them."
)


def values(count):
    i = np.arange(count, dtype=np.uint64)
    fraction = (i * np.uint64(2654435761) % np.uint64(2**32)).astype(np.float64) / 4294967291.0 - 0.5
    powers = np.array([1.0, 10.0, 100.0, 1000.0])
    return fraction * powers[(i % np.uint64(4)).astype(np.int64)]


def in_a_row(x, total=0.0):
    return functools.reduce(operator.add, x, total)  # the built-in sum compensates for rounding from Python 3.12 on


def pairwise(x):
    """NumPy's sum of one run of numbers: in a row below 8, eight accumulators up to 128, halves above."""
    n = len(x)
    if n < 8:
        return in_a_row(x)
    if n <= 128:
        r = list(x[:8])
        whole = n - n % 8
        for start in range(8, whole, 8):
            for lane in range(8):
                r[lane] += x[start + lane]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        return in_a_row(x[whole:], total)
    half = n // 2
    half -= half % 8
    return pairwise(x[:half]) + pairwise(x[half:])


def model(x, axes):
    """The whole rule for a row-major array. Works on (kept or summed) groups of neighbouring axes."""
    groups = []  # [summed?, length], outermost first, neighbours of one kind merged, axes of length 1 left out
    for axis, length in enumerate(x.shape):
        if length == 1:
            continue
        if groups and groups[-1][0] == (axis in axes):
            groups[-1][1] *= length
        else:
            groups.append([axis in axes, length])
    x = x.reshape([length for _, length in groups])

    def walk(part, rest):
        if not rest:
            return part
        summed, _ = rest[0]
        if summed and len(rest) == 1:
            return np.float64(0.0 + pairwise([float(v) for v in part]))
        inner = [walk(row, rest[1:]) for row in part]
        if not summed:
            return np.array(inner)
        total = np.zeros_like(np.asarray(inner[0]))
        for row in inner:
            total = total + row
        return total

    return np.asarray(walk(x, groups)).ravel()


def text(value):
    return repr(float(value))


def main():
    lines, told_apart = [], 0
    for shape, axes in CASES:
        x = values(int(np.prod(shape))).reshape(shape)
        result = np.sum(x, axis=axes).ravel()
        expected = model(x, axes)
        assert [text(v) for v in result] == [text(v) for v in expected], (shape, axes, result, expected)
        runs = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(result.size, -1) if x.size else [[]]
        differs = [in_a_row(map(float, run)) for run in runs] != result.tolist()
        told_apart += differs
        lines.append(
            json.dumps({"shape": list(shape), "axes": list(axes), "sum": [text(v) for v in result]}, separators=(",", ":"))
        )
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    head = {"made_by": "tools/golden/numpy_sums.py", "made_with": {"numpy": np.__version__}, "recipe": RECIPE}
    body = ",\n".join(f"    {line}" for line in lines)
    FIXTURE.write_text(json.dumps(head, indent=2)[:-2] + f',\n  "cases": [\n{body}\n  ]\n}}\n', encoding="utf-8")
    json.loads(FIXTURE.read_text(encoding="utf-8"))
    print(f"{len(lines)} cases, all as the model says; {told_apart} of them would differ if summed in a row")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Seconds that NumPy takes for the numerical gradient of 784-50-10 units over 100 digits, beside ours.

    cargo bench -p limpid-learn --bench numerical_gradient --no-run      # prints the path of the program
    python3 tools/numerical_gradient.py [that path]

The NumPy side is the plain loop: each parameter in turn is set a step up and a step down, the whole forward pass is run
for each, in float64. Only a sample of the 39,760 parameters is timed; the rest would take the same. One thread each
(ours has as many as LIMPID_THREADS says, if it says), one after the other, several rounds in one run: the ratio stands,
whatever else the machine does.
"""

import os
import pathlib
import re
import subprocess
import sys
import time

# Before NumPy is loaded, which reads them then.
os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", OMP_NUM_THREADS="1")
os.environ.setdefault("LIMPID_THREADS", "1")

import gzip  # noqa: E402
import statistics  # noqa: E402

import numpy as np  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
STEP = 1e-4
SAMPLE = 200
ROUNDS = 7


def digits(name, header):
    raw = (ROOT / "data" / "mnist" / name).read_bytes()
    return np.frombuffer(gzip.decompress(raw), np.uint8, offset=header)


def loss(parameters, x, labels):
    """Mean softmax cross-entropy of the scores of a two-layer net."""
    hidden = 1 / (1 + np.exp(-(x @ parameters["w1"] + parameters["b1"])))
    scores = hidden @ parameters["w2"] + parameters["b2"]
    scores = scores - scores.max(axis=1, keepdims=True)
    logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -logarithms[np.arange(len(labels)), labels].mean()


def seconds_per_parameter(parameters, x, labels, chosen):
    start = time.perf_counter()
    for name, index in chosen:
        values = parameters[name].reshape(-1)
        kept = values[index]
        values[index] = kept + STEP
        ahead = loss(parameters, x, labels)
        values[index] = kept - STEP
        behind = loss(parameters, x, labels)
        values[index] = kept
        (ahead - behind) / (2 * STEP)
    return (time.perf_counter() - start) / len(chosen)


def main():
    x = digits("train-images-idx3-ubyte.gz", 16)[: 100 * 784].reshape(100, 784) / 255.0
    labels = digits("train-labels-idx1-ubyte.gz", 8)[:100]
    random = np.random.default_rng(1)
    parameters = {
        "w1": 0.01 * random.standard_normal((784, 50)),
        "b1": np.zeros(50),
        "w2": 0.01 * random.standard_normal((50, 10)),
        "b2": np.zeros(10),
    }
    everything = [(name, index) for name, values in parameters.items() for index in range(values.size)]
    chosen = [everything[i] for i in random.choice(len(everything), SAMPLE, replace=False)]
    ratios = []
    for _ in range(ROUNDS):
        theirs = seconds_per_parameter(parameters, x, labels, chosen)
        print(f"NumPy {1e6 * theirs:8.1f} µs a parameter, {theirs * len(everything):6.1f} s for all", end="")
        if len(sys.argv) > 1:
            text = subprocess.run(sys.argv[1:2], capture_output=True, text=True, check=True).stdout
            ours = statistics.median(float(line.split()[0]) for line in text.splitlines() if re.match(r"[0-9.]+ s", line))
            ratios.append(theirs * len(everything) / ours)
            print(f"; limpid {ours:.3f} s for all: {ratios[-1]:.0f} times as fast", end="")
        print()
    if ratios:
        print(f"median {statistics.median(ratios):.0f}, from {min(ratios):.0f} to {max(ratios):.0f}")


if __name__ == "__main__":
    main()

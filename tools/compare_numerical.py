#!/usr/bin/env python3
"""J3 as people write it in NumPy: every number of a network moved both ways, the loss of the whole batch each time.

    python compare_numerical.py --threads 1 --cap 2 --only J3

784-50-10, sigmoid, softmax cross-entropy, 100 images, float64. As many numbers of the first weights as fit into the cap
are moved, and the time for all 39,760 follows from theirs: each costs the same two forward passes. Prints one line of
JSON, as the peer benchmarks do.
"""

import argparse
import json
import os
import time

options = argparse.ArgumentParser()
options.add_argument("--threads", type=int, default=1)
options.add_argument("--cap", type=float, default=2.0)
options.add_argument("--only", default="J3")
options = options.parse_args()
# Read by the libraries below NumPy when they are loaded.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import numpy as np

BATCH, H = 100, 1e-4
images = np.fromfile(os.path.join(os.environ["MNIST_DIR"], "train-images-idx3-ubyte"), np.uint8, BATCH * 784, offset=16)
labels = np.fromfile(os.path.join(os.environ["MNIST_DIR"], "train-labels-idx1-ubyte"), np.uint8, BATCH, offset=8)
x = images.reshape(BATCH, 784) / 255.0
rng = np.random.default_rng(1)
parameters = [rng.standard_normal((784, 50)) * 0.01, np.zeros(50), rng.standard_normal((50, 10)) * 0.01, np.zeros(10)]


def loss():
    w1, b1, w2, b2 = parameters
    hidden = 1.0 / (1.0 + np.exp(-(x @ w1 + b1)))
    scores = hidden @ w2 + b2
    scores -= scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -scores[np.arange(BATCH), labels].mean()


def slopes(count):
    """The seconds for the derivatives with respect to so many first weights."""
    weights = parameters[0].reshape(-1)
    began = time.perf_counter()
    for i in range(count):
        kept = weights[i]
        weights[i] = kept + H
        ahead = loss()
        weights[i] = kept - H
        behind = loss()
        weights[i] = kept
        (ahead - behind) / (2 * H)
    return time.perf_counter() - began


total = sum(parameter.size for parameter in parameters)
slopes(50)
count = max(20, int(options.cap / 5 / (slopes(50) / 50)))
seconds = sorted(slopes(count) / count * total for _ in range(5))
print(json.dumps({
    "peer": "numpy-loop", "workload": "J3", "threads": options.threads, "value": float(f"{seconds[2]:.4g}"), "unit": "s",
    "lo": float(f"{seconds[0]:.4g}"), "hi": float(f"{seconds[-1]:.4g}"), "numbers_moved": count,
}))

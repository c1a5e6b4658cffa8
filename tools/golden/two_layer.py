"""Makes the golden trajectory of a two-layer network, once, with PyTorch in float64.

    python two_layer.py

writes crates/learn/tests/fixtures/golden_two_layer.json and golden_two_layer.f64 (see README.md). Everything that
goes in is exact: MNIST's bytes, and integers turned into weights and batches by a recipe that any language can
repeat bit by bit. What comes out is PyTorch's, and NumPy's own few lines below must agree with it before anything
is written.
"""

import gzip
import json
import pathlib

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "crates" / "learn" / "tests" / "fixtures"

INPUTS, HIDDEN, OUTPUTS = 784, 50, 10
STEPS, BATCH, LEARNING_RATE = 20, 100, 0.1
TRAINING_IMAGES = 60_000

RECIPE = {
    "network": "784 -> affine 50 -> activation -> affine 10 -> softmax cross-entropy, mean over the batch; float64",
    "weights": "w[k] = ((k * 2654435761 mod 2^32) / 2^32 - 0.5) * 0.1, evaluated left to right in float64; W1 takes "
    "k = 0..39199 and W2 goes on with k = 39200..39699, both (in, out) in row-major order; b1 and b2 are zero",
    "batches": "batch[step][j] = (step * 100 + j) * 7919 mod 60000: an index into MNIST's training set, counted from 0",
    "inputs": "pixel / 255.0 in float64",
    "optimiser": "SGD without momentum, learning rate 0.1, on W1, b1, W2, b2; losses[step] is the loss before that "
    "step's update",
    "final_weights": "after 20 steps of the ReLU network, in golden_two_layer.f64: little-endian float64, one after "
    "the other: W1 (784,50), b1 (50), W2 (50,10), b2 (10), each row-major (in, out)",
}


def read_idx(name):
    data = gzip.decompress((ROOT / "data" / "mnist" / name).read_bytes())
    dimensions = data[3]
    shape = [int.from_bytes(data[4 + 4 * d : 8 + 4 * d], "big") for d in range(dimensions)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def weights(first, rows, columns):
    k = np.arange(first, first + rows * columns, dtype=np.uint64)
    return ((k * np.uint64(2654435761) % np.uint64(2**32)).astype(np.float64) / 2.0**32 - 0.5).reshape(
        rows, columns
    ) * 0.1


def initial():
    return [
        weights(0, INPUTS, HIDDEN),
        np.zeros(HIDDEN),
        weights(INPUTS * HIDDEN, HIDDEN, OUTPUTS),
        np.zeros(OUTPUTS),
    ]


def batches():
    return [[(step * BATCH + j) * 7919 % TRAINING_IMAGES for j in range(BATCH)] for step in range(STEPS)]


def train_torch(activation, images, labels):
    """Losses, final (W1, b1, W2, b2) as (in, out), and the hidden pre-activation closest to zero."""
    w1, b1, w2, b2 = (torch.from_numpy(a.copy()) for a in initial())
    first, second = torch.nn.Linear(INPUTS, HIDDEN).double(), torch.nn.Linear(HIDDEN, OUTPUTS).double()
    with torch.no_grad():  # Linear keeps its weight as (out, in).
        first.weight.copy_(w1.T)
        first.bias.copy_(b1)
        second.weight.copy_(w2.T)
        second.bias.copy_(b2)
    parameters = [*first.parameters(), *second.parameters()]
    optimiser = torch.optim.SGD(parameters, lr=LEARNING_RATE)
    function = {"relu": torch.relu, "sigmoid": torch.sigmoid}[activation]
    losses, closest = [], float("inf")
    for batch in batches():
        x = torch.from_numpy(images[batch].reshape(BATCH, INPUTS) / 255.0)
        t = torch.from_numpy(labels[batch].astype(np.int64))
        hidden = first(x)
        closest = min(closest, hidden.abs().min().item())
        loss = torch.nn.functional.cross_entropy(second(function(hidden)), t)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    final = [first.weight.T, first.bias, second.weight.T, second.bias]
    return losses, [np.ascontiguousarray(a.detach().numpy()) for a in final], closest


def train_numpy(activation, images, labels):
    """The same by hand: the second opinion."""
    w1, b1, w2, b2 = initial()
    losses = []
    for batch in batches():
        x, t = images[batch].reshape(BATCH, INPUTS) / 255.0, np.eye(OUTPUTS)[labels[batch]]
        a = x @ w1 + b1
        z = np.maximum(a, 0.0) if activation == "relu" else 1.0 / (1.0 + np.exp(-a))
        scores = z @ w2 + b2
        scores -= scores.max(axis=1, keepdims=True)
        log_y = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        losses.append(-(t * log_y).sum() / BATCH)
        dscores = (np.exp(log_y) - t) / BATCH
        da = (dscores @ w2.T) * ((a > 0.0) if activation == "relu" else z * (1.0 - z))
        gradients = [x.T @ da, da.sum(axis=0), z.T @ dscores, dscores.sum(axis=0)]
        for parameter, gradient in zip((w1, b1, w2, b2), gradients):
            parameter -= LEARNING_RATE * gradient
    return losses, [w1, b1, w2, b2]


def largest_difference(left, right):
    return max(float(np.max(np.abs(np.asarray(a) - np.asarray(b)))) for a, b in zip(left, right))


def numbers(values):
    """JSON list of numbers with 17 significant digits, one a line."""
    return "[\n    " + ",\n    ".join(f"{value:.17g}" for value in values) + "\n  ]"


def main():
    images, labels = read_idx("train-images-idx3-ubyte.gz"), read_idx("train-labels-idx1-ubyte.gz")
    losses, final = {}, None
    for activation in ("relu", "sigmoid"):
        by_torch, weights_by_torch, closest = train_torch(activation, images, labels)
        by_numpy, weights_by_numpy = train_numpy(activation, images, labels)
        apart = max(largest_difference([by_torch], [by_numpy]), largest_difference(weights_by_torch, weights_by_numpy))
        print(f"{activation}: loss {by_torch[0]:.6f} -> {by_torch[-1]:.6f}, PyTorch and NumPy at most {apart:.1e} apart")
        assert apart < 1e-12, apart
        losses[activation] = by_torch
        if activation == "relu":
            # No unit may sit so near its kink that rounding decides which side it is on.
            print(f"relu: no hidden sum is nearer to zero than {closest:.1e}")
            assert closest > 1e-9, closest
            final = weights_by_torch

    FIXTURES.mkdir(parents=True, exist_ok=True)
    raw = b"".join(a.astype("<f8").tobytes(order="C") for a in final)
    (FIXTURES / "golden_two_layer.f64").write_bytes(raw)
    names = {"W1": final[0], "b1": final[1], "W2": final[2], "b2": final[3]}
    sums = {name: f"{a.sum():.17g}" for name, a in names.items()}
    made_with = {"torch": torch.__version__, "numpy": np.__version__}
    rows = ",\n    ".join(json.dumps(batch, separators=(",", ":")) for batch in batches())
    (FIXTURES / "golden_two_layer.json").write_text(
        "{\n"
        f'  "made_by": "tools/golden/two_layer.py",\n'
        f'  "made_with": {json.dumps(made_with)},\n'
        f'  "recipe": {json.dumps(RECIPE, indent=4)},\n'
        f'  "relu_losses": {numbers(losses["relu"])},\n'
        f'  "sigmoid_losses": {numbers(losses["sigmoid"])},\n'
        '  "relu_final_sums": {' + ", ".join(f'"{name}": {value}' for name, value in sums.items()) + "},\n"
        f'  "batches": [\n    {rows}\n  ]\n'
        "}\n",
        encoding="utf-8",
    )
    json.loads((FIXTURES / "golden_two_layer.json").read_text(encoding="utf-8"))
    print(f"golden_two_layer.f64: {len(raw)} bytes, {len(gzip.compress(raw, 9, mtime=0))} if compressed")


if __name__ == "__main__":
    main()

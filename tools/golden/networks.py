"""Makes the golden trajectories of small networks with convolutions, batch norm and dropout, once, with PyTorch in float64.

    python networks.py

writes crates/learn/tests/fixtures/golden_networks.json (see README.md). Everything that goes in is exact: integers turned
into samples, labels, weights and batches by recipes that any language can repeat bit by bit, and dropout's masks, drawn
from limpid's stream by the lines below, which know of limpid only what its documentation says. What comes out is PyTorch's.
"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "crates" / "learn" / "tests" / "fixtures"

SAMPLES, CLASSES, STEPS = 48, 10, 10

RECIPE = {
    "u": "u(k) = (k * 2654435761 mod 2^32) / 2^32 - 0.5 in float64",
    "samples": "48 samples; number k of them, counted through all in row-major order, is u(3 k + 1) + 0.5",
    "labels": "label i is i * 7 mod 10",
    "parameters": "counted by k through all parameters in the order of the network, each in row-major order as limpid has "
    "it (affine (in, out), kernel (out, in, height, width)): a weight is sqrt(24 / inputs) u(k), where an output is "
    "computed from so many inputs; a batch norm's scale 1 + 0.2 u(k); a bias or shift 0.1 u(k)",
    "batches": "batch j of a step is row (step * batch + j) * 11 mod 48",
    "optimiser": "SGD without momentum; losses[step] is the mean softmax cross-entropy before that step's update",
    "masks": "of layer number l, dropout keeps the number at place i in step s where the draw at (s, i) of the stream of "
    "seed 1 and purpose l/kept is at least its rate, and divides it by 1 - rate",
}

NETWORKS = {
    "dropout": ("40, affine 30, relu, dropout 0.5, affine 20, tanh, dropout 0.2, affine 10", 16, 0.2),
    "convnet": ("1x12x12, conv 30 5x5, relu, max-pool 2, affine 100, relu, affine 10", 8, 0.1),
    "deep convnet": (
        "1x12x12, conv 16 3x3 pad=1, relu, conv 16 3x3 pad=1, relu, max-pool 2, conv 32 3x3 pad=1, relu, "
        "conv 32 3x3 pad=2, relu, max-pool 2, conv 64 3x3 pad=1, relu, conv 64 3x3 pad=1, relu, max-pool 2, "
        "affine 50, relu, dropout 0.5, affine 10, dropout 0.5",
        4,
        0.05,
    ),
    "batch norm": (
        "2x10x10, conv 8 3x3, batch-norm, relu, max-pool 2, conv 12 3x3 pad=1 stride=2, batch-norm, relu, affine 24, "
        "batch-norm, relu, affine 10",
        12,
        0.1,
    ),
}

WORD = 2**32


def u(k):
    return (k * 2654435761 % WORD) / 2.0**32 - 0.5


def philox(counter, key):
    """Philox 4x32-10 (Salmon et al. 2011)."""
    (a, b, c, d), (k0, k1) = counter, key
    for _ in range(10):
        first, second = a * 0xD2511F53, c * 0xCD9E8D57
        a, b, c, d = (second >> 32) ^ b ^ k0, second % WORD, (first >> 32) ^ d ^ k1, first % WORD
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return a, b, c, d


# Random123's known answer.
assert philox((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)) == (
    0xD16CFE09,
    0x94FDCCEB,
    0x5001E420,
    0x24126EA1,
)


def halves(number):
    return number % WORD, number >> 32


def key(seed, purpose):
    """The key of limpid's stream of this seed and purpose."""
    hashed = 0xCBF29CE484222325  # FNV-1a
    for byte in purpose.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
    return philox((*halves(hashed), 0, 0), halves(seed))[:2]


def uniform(of, step, index):
    """A draw: 24 bits of one of the four words of a block; sixteen blocks make 64 draws, first words first."""
    block, word = index // 64 * 16 + index % 16, index % 64 // 16
    return (philox((*halves(block), *halves(step)), of)[word] >> 8) / 2.0**24


class Dropout(nn.Module):
    def __init__(self, layer, rate):
        super().__init__()
        self.key, self.rate, self.step = key(1, f"{layer}/kept"), rate, 0

    def forward(self, x):
        if not self.training:
            return x
        kept = [float(uniform(self.key, self.step, i) >= self.rate) for i in range(x.numel())]
        self.step += 1
        return x * torch.tensor(kept, dtype=torch.float64).reshape(x.shape) / (1.0 - self.rate)


def built(text):
    """PyTorch's network of limpid's text."""
    head, *parts = [part.split() for part in text.split(", ")]
    shape = tuple(int(extent) for extent in head[0].split("x"))
    zeros = torch.zeros((2, *shape), dtype=torch.float64)
    layers, x = [], zeros
    for at, (name, *words) in enumerate(parts):
        options = dict(word.split("=") for word in words if "=" in word)
        pad, stride = int(options.get("pad", 0)), int(options.get("stride", 1))
        if name == "affine":
            layers += [nn.Flatten()] if x.dim() > 2 else []
            made = nn.Linear(x[0].numel(), int(words[0]))
        elif name == "conv":
            made = nn.Conv2d(x.shape[1], int(words[0]), int(words[1].split("x")[0]), stride=stride, padding=pad)
        elif name == "max-pool":
            made = nn.MaxPool2d(int(words[0]))
        elif name == "batch-norm":
            made = (nn.BatchNorm2d if x.dim() == 4 else nn.BatchNorm1d)(x.shape[1])
        elif name == "dropout":
            made = Dropout(at, float(words[0]))
        else:
            made = {"relu": nn.ReLU, "tanh": nn.Tanh}[name]()
        layers.append(made.double())
        x = nn.Sequential(*layers).eval()(zeros)
    return shape, nn.Sequential(*layers)


def fill(network):
    """Puts the recipe's parameters in place."""
    k = 0
    for layer in network:
        norm = isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))
        for name, parameter in layer.named_parameters():
            numbers = [u(k + i) for i in range(parameter.numel())]
            k += len(numbers)
            if parameter.dim() > 1:
                scale = math.sqrt(24.0 / parameter[0].numel())
                numbers = [scale * number for number in numbers]
            elif norm and name == "weight":
                numbers = [1.0 + 0.2 * number for number in numbers]
            else:
                numbers = [0.1 * number for number in numbers]
            value = torch.tensor(numbers, dtype=torch.float64)
            if isinstance(layer, nn.Linear) and parameter.dim() == 2:
                value = value.reshape(parameter.shape[::-1]).T
            with torch.no_grad():
                parameter.copy_(value.reshape(parameter.shape))


def trained(text, batch, learning_rate):
    shape, network = built(text)
    fill(network)
    network.train()
    count = SAMPLES * math.prod(shape)
    samples = torch.tensor([u(3 * k + 1) + 0.5 for k in range(count)], dtype=torch.float64).reshape(SAMPLES, *shape)
    labels = torch.tensor([i * 7 % CLASSES for i in range(SAMPLES)])
    optimizer = torch.optim.SGD(network.parameters(), lr=learning_rate)
    losses = []
    for step in range(STEPS):
        rows = [(step * batch + j) * 11 % SAMPLES for j in range(batch)]
        loss = functional.cross_entropy(network(samples[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    sums = [parameter.sum().item() for parameter in network.parameters()]
    case = {"network": text, "batch": batch, "learning_rate": learning_rate, "losses": losses, "final_sums": sums}
    norms = [layer for layer in network if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d))]
    if norms:
        case["running"] = [statistic.tolist() for norm in norms for statistic in (norm.running_mean, norm.running_var)]
        network.eval()
        case["answers"] = network(samples[:2]).flatten().tolist()
    return case


def main():
    torch.set_num_threads(1)
    cases = {name: trained(*network) for name, network in NETWORKS.items()}
    made_with = {"torch": torch.__version__}
    text = json.dumps({"made_with": made_with, "recipe": RECIPE, "networks": cases}, indent=1)
    (FIXTURES / "golden_networks.json").write_text(text + "\n")
    for name, case in cases.items():
        print(name, case["losses"])


if __name__ == "__main__":
    main()

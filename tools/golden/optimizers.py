#!/usr/bin/env python3
"""Makes the golden end points of the optimisers, once, with PyTorch in float64.

    python optimizers.py

writes crates/learn/tests/fixtures/golden_optimizers.json (see README.md). The parameter and the gradients that it is
given are whole numbers divided by powers of two: exact in any language.
"""

import json
import pathlib

import torch

FIXTURE = pathlib.Path(__file__).resolve().parents[2] / "crates/learn/tests/fixtures/golden_optimizers.json"

STEPS, NUMBERS, LEARNING_RATE = 20, 7, 0.01

RECIPE = {
    "fraction": "f(k) = (k * 2654435761 mod 2^32) / 2^32 - 0.5",
    "parameter": "w[k] = f(k) for k = 0..6",
    "gradients": "g[step][k] = f(100 + step * 7 + k) * 8^(k - 3) for step = 0..19",
    "settings": "learning rate 0.01; momentum 0.9 without dampening; Adam with betas 0.9 and 0.999, eps 1e-8",
    "answers": "the parameter after 20 steps, float64",
}

OPTIMIZERS = {
    "sgd": lambda w: torch.optim.SGD([w], LEARNING_RATE),
    "momentum": lambda w: torch.optim.SGD([w], LEARNING_RATE, momentum=0.9),
    "nesterov": lambda w: torch.optim.SGD([w], LEARNING_RATE, momentum=0.9, nesterov=True),
    "adam": lambda w: torch.optim.Adam([w], LEARNING_RATE),
}


def fraction(k):
    return (k * 2654435761 % 2**32) / 2**32 - 0.5


def walked(make):
    w = torch.tensor([fraction(k) for k in range(NUMBERS)], dtype=torch.float64, requires_grad=True)
    optimiser = make(w)
    for step in range(STEPS):
        gradient = [fraction(100 + step * NUMBERS + k) * 8.0 ** (k - 3) for k in range(NUMBERS)]
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
    return [float(f"{number:.17g}") for number in w.tolist()]


def main():
    answers = {name: walked(make) for name, make in OPTIMIZERS.items()}
    head = {"made_by": "tools/golden/optimizers.py", "made_with": {"torch": torch.__version__}, "recipe": RECIPE}
    FIXTURE.write_text(json.dumps(head | answers, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

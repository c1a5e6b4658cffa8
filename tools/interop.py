# -*- coding: utf-8 -*-
"""The round trips of tools/interop.sh under one Python: 2.7 or 3, with what it has of numpy, safetensors and torch."""
from __future__ import print_function

import os
import pickle
import subprocess
import sys

import numpy as np

convert, command, work = sys.argv[1:4]
trips = 0


def limpid(source, target):
    """Converts a file, and answers with the new one's path."""
    source, target = os.path.join(work, source), os.path.join(work, target)
    subprocess.check_call([convert, source, target])
    return target


def arrays():
    """All types, both byte orders, both orders, no axes, no elements, every bit pattern of the 16-bit floats."""
    values = {}
    random = np.random.RandomState(1)
    for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]:
        width = int(code[1])
        for order in "<>":
            raw = np.frombuffer(random.bytes(width * 35), order + code).reshape(5, 7)
            values[str(code + {"<": "le", ">": "be"}[order])] = raw
            values[str(code + {"<": "le", ">": "be"}[order] + "F")] = np.asfortranarray(raw)
    values["b1"] = random.rand(4, 3) < 0.5
    values["halves"] = np.arange(65536, dtype="u2").view("f2")
    values["none"] = np.array(2.5)
    values["empty"] = np.zeros((0, 3), "f4")
    values["cube"] = np.asfortranarray(random.rand(2, 3, 4))
    values["large"] = random.rand(300, 300).astype("f4")
    return values


def same(found, expected):
    """Names, types, shapes and every bit; the order of bytes and axes in memory may differ."""
    global trips
    assert sorted(found) == sorted(expected), (sorted(found), sorted(expected))
    for name in expected:
        a, b = np.asarray(found[name]), np.asarray(expected[name])
        b = b.astype(b.dtype.newbyteorder("<"))
        assert a.dtype == b.dtype and a.shape == b.shape, (name, a.dtype, b.dtype, a.shape, b.shape)
        assert a.tobytes() == b.tobytes(), name
    trips += 1


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def through_numpy():
    expected = arrays()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        # NumPy → limpid → NumPy, and once more: limpid → NumPy → limpid.
        with open(os.path.join(work, "a.pkl"), "wb") as file:
            pickle.dump(expected, file, protocol)
        for written in range(pickle.HIGHEST_PROTOCOL + 1):
            first = load(limpid("a.pkl", "b.pkl%d" % written))
            same(first, expected)
            with open(os.path.join(work, "c.pkl"), "wb") as file:
                pickle.dump(first, file, protocol)
            again = limpid("c.pkl", "d.pkl%d" % written)
            same(load(again), expected)
            # The same arrays in the same order give the same bytes.
            if sys.version_info >= (3, 7):
                with open(os.path.join(work, "b.pkl%d" % written), "rb") as b, open(again, "rb") as d:
                    assert b.read() == d.read()
    for save in (np.savez, np.savez_compressed):
        save(os.path.join(work, "a.npz"), **expected)
        for kind in ("npz", "npzc"):
            path = limpid("a.npz", "b." + kind)
            same(dict(np.load(path)), expected)
            save(os.path.join(work, "c.npz"), **dict(np.load(path)))
            same(dict(np.load(limpid("c.npz", "d." + kind))), expected)
    for name, array in expected.items():
        np.save(os.path.join(work, "a.npy"), array)
        same({"array": np.load(limpid("a.npy", "b.npy"))}, {"array": array})
        np.save(os.path.join(work, "c.npy"), np.load(os.path.join(work, "b.npy")))
        with open(limpid("c.npy", "d.npy"), "rb") as d, open(os.path.join(work, "b.npy"), "rb") as b:
            assert b.read() == d.read(), name


def through_safetensors():
    from safetensors.numpy import load_file, save_file

    expected = dict((name, np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))))
                    for name, array in arrays().items())
    expected["none"] = expected["none"].reshape(())
    with open(os.path.join(work, "a.pkl"), "wb") as file:
        pickle.dump(expected, file, 2)
    first = load_file(limpid("a.pkl", "b.safetensors"))
    same(first, expected)
    save_file(first, os.path.join(work, "c.safetensors"))
    same(load_file(limpid("c.safetensors", "d.safetensors")), expected)
    same(load(limpid("c.safetensors", "d.pkl")), expected)


def through_torch():
    import torch

    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(16, 8), torch.nn.Linear(8, 2))
    state = network.state_dict()
    state["shared"] = state["2.weight"].t()[1:5, ::2]
    for name in ["float16", "float64", "int8", "int32", "int64", "uint8", "bool"]:
        state[name] = (torch.rand(3, 5) * 50).to(getattr(torch, name))
    torch.save(state, os.path.join(work, "a.pt"))
    expected = dict((name, tensor.numpy()) for name, tensor in state.items())
    same(load(limpid("a.pt", "b.pkl")), expected)
    same(dict(np.load(limpid("a.pt", "b.npz"))), expected)

    from safetensors.torch import load_file

    state["brain"] = torch.randn(4, 4).to(torch.bfloat16)
    torch.save(state, os.path.join(work, "a.pt"))
    found = load_file(limpid("a.pt", "b.safetensors"))
    assert sorted(found) == sorted(state)
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor), name
    global trips
    trips += 1


def run(*arguments):
    """Runs the command, and answers with what it wrote to stdout."""
    return subprocess.check_output((command,) + arguments, cwd=work, stderr=subprocess.PIPE)


def content(name):
    with open(os.path.join(work, name), "rb") as file:
        return file.read()


def net():
    """A net's weights, some along their rows and some along their columns."""
    random = np.random.RandomState(2)
    sizes = [784, 50, 100, 10]
    weights = {}
    for layer in (1, 2, 3):
        inputs, outputs = sizes[layer - 1:layer + 1]
        weight = (random.randn(inputs, outputs) / 28).astype("f4")
        weights["W%d" % layer] = np.asfortranarray(weight) if layer % 2 else weight
        weights["b%d" % layer] = random.randn(outputs).astype("f4")
    return weights


def through_the_command():
    """limpid convert: NumPy → a model → NumPy → the same model, as pickles and archives."""
    global trips
    expected = net()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with open(os.path.join(work, "w.pkl"), "wb") as file:
            pickle.dump(expected, file, protocol)
        run("convert", "w.pkl", "model.safetensors", "--activation", "sigmoid")
        model = content("model.safetensors")
        run("convert", "model.safetensors", "x.pkl", "--protocol", str(protocol))
        first = load(os.path.join(work, "x.pkl"))
        same(first, expected)
        with open(os.path.join(work, "y.pkl"), "wb") as file:
            pickle.dump(first, file, protocol)
        run("convert", "y.pkl", "again.safetensors", "--activation", "sigmoid")
        assert content("again.safetensors") == model
        trips += 1
    for extra in ([], ["--compress"]):
        run("convert", "model.safetensors", "x.npz", *extra)
        first = dict(np.load(os.path.join(work, "x.npz")))
        same(first, expected)
        np.savez(os.path.join(work, "y.npz"), **first)
        run("convert", "y.npz", "again.safetensors", "--activation", "sigmoid")
        assert content("again.safetensors") == model
        trips += 1


def through_torchs_names():
    """limpid convert: a model → safetensors → torch.nn.Sequential → .pt → the same model."""
    import torch
    from safetensors.torch import load_file, save_file

    global trips
    expected = net()
    with open(os.path.join(work, "w.pkl"), "wb") as file:
        pickle.dump(expected, file, 2)
    run("convert", "w.pkl", "model.safetensors", "--activation", "sigmoid")
    run("convert", "model.safetensors", "state.safetensors")
    state = load_file(os.path.join(work, "state.safetensors"))
    layers = [torch.nn.Linear(784, 50), torch.nn.Sigmoid(), torch.nn.Linear(50, 100), torch.nn.Sigmoid(), torch.nn.Linear(100, 10)]
    network = torch.nn.Sequential(*layers)
    network.load_state_dict(state)
    for place in (0, 2, 4):
        weight, bias = expected["W%d" % (place // 2 + 1)], expected["b%d" % (place // 2 + 1)]
        assert network[place].weight.detach().numpy().T.tobytes() == weight.tobytes()
        assert network[place].bias.detach().numpy().tobytes() == bias.tobytes()
    torch.save(network.state_dict(), os.path.join(work, "state.pt"))
    save_file(network.state_dict(), os.path.join(work, "again.safetensors"))
    for name in ("state.pt", "again.safetensors"):
        run("convert", name, "back.safetensors", "--activation", "sigmoid")
        assert content("back.safetensors") == content("model.safetensors"), name
        run("convert", name, "back.npz", "--names", "numpy")
        same(dict(np.load(os.path.join(work, "back.npz"))), expected)


def attempt(name, work):
    global trips
    trips = 0
    try:
        work()
    except ImportError as missing:
        print("    %-12s not tried: %s" % (name, missing))
        return
    print("    %-12s %d round trips, every bit the same" % (name, trips))


print("Python %d.%d, NumPy %s" % (sys.version_info[:2] + (np.__version__,)))
attempt("NumPy", through_numpy)
attempt("safetensors", through_safetensors)
attempt("PyTorch", through_torch)
attempt("convert", through_the_command)
attempt("its names", through_torchs_names)

"""Compares `limpid train` and `limpid predict` with scikit-learn's MLP on tables that scikit-learn ships.

    python3 tools/tables.py --limpid target/dist/limpid

Five-fold: both see the same folds, the same hidden layer, optimiser, batches and epochs; both standardise on the training
part. Each fold is learned from several seeds, since a single one says little on tables this small. The tables are
written into a temporary folder and go with it. Prints a table in Markdown; ends with 1 where limpid is more than 0.02
below, or slower.
"""

import argparse
import csv
import json
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Name, loader, epochs. A hidden layer of 50, Adam at 0.001, batches of 32.
TABLES = [
    ("iris", datasets.load_iris, 100),
    ("wine", datasets.load_wine, 100),
    ("breast cancer", datasets.load_breast_cancer, 100),
    ("digits", datasets.load_digits, 30),
    ("diabetes", datasets.load_diabetes, 30),
]
HIDDEN, RATE, BATCH = 50, 0.001, 32
TOLERANCE = 0.02
WALL_SECONDS = 60


def write(path, names, inputs, targets):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*names, "target"])
        writer.writerows([*map(repr, map(float, row)), target] for row, target in zip(inputs, targets))


def by_limpid(program, folder, names, train, test, epochs, seed):
    """Predicted values, seconds of the training alone, and seconds of the command that trains."""
    paths = [folder / "train.csv", folder / "test.csv"]
    for path, (inputs, targets) in zip(paths, [train, test]):
        write(path, names, inputs, targets)
    model = folder / "model.safetensors"
    command = [program, "train", "--data", paths[0], "--target", "target", "--test-share", "0", "--hidden", str(HIDDEN),
               "--optimizer", "adam", "--learning-rate", str(RATE), "--batch-size", str(BATCH), "--epochs", str(epochs),
               "--seed", str(seed), "--output", model, "--format", "json", "--quiet"]
    began = time.perf_counter()
    report = subprocess.run(command, check=True, capture_output=True, timeout=WALL_SECONDS).stdout
    seconds = time.perf_counter() - began
    predict = [program, "predict", model, "--data", paths[1]]
    said = subprocess.run(predict, check=True, capture_output=True, text=True, timeout=WALL_SECONDS).stdout
    values = [row["predicted_target"] for row in csv.DictReader(said.splitlines())]
    return values, json.loads(report)["training_seconds"], seconds


def by_sklearn(is_class, train, test, epochs, seed):
    """Predicted values, and seconds of `fit`."""
    settings = dict(hidden_layer_sizes=(HIDDEN,), learning_rate_init=RATE, batch_size=BATCH, max_iter=epochs,
                    n_iter_no_change=epochs + 1, tol=0, random_state=seed)
    if is_class:
        model = make_pipeline(StandardScaler(), MLPClassifier(**settings))
    else:
        inner = make_pipeline(StandardScaler(), MLPRegressor(**settings))
        model = TransformedTargetRegressor(inner, transformer=StandardScaler())
    began = time.perf_counter()
    model.fit(*train)
    return model.predict(test[0]), time.perf_counter() - began


def compare(program, folder, load, epochs, seeds):
    data = load()
    is_class = hasattr(data, "target_names")
    names = [f"{index} {name}" for index, name in enumerate(data.feature_names)]
    folds = (StratifiedKFold if is_class else KFold)(5, shuffle=True, random_state=0)
    # Class names, so that words are told apart; numbers of a regression as they are.
    targets = np.array([f"class {target}" for target in data.target]) if is_class else data.target
    mine, theirs, times = [], [], {"training": [], "command": [], "sklearn": []}
    for seed in range(1, seeds + 1):
        own, other = [], []
        for train, test in folds.split(data.data, targets):
            parts = (data.data[train], targets[train]), (data.data[test], targets[test])
            said, training, command = by_limpid(program, folder, names, *parts, epochs, seed)
            score = accuracy_score if is_class else r2_score
            own.append(score(targets[test], said if is_class else np.array(said, float)))
            said, fit = by_sklearn(is_class, *parts, epochs, seed)
            other.append(score(targets[test], said))
            for name, seconds in [("training", training), ("command", command), ("sklearn", fit)]:
                times[name].append(seconds)
        mine.append(statistics.mean(own))
        theirs.append(statistics.mean(other))
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    return data.data.shape, "accuracy" if is_class else "R²", mine, theirs, medians


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limpid", default="target/dist/limpid", help="the program")
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds each fold is learned from")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    print(f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}; {arguments.seeds} seeds\n")
    print("| table | rows × columns | measure | limpid | scikit-learn | training | whole command | scikit-learn's fit |")
    print("|---|---|---|---|---|---|---|---|")
    holds = True
    with tempfile.TemporaryDirectory() as folder:
        for name, load, epochs in TABLES:
            shape, measure, mine, theirs, seconds = compare(
                arguments.limpid, Path(folder), load, epochs, arguments.seeds)
            spread = lambda scores: f"{statistics.mean(scores):.3f} ({min(scores):.3f}–{max(scores):.3f})"
            times = " | ".join(f"{1e3 * seconds[key]:.0f} ms" for key in ["training", "command", "sklearn"])
            print(f"| {name} | {shape[0]:,} × {shape[1]} | {measure} | {spread(mine)} | {spread(theirs)} | {times} |",
                  flush=True)
            is_close = statistics.mean(mine) >= statistics.mean(theirs) - TOLERANCE
            holds &= is_close and seconds["command"] < seconds["sklearn"]
    raise SystemExit(0 if holds else 1)


if __name__ == "__main__":
    main()

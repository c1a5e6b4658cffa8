#!/usr/bin/env python3
"""Checks every dependency's licence and source against deny.toml, without installing anything.

    python3 tools/licences.py

The light counterpart of `cargo deny check licenses bans sources`, from `cargo metadata` alone: it believes what a
package states about its licence and reads no licence files. Exits 1 and lists what does not hold.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]


def satisfied(expression, allowed):
    """Whether an SPDX licence expression can be met with the allowed licences.

    >>> satisfied("MIT OR Apache-2.0", {"MIT"}), satisfied("MIT AND Zlib", {"MIT"})
    (True, False)
    >>> satisfied("(MIT OR Apache-2.0) AND Unicode-3.0", {"Apache-2.0", "Unicode-3.0"})
    True
    >>> satisfied("Unlicense/MIT", {"MIT"})  # how packages wrote OR before SPDX
    True
    >>> satisfied("Apache-2.0 WITH LLVM-exception", {"Apache-2.0"})  # an exception is a licence of its own here
    False
    >>> satisfied("MIT OR GPL-3.0-only AND Zlib", {"GPL-3.0-only"})  # AND binds tighter
    False
    >>> satisfied("MIT OR", {"MIT"})
    Traceback (most recent call last):
    ValueError: not a licence expression: MIT OR
    """
    tokens = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))
    position = 0

    def peek():
        return tokens[position] if position < len(tokens) else None

    def take():
        nonlocal position
        position += 1
        return tokens[position - 1] if position <= len(tokens) else None

    def either():
        met = both()
        while peek() == "OR":
            take()
            met = both() or met
        return met

    def both():
        met = single()
        while peek() == "AND":
            take()
            met = single() and met
        return met

    def single():
        name = take()
        if name == "(":
            met = either()
            if take() != ")":
                raise ValueError(f"not a licence expression: {expression}")
            return met
        if name in (None, ")", "OR", "AND", "WITH"):
            raise ValueError(f"not a licence expression: {expression}")
        if peek() == "WITH":
            take()
            name = f"{name} WITH {take()}"
        return name in allowed

    met = either()
    if peek() is not None:
        raise ValueError(f"not a licence expression: {expression}")
    return met


def licence_faults(packages, allowed):
    faults = []
    needed = set()
    for package in packages:
        label, expression = f"{package['name']} {package['version']}", package["license"]
        if not expression:
            faults.append(f"{label}: states no licence")
            continue
        try:
            met = satisfied(expression, allowed)
            needed |= {name for name in allowed if met and not satisfied(expression, allowed - {name})}
        except ValueError as error:
            faults.append(f"{label}: {error}")
            continue
        if not met:
            faults.append(f"{label}: licence {expression!r} is not among those that deny.toml allows")
    faults += [f"deny.toml allows {name}, which no package needs" for name in sorted(allowed - needed)]
    return faults


def is_own_for_tests(dependency):
    """Whether only tests need it, and from this checkout: a published package goes without it.

    >>> is_own_for_tests({"kind": "dev", "path": "/limpid/crates/limpid"}), is_own_for_tests({"kind": "dev"})
    (True, False)
    >>> is_own_for_tests({"kind": None, "path": "/limpid/crates/graph"})
    False
    """
    return dependency.get("kind") == "dev" and "path" in dependency


def ban_faults(packages, banned):
    faults = []
    for package in packages:
        if package["name"] in banned:
            faults.append(f"{package['name']} {package['version']}: banned in deny.toml")
        if package["source"] is None:
            faults += [
                f"{package['name']}: depends on any version of {dependency['name']}"
                for dependency in package["dependencies"]
                if dependency["req"] == "*" and not is_own_for_tests(dependency)
            ]
    return faults


def source_faults(packages):
    """Ours come from this repository, all others from one registry; none from a git address."""
    faults, registries = [], set()
    for package in packages:
        source = package["source"]
        if source is None:
            if not pathlib.Path(package["manifest_path"]).is_relative_to(ROOT):
                faults.append(f"{package['name']}: comes from {package['manifest_path']}, outside the repository")
        elif source.startswith("registry+"):
            registries.add(source)
        else:
            faults.append(f"{package['name']} {package['version']}: comes from {source}, not from the registry")
    if len(registries) > 1:
        faults.append(f"packages come from {len(registries)} registries: {', '.join(sorted(registries))}")
    return faults


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked", "--all-features"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    packages = json.loads(metadata)["packages"]

    banned = set()
    for entry in rules["bans"].get("deny", []):
        name = entry if isinstance(entry, str) else entry.get("crate") or entry["name"]
        banned.add(re.split("[:@]", name)[0])
    faults = licence_faults(packages, set(rules["licenses"]["allow"])) + ban_faults(packages, banned)
    faults += source_faults(packages)
    if faults:
        sys.exit("\n".join(faults))

    versions = {}
    for package in packages:
        versions.setdefault(package["name"], []).append(package["version"])
    for name, several in sorted(versions.items()):
        if len(several) > 1:
            print(f"note: {name} in {len(several)} versions: {', '.join(sorted(several))}")
    print(f"licences, bans and sources of {len(packages)} packages are as deny.toml says")


if __name__ == "__main__":
    main()

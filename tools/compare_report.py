#!/usr/bin/env python3
"""What tools/compare.sh measured, as lines of JSON and as a table.

    python3 compare_report.py note PEER ROUND THREADS < output   # one program's output → lines of JSON
    python3 compare_report.py table compare.jsonl                # the lines → a Markdown table

limpid prints one list of rows ({workload, threads, median, lo, hi, unit}), the peers a line for each value ({peer,
workload, threads, value, unit, …}). Both become {round, peer, workload, threads, value, unit, lo, hi} under limpid's
names for workloads.
"""

import datetime
import json
import statistics
import sys

# Measured for orientation, and nothing that anybody would use instead.
NO_PEERS = {"python-empty"}
SMALLER_IS_BETTER = {"W1b", "W6/p50", "W6/p99", "W8/time", "W8/memory", "W8/disk", "J3"}


def measurements(line):
    """The measurements in one line of a peer's output, by limpid's names: (workload, value, unit, lo, hi).

    >>> list(measurements({"workload": "W6", "value": 9.4, "unit": "us p50", "p99": 15.0}))
    [('W6/p50', 9.4, 'µs', None, None), ('W6/p99', 15.0, 'µs', None, None)]
    >>> list(measurements({"workload": "W1b/t97", "value": 2.6, "unit": "s"}))
    [('W1b', 2.6, 's', None, None)]
    >>> list(measurements({"workload": "W8", "value": 1.1, "unit": "ms wall", "peak_rss_mb": 2.0}))
    [('W8/time', 1.1, 'ms', None, None), ('W8/memory', 2.1, 'MB', None, None)]
    >>> list(measurements({"workload": "W8/disk", "value": 4.0, "unit": "MiB binary (unstripped)"}))
    [('W8/disk', 4.2, 'MB', None, None)]
    >>> list(measurements({"workload": "W1", "value": 2496, "unit": "steps/s", "lo": 2400, "hi": 2500}))
    [('W1', 2496, 'steps/s', 2400, 2500)]
    >>> list(measurements({"workload": "W1b/acc10k", "value": 0.97, "unit": "accuracy"}))
    []
    >>> list(measurements({"workload": "W2", "value": None, "unit": "FAIL", "error": "out of memory"}))
    []
    """
    mebibytes = lambda number: round(number * 2**20 / 1e6, 1)
    workload, value = line["workload"], line.get("value")
    spread = (line.get("lo"), line.get("hi"))
    if value is None or line.get("unit") == "accuracy":
        return
    if workload == "W6":
        yield ("W6/p50", value, "µs", *spread)
        if "p99" in line:
            yield ("W6/p99", line["p99"], "µs", None, None)
    elif workload == "W1b/t97":
        yield ("W1b", value, "s", *spread)
    elif workload == "W8":
        yield ("W8/time", value, "ms", *spread)
        yield ("W8/memory", mebibytes(line["peak_rss_mb"]), "MB", None, None)
    elif workload == "W8/disk":
        yield ("W8/disk", mebibytes(value), "MB", None, None)
    else:
        yield (workload, value, line["unit"], *spread)


def noted(text, peer, round_, threads):
    """A program's output as lines.

    >>> ours = '[{"workload": "W1", "threads": 1, "median": 10.0, "lo": 9.0, "hi": 11.0, "unit": "steps/s"}]'
    >>> noted(ours, "limpid", 1, "1")[0]["value"]
    10.0
    >>> theirs = 'a warning\\n{"peer": "numpy-f32", "workload": "W1", "threads": 2, "value": 5.0, "unit": "steps/s"}'
    >>> [(line["peer"], line["threads"], line["value"]) for line in noted(theirs, "numpy", 1, "2")]
    [('numpy-f32', 2, 5.0)]
    """
    rows = []
    for line in text.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        for row in said if isinstance(said, list) else [said]:
            if isinstance(row, dict) and "workload" in row:
                rows.append(row)
    lines = []
    for row in rows:
        if "median" in row:
            row = {**row, "peer": "limpid", "value": row["median"]}
        count = row.get("threads", threads)
        for workload, value, unit, lo, hi in measurements(row):
            lines.append(
                {
                    "round": round_,
                    "peer": row.get("peer", peer),
                    "workload": workload,
                    # Starting a process has no number of threads; neither has its size.
                    "threads": 1 if workload.startswith("W8") else int(count),
                    "value": value,
                    "unit": unit,
                    "lo": lo,
                    "hi": hi,
                }
            )
    return lines


def compared(lines):
    """For each workload and number of threads: ours, the fastest peer by its median, and the ratio with its spread.

    A ratio says how many times as fast as the peer limpid is; that of the medians, and the least and largest of the
    rounds that have both.

    >>> line = lambda round_, peer, value: {"round": round_, "peer": peer, "workload": "W1", "threads": 1,
    ...     "value": value, "unit": "steps/s"}
    >>> rounds = [line(1, "limpid", 30), line(1, "a", 10), line(1, "b", 12), line(2, "limpid", 33), line(2, "a", 30),
    ...     line(2, "b", 11), line(3, "limpid", 36), line(3, "a", 9), line(3, "b", 12)]
    >>> row = compared(rounds)[0]
    >>> row["ours"], row["peer"], row["theirs"], row["ratio"], row["ratio_lo"], row["ratio_hi"]
    (33, 'b', 12, 2.75, 2.5, 3.0)
    """
    groups = {}
    for line in lines:
        if line["peer"] in NO_PEERS:
            continue
        group = groups.setdefault((line["workload"], line["threads"]), {"unit": line["unit"], "peers": {}})
        group["peers"].setdefault(line["peer"], {})[line["round"]] = line["value"]
    rows = []
    for (workload, threads), group in groups.items():
        peers = dict(group["peers"])
        ours = peers.pop("limpid", None)
        if not ours or not peers:
            continue
        is_smaller_better = workload in SMALLER_IS_BETTER
        median = {peer: statistics.median(values.values()) for peer, values in peers.items()}
        best = (min if is_smaller_better else max)(median, key=median.get)
        middle = statistics.median(ours.values())
        ratio = lambda a, b: b / a if is_smaller_better else a / b
        each = [ratio(ours[r], peers[best][r]) for r in ours if r in peers[best]]
        rows.append(
            {
                "workload": workload,
                "threads": threads,
                "unit": group["unit"],
                "rounds": len(ours),
                "ours": middle,
                "ours_lo": min(ours.values()),
                "ours_hi": max(ours.values()),
                "peer": best,
                "theirs": median[best],
                "ratio": ratio(middle, median[best]),
                "ratio_lo": min(each, default=None),
                "ratio_hi": max(each, default=None),
            }
        )
    return rows


def figures(number):
    """Four digits.

    >>> figures(3765.4), figures(20.163), figures(0.0042134), figures(1187000)
    ('3,765', '20.16', '0.004213', '1,187,000')
    """
    return f"{number:,.0f}" if number >= 1000 else f"{number:.4g}"


def circumstances(lines):
    """How often, and how undisturbed the machine was: the rate of plain multiply-adds that limpid met in each round.

    >>> line = lambda round_, rate: {"round": round_, "peer": "limpid", "workload": "multiply-adds", "threads": 1,
    ...     "value": rate, "unit": "GFLOP/s"}
    >>> circumstances([line(1, 238.0), line(2, 120.0), line(3, 241.0)])
    '3 rounds; plain multiply-adds meanwhile: 238 (120–241) GFLOP/s on 1 core'
    """
    rates = {}
    for line in lines:
        if line["workload"] == "multiply-adds":
            rates.setdefault(line["threads"], []).append(line["value"])
    shown = [
        f"{statistics.median(met):.0f} ({min(met):.0f}–{max(met):.0f}) GFLOP/s on {cores} core{'s' * (cores > 1)}"
        for cores, met in sorted(rates.items())
    ]
    rounds = max((line["round"] for line in lines), default=0)
    return f"{rounds} rounds; plain multiply-adds meanwhile: {', '.join(shown)}"


def table(rows):
    """Rows as Markdown.

    >>> print(table([{"workload": "W1", "threads": 1, "unit": "steps/s", "rounds": 7, "ours": 12000, "ours_lo": 11000,
    ...     "ours_hi": 12500, "peer": "burn-flex", "theirs": 3000, "ratio": 4.0, "ratio_lo": 3.5, "ratio_hi": 4.2}]))
    | workload | threads | limpid (lo–hi) | unit | fastest peer | ratio (lo–hi) |
    |---|---|---|---|---|---|
    | W1 | 1 | 12,000 (11,000–12,500) | steps/s | burn-flex: 3,000 | **4.00×** (3.50–4.20) |
    """
    lines = ["| workload | threads | limpid (lo–hi) | unit | fastest peer | ratio (lo–hi) |", "|---|---|---|---|---|---|"]
    for row in rows:
        threads = "–" if row["workload"].startswith("W8") else row["threads"]
        ours = f"{figures(row['ours'])} ({figures(row['ours_lo'])}–{figures(row['ours_hi'])})"
        spread = f" ({row['ratio_lo']:.2f}–{row['ratio_hi']:.2f})" if row["ratio_lo"] is not None else ""
        lines.append(
            f"| {row['workload']} | {threads} | {ours} | {row['unit']} | {row['peer']}: {figures(row['theirs'])} "
            f"| **{row['ratio']:.2f}×**{spread} |"
        )
    return "\n".join(lines)


def main():
    match sys.argv[1:]:
        case ["note", peer, round_, threads]:
            for line in noted(sys.stdin.read(), peer, int(round_), threads):
                print(json.dumps(line, ensure_ascii=False))
        case ["table", path]:
            with open(path, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
            print(f"{datetime.date.today()}, {circumstances(lines)}.\n")
            print(table(compared(lines)))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
